/**
 * From error code to this API's own wire form: the true status, and the text as a bare JSON string. Whoever may not is told
 * 401, whether or not something is there. The table is exhaustive.
 */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { type ErrorCode, SluiceError } from '../../domain/errors.ts';
import { sendJson } from '../../http/send-json.ts';

export interface WireError {
  readonly status: number;
  /** Absent: the error's own message. */
  readonly message?: string;
}

const UNAUTHORIZED: WireError = { status: 401, message: 'Not authorized' };
const NOT_FOUND: WireError = { status: 404, message: 'Not found' };
const REFUSED: WireError = { status: 400 };

export const WIRE: Readonly<Record<ErrorCode, WireError>> = {
  'invalid-bucket-name': REFUSED,
  'invalid-object-name': REFUSED,
  'invalid-parameter': REFUSED,
  'invalid-mime-type': REFUSED,
  'no-content': REFUSED,
  'missing-credentials': UNAUTHORIZED,
  'invalid-token': UNAUTHORIZED,
  'invalid-session': UNAUTHORIZED,
  'invalid-password': { status: 401, message: 'Failed to log in' },
  'missing-password': REFUSED,
  'second-factor-required': UNAUTHORIZED,
  'invalid-second-factor': UNAUTHORIZED,
  'invalid-link': UNAUTHORIZED,
  'link-mismatch': UNAUTHORIZED,
  'link-revoked': UNAUTHORIZED,
  'access-denied': UNAUTHORIZED,
  'delete-denied': UNAUTHORIZED,
  'not-permitted': UNAUTHORIZED,
  'switched-off': { status: 503 },
  'rate-limited': { status: 429, message: 'Too many requests, try again later' },
  'bucket-not-found': NOT_FOUND,
  'object-not-found': NOT_FOUND,
  'folder-not-found': NOT_FOUND,
  'folder-membership': REFUSED,
  'account-not-found': NOT_FOUND,
  'account-exists': REFUSED,
  'bytes-missing': NOT_FOUND,
  'bucket-exists': REFUSED,
  'object-exists': REFUSED,
  'bucket-not-empty': REFUSED,
  referenced: REFUSED,
  'too-large': { status: 413 },
  'limit-too-large': { status: 413 },
  'mime-type-not-allowed': { status: 415 },
  locked: { status: 423, message: 'Locked, try again' },
  'upload-expired': { status: 408 },
  'precondition-failed': { status: 412 },
  'range-not-satisfiable': { status: 416 },
  aborted: { status: 499, message: 'Request aborted' },
  'out-of-space': { status: 507, message: 'The store has no space left' },
  unavailable: { status: 503, message: 'The database or the object store is not reachable, try again shortly' },
  timeout: { status: 503, message: 'The database did not answer in time' },
  internal: { status: 500, message: 'Internal server error' },
};

/** Sends the error, unless a reply has begun. An error that is not the core's own says nothing of itself. */
export function renderError(res: ServerResponse, error: unknown): void {
  const known = error instanceof SluiceError ? error : new SluiceError('internal', 'Internal server error');
  const wire = WIRE[known.code];
  sendJson({ res, status: wire.status, body: wire.message ?? known.message, headers: headersOf(wire, known) });
}

function headersOf({ status }: WireError, { facts }: SluiceError): OutgoingHttpHeaders {
  return {
    'cache-control': 'no-store',
    ...(status === 416 ? { 'content-range': `bytes */${facts.size}` } : {}),
    ...(status === 503 ? { 'retry-after': '1' } : {}),
    ...(status === 429 ? { 'retry-after': String(facts.resetSeconds) } : {}),
  };
}

/** A path or method that this API does not have. */
export function renderUnknownRoute(res: ServerResponse): void {
  sendJson({ res, status: 404, body: 'Not found' });
}
