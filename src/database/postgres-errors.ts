/**
 * SQLSTATE → error code, once for the whole program. Class `SL` is raised by our own functions (db/functions); the rest
 * is Postgres's. Anything not named here is a programmer's mistake or a broken policy and becomes `internal`.
 */
import { type ErrorCode, type ErrorFacts, SluiceError } from '../domain/errors.ts';

interface PostgresError extends Error {
  readonly code?: string;
  readonly detail?: string;
  readonly constraint?: string;
  readonly severity?: string;
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  SL001: 'bucket-not-found',
  SL002: 'object-not-found',
  SL003: 'access-denied',
  SL004: 'too-large',
  SL005: 'mime-type-not-allowed',
  SL006: 'delete-denied',
  SL007: 'link-revoked',
  SL008: 'object-exists',
  SL010: 'invalid-session',
  SL011: 'not-permitted',
  SL012: 'switched-off',
  SL013: 'rate-limited',
  SL014: 'account-not-found',
  SL020: 'folder-not-found',
  SL021: 'folder-membership',
  '42501': 'access-denied',
  '22003': 'invalid-parameter',
  '22007': 'invalid-parameter',
  '22008': 'invalid-parameter',
  '22009': 'invalid-parameter',
  '22P02': 'invalid-parameter',
  '22P05': 'invalid-parameter',
  '22021': 'invalid-parameter',
  '55P03': 'locked',
  // Deadlock and serialization failure, once trying again has not helped.
  '40P01': 'locked',
  '40001': 'locked',
  '57014': 'timeout',
};

/** What a row may not be, and how that is said: Postgres would name the constraint, of which no caller knows. */
const CONSTRAINTS: Readonly<Record<string, readonly [code: ErrorCode, message: string]>> = {
  bucketid_objname: ['object-exists', 'Something of this name exists already'],
  buckets_pkey: ['bucket-exists', 'A bucket of this name exists already'],
  bname: ['bucket-exists', 'A bucket of this name exists already'],
  objects_name_is_1_to_1024_bytes: ['invalid-object-name', 'The name would be longer than 1024 bytes'],
  accounts_username_is_unique: ['account-exists', 'An account of this name exists already'],
  accounts_username_in_any_case: ['account-exists', 'An account of this name exists already'],
};

/** Postgres would speak of bytes and encodings; of what comes here as UTF-8 it takes all but one character. */
const NUL_IN_TEXT = new Set(['22021', '22P05']);

/** Broken by a row into a bucket that is gone, and by deleting a bucket that has rows; who deletes one tells them apart. */
export const OBJECTS_BUCKET = 'objects_bucketId_fkey';

/** Shutdown, start-up and overload on the server's side; classes 08 (connection) and 53 (resources) as well. */
const AWAY = new Set(['57P01', '57P02', '57P03', '25006']);

const STALE_PLANS = new Set(['0A000', '26000']);

/** A prepared statement whose columns have changed since, or which a pooler has dropped. A new connection prepares it anew. */
export function isStalePlan(error: unknown): boolean {
  return STALE_PLANS.has((error as PostgresError).code ?? '');
}

/** Nothing has happened and the same batch may succeed at once: deadlock, serialization failure, a stale plan. */
export function isRetryable(error: unknown): boolean {
  const { code } = error as PostgresError;
  return code === '40P01' || code === '40001' || isStalePlan(error);
}

/**
 * The connection is of no further use; whether the last batch took effect is unknown. What Postgres did not say itself (it
 * always tells a severity) is the connection's failure, or that of whoever gave up waiting for it.
 */
export function isDeadConnection(error: unknown): boolean {
  if (error instanceof SluiceError) return error.code === 'unavailable';
  const { code, severity } = error as PostgresError;
  return severity === undefined || severity === 'FATAL' || severity === 'PANIC' || (code?.startsWith('08') ?? false);
}

/** Any failure of a batch as the one error type; a SluiceError passes unchanged. */
export function toSluiceError(error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const postgres = error as PostgresError;
  if (isDeadConnection(error) || isAway(postgres.code)) {
    return new SluiceError('unavailable', 'The database is not reachable', { cause: error });
  }
  return new SluiceError(codeOf(postgres), messageOf(postgres), {
    cause: error,
    facts: { sqlstate: postgres.code ?? null, constraint: postgres.constraint ?? null, ...factsOf(postgres) },
  });
}

function isAway(code: string | undefined): boolean {
  return code !== undefined && (AWAY.has(code) || code.startsWith('53') || code.startsWith('08'));
}

function codeOf(error: PostgresError): ErrorCode {
  const { code = '', constraint = '' } = error;
  if (code === '23505') return CONSTRAINTS[constraint]?.[0] ?? 'object-exists';
  if (code === '23514') return CONSTRAINTS[constraint]?.[0] ?? 'invalid-parameter';
  if (code === '23503') return constraint === OBJECTS_BUCKET ? 'bucket-not-found' : 'referenced';
  return CODES[code] ?? 'internal';
}

/** What our own functions name in the detail of an error, where that is a JSON object. */
function factsOf({ code, detail }: PostgresError): ErrorFacts {
  return code?.startsWith('SL') && detail?.startsWith('{') ? (JSON.parse(detail) as ErrorFacts) : {};
}

function messageOf(error: PostgresError): string {
  const { code = 'unknown', constraint = '' } = error;
  if (codeOf(error) === 'internal') return `database error, code: ${code}`;
  if (NUL_IN_TEXT.has(code)) return 'a text holds the character U+0000, which cannot be stored or looked for';
  // Requests were checked before, so it is a policy that reads a text as what it is not: the token's `sub` as a UUID, say.
  // The text itself is left out, since it may be of a row that the caller may not see.
  if (code === '22P02') return `a policy cannot read what it is given: ${error.message.replace(/: ".*$/s, '')}`;
  if (!['23503', '23505', '23514'].includes(code)) return error.message;
  return CONSTRAINTS[constraint]?.[1] ?? 'A rule of the database is against it';
}
