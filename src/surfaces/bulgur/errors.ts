/**
 * Errors in this API's own wire form: the true status, and the text as a bare JSON string. Whoever may not is told 401,
 * whether or not something is there.
 */
import type { SluiceError } from '../../domain/errors.ts';
import { type ErrorReply, errorHeaders, makeWording } from '../../http/error-reply.ts';

const NOT_AUTHORIZED = 'Not authorized';
const LOG_IN = `${NOT_AUTHORIZED}: send the access_token that POST /auth/login gives as Authorization`;
const NOT_FOUND = 'Not found';
const NO_FOLDER_ABOVE = `${NOT_FOUND}: the folder above is missing; make it first, with the action CreateFolder`;
const NO_SLASH = `${NOT_FOUND}: the root of a tree is /storage/<user>/, with a slash at its end`;

const say = makeWording({
  ofKinds: {
    malformed: null,
    unproven: NOT_AUTHORIZED,
    forbidden: [401, NOT_AUTHORIZED],
    absent: NOT_FOUND,
    conflict: [400, null],
    'too-large': null,
    'wrong-type': null,
    'rate-limited': 'Too many requests, try again later',
    locked: 'Locked, try again',
    'upload-expired': null,
    'precondition-failed': null,
    'range-not-satisfiable': null,
    'expectation-failed': null,
    'not-implemented': null,
    aborted: 'Request aborted',
    'out-of-space': 'The store has no space left',
    unavailable: 'The database or the object store is not reachable, try again shortly',
    timeout: [503, 'The database did not answer in time'],
    internal: 'Internal server error',
  },
  ofCodes: {
    'invalid-password': 'Failed to log in',
    'missing-credentials': LOG_IN,
    'invalid-token': LOG_IN,
    'invalid-session': LOG_IN,
    'switched-off': null,
    'folder-not-found': NO_FOLDER_ABOVE,
    referenced: [400, 'A file is still referenced by another table'],
  },
  // Asked of nobody but whoever has just given the right password.
  ofPermits: { 'account-active': [401, 'The account is banned'] },
});

export function errorReplyOf(error: SluiceError): ErrorReply {
  const { status, text } = say(error);
  const trying = error.code === 'switched-off' ? { 'retry-after': '1' } : {};
  return { status, body: text, headers: { ...errorHeaders(status, error), ...trying } };
}

/** A path or method that this API does not have. */
export function unknownReply(path: string): ErrorReply {
  return { status: 404, body: /^\/storage\/[^/]+$/.test(path) ? NO_SLASH : NOT_FOUND, headers: {} };
}
