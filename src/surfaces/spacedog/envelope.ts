/** The envelope of every reply of this API that is not a file; errors under their true status. */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { SluiceError } from '../../domain/errors.ts';
import { type ErrorReply, errorHeaders, makeWording, PLAIN_WORDS } from '../../http/error-reply.ts';
import { sendJson } from '../../http/send-json.ts';

const NOT_AUTHENTICATED = 'authentication required';
const INVALID_CREDENTIALS = 'invalid credentials';

const say = makeWording({
  ofKinds: {
    ...PLAIN_WORDS,
    malformed: null,
    unproven: NOT_AUTHENTICATED,
    forbidden: 'insufficient credentials: only administrators of this backend may do this',
    absent: 'no file has this path, and none is under it',
    conflict: null,
    'rate-limited': 'too many wrong passwords, wait as many seconds as Retry-After says',
    unavailable: 'service unavailable, try again shortly',
  },
  ofCodes: {
    'invalid-token': INVALID_CREDENTIALS,
    'invalid-session': INVALID_CREDENTIALS,
    'invalid-password': INVALID_CREDENTIALS,
    'missing-password': [401, NOT_AUTHENTICATED],
    'account-exists': [400, null],
    'bucket-not-found': 'there is no such backend; its first account makes it (sluice user add --backend)',
    'bucket-exists': [400, null],
    'object-exists': [412, 'there is a file of this path already'],
    referenced: 'a file is still referenced by another table',
  },
  ofPermits: { 'account-active': 'the account is banned' },
});

/** A success with its fields. */
export function sendEnvelope(res: ServerResponse, fields: Readonly<Record<string, unknown>>): void {
  sendJson({ res, status: 200, body: { success: true, status: 200, ...fields } });
}

export function errorReplyOf(error: SluiceError): ErrorReply {
  const { status, text } = say(error);
  const asking = status === 401 ? { 'www-authenticate': 'Basic realm="backend"' } : {};
  return failure(status, text, { ...errorHeaders(status, error), ...asking });
}

/** A path that this API does not have, or a method that a path of it does not have. */
export function unknownReply({
  method,
  path,
  isKnown,
}: {
  method: string;
  path: string;
  isKnown: boolean;
}): ErrorReply {
  const headers = { 'cache-control': 'no-store' };
  if (!isKnown) return failure(404, `the path ${path} is invalid`, headers);
  const message = `method ${method} is not valid for the path ${path}`;
  return failure(405, message, { ...headers, allow: 'GET, HEAD, PUT, DELETE' });
}

function failure(status: number, message: string, headers: OutgoingHttpHeaders): ErrorReply {
  return { status, body: { success: false, status, error: { message } }, headers };
}
