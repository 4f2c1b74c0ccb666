/**
 * Errors in this API's own wire form: `error` is a sentence that clients compare, `code` the HTTP status as a number, and
 * the status is always the true one.
 */
import type { SluiceError } from '../../domain/errors.ts';
import { type ErrorReply, errorHeaders, makeWording, PLAIN_WORDS, type Said } from '../../http/error-reply.ts';

const NOT_LOGGED_IN = 'not logged in';
const NO_FILE = 'file not found';
const NO_FOLDER_PERMIT = 'you do not have permission to access this folder';

const say = makeWording({
  ofKinds: {
    ...PLAIN_WORDS,
    malformed: null,
    unproven: NOT_LOGGED_IN,
    forbidden: 'you do not have permission to access this file',
    absent: NO_FILE,
    conflict: [400, null],
    'rate-limited': 'you are being rate limited',
    unavailable: 'the gateway cannot answer at the moment, try again shortly',
  },
  ofCodes: {
    'invalid-object-name': [404, NO_FILE],
    'missing-password': [403, 'password protected'],
    'invalid-password': [403, 'incorrect password'],
    'not-permitted': 'you do not have permission to do this',
    'folder-not-found': 'folder not found',
    'account-not-found': [401, NOT_LOGGED_IN],
    referenced: [409, 'the file is still referenced by another table'],
  },
  ofPermits: { 'folder-read': NO_FOLDER_PERMIT, 'folder-change': NO_FOLDER_PERMIT },
});

export function errorReplyOf(error: SluiceError, operationId: string): ErrorReply {
  const { status, text } = variantOf(error, operationId) ?? say(error);
  return { status, body: { error: text, code: status }, headers: errorHeaders(status, error) };
}

/** Where an operation says an error in another way than most. */
function variantOf({ code, message }: SluiceError, operationId: string): Said | null {
  if (code === 'object-not-found' && operationId === 'createUserFolder') return { status: 400, text: message };
  // Whose file an id names is told by the folder routes alone.
  if (code === 'access-denied' && operationId === 'favorUserFile') return { status: 404, text: NO_FILE };
  return null;
}

/** A path of this API that does not exist, or a method that a path of it does not have besides those that it allows. */
export function unknownReply(allow: string | undefined): ErrorReply {
  const [status, error] = allow === undefined ? [404, 'not found'] : [405, 'method not allowed'];
  const headers = { 'cache-control': 'no-store', ...(allow === undefined ? {} : { allow }) };
  return { status, body: { error, code: status }, headers };
}
