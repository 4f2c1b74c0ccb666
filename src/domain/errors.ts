/**
 * The one error type of the core. A code says what went wrong, facts name the things involved, a cause keeps the
 * original. There is no HTTP in here: every surface owns a table from code to its own wire form, and that table is
 * exhaustive, so a new code does not compile until every surface has answered it.
 */

/** Everything the core can refuse or fail with. Closed: add a code here and in every surface's table. */
export type ErrorCode =
  // names and shapes
  | 'invalid-bucket-name'
  | 'invalid-object-name'
  | 'invalid-parameter'
  | 'invalid-mime-type'
  | 'no-content'
  // who is asking
  | 'missing-credentials'
  | 'invalid-token'
  | 'invalid-session'
  | 'invalid-password'
  | 'missing-password'
  | 'second-factor-required'
  | 'invalid-second-factor'
  | 'invalid-link'
  | 'link-mismatch'
  | 'link-revoked'
  // what the policies and the store say
  | 'access-denied'
  | 'delete-denied'
  | 'not-permitted'
  | 'switched-off'
  | 'rate-limited'
  | 'bucket-not-found'
  | 'object-not-found'
  | 'folder-not-found'
  | 'account-not-found'
  | 'account-exists'
  | 'folder-membership'
  | 'bytes-missing'
  | 'bucket-exists'
  | 'object-exists'
  | 'bucket-not-empty'
  | 'referenced'
  | 'too-large'
  | 'limit-too-large'
  | 'mime-type-not-allowed'
  | 'locked'
  | 'upload-expired'
  // HTTP's own preconditions and ranges, decided in the domain
  | 'precondition-failed'
  | 'range-not-satisfiable'
  // the request cannot go on
  | 'aborted'
  | 'out-of-space'
  | 'unavailable'
  | 'timeout'
  | 'internal';

/** What an error names: bucket, object name, MIME type, size … Values are shown to the caller, so no secrets. */
export type ErrorFacts = Readonly<Record<string, string | number | null>>;

export class SluiceError extends Error {
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, message: string, options: { facts?: ErrorFacts; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SluiceError';
    this.code = code;
    this.facts = options.facts ?? {};
  }
}

/** The code of any error: its own for a SluiceError, `internal` for everything else. */
export function errorCode(error: unknown): ErrorCode {
  return error instanceof SluiceError ? error.code : 'internal';
}
