/** The envelope of every reply of this API that is not a file, and the exhaustive table of its errors. */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { type ErrorCode, SluiceError } from '../../domain/errors.ts';
import { sendJson } from '../../http/send-json.ts';

/** The true status; the message is the error's own unless given. */
type WireError = readonly [status: number, message?: string];

const NOT_AUTHENTICATED: WireError = [401, 'authentication required'];
const FORBIDDEN: WireError = [403, 'insufficient credentials'];
const NOT_FOUND: WireError = [404, 'not found'];
const UNAVAILABLE: WireError = [503, 'service unavailable, try again shortly'];

export const WIRE: Readonly<Record<ErrorCode, WireError>> = {
  'invalid-bucket-name': [400],
  'invalid-object-name': [400],
  'invalid-parameter': [400],
  'invalid-mime-type': [400],
  'no-content': [400],
  'missing-credentials': NOT_AUTHENTICATED,
  'invalid-token': [401, 'invalid credentials'],
  'invalid-session': [401, 'invalid credentials'],
  'invalid-password': [401, 'invalid credentials'],
  'missing-password': NOT_AUTHENTICATED,
  'second-factor-required': NOT_AUTHENTICATED,
  'invalid-second-factor': NOT_AUTHENTICATED,
  'invalid-link': NOT_AUTHENTICATED,
  'link-mismatch': NOT_AUTHENTICATED,
  'link-revoked': NOT_AUTHENTICATED,
  'access-denied': FORBIDDEN,
  'delete-denied': FORBIDDEN,
  'not-permitted': FORBIDDEN,
  'switched-off': UNAVAILABLE,
  'rate-limited': [429, 'too many requests'],
  'bucket-not-found': NOT_FOUND,
  'object-not-found': NOT_FOUND,
  'folder-not-found': NOT_FOUND,
  'folder-membership': [400],
  'account-not-found': NOT_FOUND,
  'account-exists': [400],
  'bytes-missing': NOT_FOUND,
  'bucket-exists': [400],
  'object-exists': [409],
  'bucket-not-empty': [409],
  referenced: [409, 'a file is still referenced by another table'],
  'too-large': [413],
  'limit-too-large': [413],
  'mime-type-not-allowed': [415],
  locked: [423, 'the file is being changed by another request'],
  'upload-expired': [408],
  'precondition-failed': [412, 'precondition failed'],
  'range-not-satisfiable': [416, 'range not satisfiable'],
  aborted: [499, 'request aborted'],
  'out-of-space': [507, 'the store has no space left'],
  unavailable: UNAVAILABLE,
  timeout: [504, 'the database did not answer in time'],
  internal: [500, 'internal server error'],
};

/** A success with its fields. */
export function sendEnvelope(res: ServerResponse, fields: Readonly<Record<string, unknown>>): void {
  sendJson({ res, status: 200, body: { success: true, status: 200, ...fields } });
}

/** Sends the error, unless a reply has begun. */
export function renderError(res: ServerResponse, error: unknown): void {
  const known = error instanceof SluiceError ? error : new SluiceError('internal', 'internal server error');
  const [status, message = known.message] = WIRE[known.code];
  sendFailure(res, { status, message, headers: headersOf(status, known) });
}

/** A path that this API does not have, or a method that a path of it does not have. */
export function renderUnknown(res: ServerResponse, asked: { method: string; path: string; isKnown: boolean }): void {
  const { method, path, isKnown } = asked;
  const status = isKnown ? 405 : 404;
  const message = isKnown ? `method ${method} is not valid for the path ${path}` : `the path ${path} is invalid`;
  sendFailure(res, { status, message, headers: isKnown ? { allow: 'GET, HEAD, PUT, DELETE' } : {} });
}

function sendFailure(
  res: ServerResponse,
  { status, message, headers }: { status: number; message: string; headers: OutgoingHttpHeaders },
): void {
  const body = { success: false, status, error: { message } };
  sendJson({ res, status, body, headers: { 'cache-control': 'no-store', ...headers } });
}

function headersOf(status: number, { facts }: SluiceError): OutgoingHttpHeaders {
  if (status === 401) return { 'www-authenticate': 'Basic realm="backend"' };
  if (status === 503) return { 'retry-after': '1' };
  if (status === 429) return { 'retry-after': String(facts.resetSeconds) };
  return status === 416 ? { 'content-range': `bytes */${facts.size}` } : {};
}
