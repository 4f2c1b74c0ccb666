/**
 * From error code to this API's own wire form: `error` is a sentence that clients compare, `code` the HTTP status as a
 * number, and the status is always the true one. The table is exhaustive.
 */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { type ErrorCode, SluiceError } from '../../domain/errors.ts';
import { sendJson } from '../../http/send-json.ts';
import type { ZiplineOperation } from './operations.ts';

export interface WireError {
  readonly status: number;
  /** Absent: the error's own message. */
  readonly error?: string;
}

const NOT_LOGGED_IN: WireError = { status: 401, error: 'not logged in' };
const NO_FILE: WireError = { status: 404, error: 'file not found' };
const TOO_LARGE: WireError = { status: 413 };
const REFUSED: WireError = { status: 400 };
const UNAVAILABLE: WireError = { status: 503, error: 'the gateway cannot answer at the moment, try again shortly' };

export const WIRE: Readonly<Record<ErrorCode, WireError>> = {
  'invalid-bucket-name': REFUSED,
  'invalid-object-name': NO_FILE,
  'invalid-parameter': REFUSED,
  'invalid-mime-type': REFUSED,
  'no-content': REFUSED,
  'missing-credentials': NOT_LOGGED_IN,
  'invalid-token': NOT_LOGGED_IN,
  'invalid-session': NOT_LOGGED_IN,
  'missing-password': { status: 403, error: 'password protected' },
  'invalid-password': { status: 403, error: 'incorrect password' },
  'second-factor-required': NOT_LOGGED_IN,
  'invalid-second-factor': NOT_LOGGED_IN,
  'invalid-link': NOT_LOGGED_IN,
  'link-mismatch': NOT_LOGGED_IN,
  'link-revoked': NOT_LOGGED_IN,
  'access-denied': { status: 403, error: 'you do not have permission to access this file' },
  'delete-denied': { status: 403, error: 'you do not have permission to access this file' },
  'not-permitted': { status: 403, error: 'you do not have permission to access this folder' },
  'switched-off': UNAVAILABLE,
  'rate-limited': { status: 429, error: 'you are being rate limited' },
  'bucket-not-found': NO_FILE,
  'object-not-found': NO_FILE,
  'folder-not-found': { status: 404, error: 'folder not found' },
  'folder-membership': REFUSED,
  'account-not-found': NOT_LOGGED_IN,
  'account-exists': REFUSED,
  'bytes-missing': NO_FILE,
  'bucket-exists': REFUSED,
  'object-exists': REFUSED,
  'bucket-not-empty': REFUSED,
  referenced: { status: 409, error: 'the file is still referenced by another table' },
  'too-large': TOO_LARGE,
  'limit-too-large': TOO_LARGE,
  'mime-type-not-allowed': { status: 415 },
  locked: { status: 423, error: 'the file is being changed by another request' },
  'upload-expired': { status: 408 },
  'precondition-failed': { status: 412, error: 'precondition failed' },
  'range-not-satisfiable': { status: 416, error: 'range not satisfiable' },
  aborted: { status: 499, error: 'request aborted' },
  'out-of-space': { status: 507, error: 'the store has no space left' },
  unavailable: UNAVAILABLE,
  timeout: { status: 504, error: 'the database did not answer in time' },
  internal: { status: 500, error: 'internal server error' },
};

/** Where an operation says an error in another way than the table. */
function variantOf(error: SluiceError, operationId: string | null): WireError | null {
  const operation = operationId as ZiplineOperation | null;
  const { code, facts, message } = error;
  if (code === 'object-not-found' && operation === 'createUserFolder') return { status: 400, error: message };
  // Whose file an id names is told by the folder routes alone.
  if (code === 'access-denied' && operation === 'favorUserFile') return NO_FILE;
  if (code === 'not-permitted' && !String(facts.permit).startsWith('folder-')) {
    return { status: 403, error: 'you do not have permission to do this' };
  }
  return null;
}

/** Sends the error, unless a reply has begun. */
export function renderError(res: ServerResponse, error: unknown, operationId: string | null): void {
  const known = error instanceof SluiceError ? error : new SluiceError('internal', 'internal server error');
  const wire = variantOf(known, operationId) ?? WIRE[known.code];
  sendJson({
    res,
    status: wire.status,
    body: { error: wire.error ?? known.message, code: wire.status },
    headers: errorHeaders(wire.status, known),
  });
}

function errorHeaders(status: number, { facts }: SluiceError): OutgoingHttpHeaders {
  return {
    'cache-control': 'no-store',
    ...(status === 503 ? { 'retry-after': '1' } : {}),
    ...(status === 429 ? { 'retry-after': String(facts.resetSeconds) } : {}),
    ...(status === 416 ? { 'content-range': `bytes */${facts.size}` } : {}),
  };
}

/** A path of this API that does not exist, or a method that a path of it does not have. */
export function renderUnknown(res: ServerResponse, status: 404 | 405): void {
  const error = status === 405 ? 'method not allowed' : 'not found';
  sendJson({ res, status, body: { error, code: status }, headers: { 'cache-control': 'no-store' } });
}
