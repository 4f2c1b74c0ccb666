/**
 * The one error type of the core. A code says what went wrong, facts name the things involved, a cause keeps the
 * original. There is no HTTP in here: every surface owns a table from kinds of codes, and from those that it tells apart, to
 * its own wire form. That table is exhaustive, so a new kind does not compile until every surface has answered it.
 */

/**
 * Everything the core can refuse or fail with, each code with its kind: what an API that tells no more apart answers alike.
 * Closed: add a code here.
 */
export const KIND_OF = {
  // names and shapes
  'invalid-bucket-name': 'malformed',
  'invalid-object-name': 'malformed',
  'invalid-parameter': 'malformed',
  'invalid-mime-type': 'malformed',
  'no-content': 'malformed',
  'digest-mismatch': 'malformed',
  // who is asking
  'missing-credentials': 'unproven',
  'invalid-token': 'unproven',
  'invalid-session': 'unproven',
  'invalid-password': 'unproven',
  'missing-password': 'malformed',
  'second-factor-required': 'unproven',
  'invalid-second-factor': 'unproven',
  'invalid-link': 'unproven',
  'link-mismatch': 'unproven',
  'link-revoked': 'unproven',
  // what the policies and the store say
  'access-denied': 'forbidden',
  'delete-denied': 'forbidden',
  'not-permitted': 'forbidden',
  'switched-off': 'unavailable',
  'rate-limited': 'rate-limited',
  'bucket-not-found': 'absent',
  'object-not-found': 'absent',
  'folder-not-found': 'absent',
  'account-not-found': 'absent',
  'account-exists': 'conflict',
  'folder-membership': 'malformed',
  'bytes-missing': 'absent',
  'bucket-exists': 'conflict',
  'object-exists': 'conflict',
  'bucket-not-empty': 'conflict',
  referenced: 'conflict',
  'too-large': 'too-large',
  'limit-too-large': 'too-large',
  'mime-type-not-allowed': 'wrong-type',
  locked: 'locked',
  'upload-expired': 'upload-expired',
  // HTTP's own preconditions and ranges, decided in the domain
  'precondition-failed': 'precondition-failed',
  'range-not-satisfiable': 'range-not-satisfiable',
  // of HTTP's messages, whatever they are for
  'coding-not-understood': 'not-implemented',
  'expectation-failed': 'expectation-failed',
  // the request cannot go on
  aborted: 'aborted',
  'out-of-space': 'out-of-space',
  unavailable: 'unavailable',
  timeout: 'timeout',
  internal: 'internal',
} as const;

export type ErrorCode = keyof typeof KIND_OF;
export type ErrorKind = (typeof KIND_OF)[ErrorCode];

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

/** The error itself where it is the core's own. Every other says nothing of itself: it is `internal`. */
export function asSluiceError(error: unknown): SluiceError {
  return error instanceof SluiceError ? error : new SluiceError('internal', 'Internal server error', { cause: error });
}

/** What is wrong with a request, in words for whoever sent it. */
export function malformed(message: string): SluiceError {
  return new SluiceError('invalid-parameter', message);
}

/** An answer for every code: the one that is given for it, else that of its kind. */
export function answersByCode<Answer>(
  ofKinds: Readonly<Record<ErrorKind, Answer>>,
  ofCodes: Readonly<Partial<Record<ErrorCode, Answer>>>,
): Readonly<Record<ErrorCode, Answer>> {
  const entries = Object.entries(KIND_OF).map(([code, kind]) => [code, ofKinds[kind]]);
  return { ...Object.fromEntries(entries), ...ofCodes };
}
