/** From error code to this API's own wire form: a word that ends in `_ERROR` and a title, under the true status. */
import type { OutgoingHttpHeaders } from 'node:http';
import { type ErrorCode, type ErrorFacts, SluiceError } from '../../domain/errors.ts';

export interface WireError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const wire = (status: number, name: string, message?: string): WireError => ({
  status,
  code: `${name}_ERROR`,
  message:
    message ?? name.toLowerCase().replace(/(^|_)([a-z])/g, (_, gap, letter) => `${gap && ' '}${letter.toUpperCase()}`),
});

const NO_SESSION = wire(401, 'INVALID_SESSION');
const REFUSED = wire(400, 'MISSING_FIELDS');
const NOT_ALLOWED = wire(403, 'INSUFFICIENT_PERMISSIONS');
const NO_FILE = wire(404, 'INVALID_FILE');
const EXISTS = wire(409, 'FILE_EXISTS');
const TOO_LARGE = wire(413, 'BODY_TOO_LARGE');
const UNAVAILABLE = wire(503, 'SERVICE_UNAVAILABLE');
const FAILED = wire(500, 'INTERNAL_SERVER');
const INTERNAL = { ...FAILED, message: 'Internal Server Error' };

export const WIRE: Readonly<Record<ErrorCode, WireError>> = {
  'invalid-bucket-name': REFUSED,
  'invalid-object-name': REFUSED,
  'invalid-parameter': REFUSED,
  'invalid-mime-type': REFUSED,
  'no-content': REFUSED,
  'missing-credentials': NO_SESSION,
  'invalid-token': NO_SESSION,
  'invalid-session': NO_SESSION,
  'missing-password': REFUSED,
  'invalid-password': wire(401, 'INVALID_PASSWORD'),
  'second-factor-required': wire(401, 'SECOND_FACTOR_CHALLENGE_REQUIRED'),
  'invalid-second-factor': wire(401, 'INVALID_SECOND_FACTOR_RESPONSE'),
  'invalid-link': NO_SESSION,
  'link-mismatch': NO_SESSION,
  'link-revoked': NO_SESSION,
  'access-denied': NOT_ALLOWED,
  'delete-denied': NOT_ALLOWED,
  'not-permitted': NOT_ALLOWED,
  'switched-off': UNAVAILABLE,
  'rate-limited': wire(429, 'RATELIMITED', 'You Have Been Ratelimited. Please Try Again Later.'),
  'bucket-not-found': NO_FILE,
  'object-not-found': NO_FILE,
  'folder-not-found': REFUSED,
  'folder-membership': REFUSED,
  'account-not-found': wire(404, 'INVALID_USER'),
  'account-exists': wire(409, 'USER_EXISTS'),
  'bytes-missing': NO_FILE,
  'bucket-exists': EXISTS,
  'object-exists': EXISTS,
  'bucket-not-empty': EXISTS,
  referenced: wire(409, 'FILE_REFERENCED'),
  'too-large': TOO_LARGE,
  'limit-too-large': TOO_LARGE,
  'mime-type-not-allowed': wire(415, 'INVALID_FILE_TYPE'),
  locked: wire(423, 'SERVICE_UNAVAILABLE'),
  'upload-expired': wire(408, 'REQUEST_TIMEOUT'),
  'precondition-failed': wire(412, 'PRECONDITION_FAILED'),
  'range-not-satisfiable': wire(416, 'RANGE_NOT_SATISFIABLE'),
  aborted: wire(499, 'REQUEST_ABORTED'),
  'out-of-space': wire(507, 'INSUFFICIENT_STORAGE'),
  unavailable: UNAVAILABLE,
  timeout: wire(504, 'TIMEOUT'),
  internal: INTERNAL,
};

const UNPERMITTED: Readonly<Record<string, WireError>> = {
  'account-active': wire(403, 'BANNED'),
  'mail-verified': wire(403, 'EMAIL_NOT_VERIFIED'),
  'second-factor': wire(401, 'ENDPOINT_REQUIRES_SECOND_FACTOR'),
};

/** The operations for which a user that does not exist is what is wrong; for the others no file is found. */
const ABOUT_USERS: ReadonlySet<string | null> = new Set(['listUsersFiles', 'deleteAllUsersFiles']);

export interface ErrorReply {
  readonly status: number;
  readonly body: object;
  readonly headers: OutgoingHttpHeaders;
}

/** How this API says an error. An error that is not the core's own says nothing of itself. */
export function errorReplyOf(error: unknown, operationId: string | null): ErrorReply {
  const known = error instanceof SluiceError ? error : new SluiceError('internal', 'Internal Server Error');
  const { status, code, message } = wireErrorOf(known, operationId);
  return {
    status,
    body: { code, message, ...extraOf(known, code, operationId) },
    headers: {
      'cache-control': 'no-store',
      ...(known.code === 'unavailable' ? { 'retry-after': '1' } : {}),
      ...(known.code === 'rate-limited' ? limitHeaders(known.facts) : {}),
    },
  };
}

export const UNKNOWN_ENDPOINT: ErrorReply = {
  status: 404,
  body: { code: 'INVALID_ENDPOINT_ERROR', message: 'Invalid Endpoint' },
  headers: { 'cache-control': 'no-store', 'ratelimit-skipped': 'true' },
};

function wireErrorOf({ code, facts }: SluiceError, operationId: string | null): WireError {
  if (code === 'not-permitted') return UNPERMITTED[String(facts.permit)] ?? NOT_ALLOWED;
  if (code === 'too-large' && facts.part === 'ids') return { ...TOO_LARGE, status: 400 };
  if (code === 'account-not-found' && !ABOUT_USERS.has(operationId)) return NO_FILE;
  if (code === 'invalid-second-factor' && facts.reason === 'malformed') return { ...WIRE[code], status: 400 };
  return WIRE[code];
}

function extraOf({ code, facts }: SluiceError, wireCode: string, operationId: string | null): object {
  if (wireCode === REFUSED.code) {
    const fields = fieldsOf(code, facts);
    // A form that breaks off or has no boundary gives no file.
    return { fields: fields.length === 0 && operationId === 'uploadFile' ? ['file'] : fields };
  }
  if (code === 'switched-off') return { feature: facts.feature };
  if (code === 'second-factor-required') return challengeOf(facts);
  return {};
}

/** The time in seconds since 1970. */
function challengeOf({ token, expiresAt, types }: ErrorFacts): object {
  return { token, exp: Math.floor(Date.parse(String(expiresAt)) / 1000), types: String(types).split(',') };
}

function fieldsOf(code: ErrorCode, { fields, header }: ErrorFacts): string[] {
  if (code === 'no-content') return ['file'];
  if (code === 'missing-password') return ['password'];
  if (code === 'folder-not-found') return ['x-zipline-folder'];
  return String(fields ?? header ?? '')
    .split(',')
    .filter(field => field !== '');
}

function limitHeaders({ limit, resetSeconds }: ErrorFacts): OutgoingHttpHeaders {
  return {
    'ratelimit-limit': `${limit}`,
    'ratelimit-remaining': '0',
    'ratelimit-reset': `${resetSeconds}`,
    'ratelimit-reason': 'standard',
    'retry-after': `${resetSeconds}`,
  };
}
