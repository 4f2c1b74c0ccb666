/**
 * Answers the core's questions about a failure of S3, whether the lean client or the AWS SDK met it. It knows status
 * codes, S3's error codes and the errors of sockets; it retries nothing.
 */
import { type BlobFailure, BlobStoreError } from './blob-store.ts';
import { errorName, systemCode } from './system-code.ts';

/** An answer of the engine that is not success, as the lean client reads it. */
export class S3Refusal extends Error {
  readonly status: number;
  /** The `Code` of the error document; empty when there was none (HEAD has no body). */
  readonly code: string;

  constructor(status: number, code: string) {
    super(`S3 answered ${status} ${code}`.trimEnd());
    this.name = 'S3Refusal';
    this.status = status;
    this.code = code;
  }
}

/** Our own word for an error of the SDK that came of no answer at all. */
const NO_ANSWER = 'no answer';

const BY_CODE: Readonly<Record<string, BlobFailure>> = {
  NoSuchKey: 'absent',
  NotFound: 'absent',
  // The bucket is not one object that is missing: everything is, until an operator puts it right.
  NoSuchBucket: 'unavailable',
  SlowDown: 'unavailable',
  RequestTimeout: 'unavailable',
  TimeoutError: 'unavailable',
  [NO_ANSWER]: 'unavailable',
  XMinioStorageFull: 'no-space',
  XMinioAdminBucketQuotaExceeded: 'no-space',
  QuotaExceeded: 'no-space',
};

const BY_STATUS: Readonly<Record<number, BlobFailure>> = {
  404: 'absent',
  408: 'unavailable',
  429: 'unavailable',
  507: 'no-space',
};

const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
]);

/** Any error as one of the store's own. With a signal that has fired the answer is always `aborted`. */
export function toS3Failure(error: unknown, signal?: AbortSignal): BlobStoreError {
  if (error instanceof BlobStoreError) return error;
  if (signal?.aborted) return new BlobStoreError('aborted', 'the request to S3 was aborted', error);
  const { status, codes } = readS3Error(error);
  return new BlobStoreError(
    classify(status, codes),
    `S3 failed: ${[status, ...codes].filter(Boolean).join(' ')}`,
    error,
  );
}

function classify(status: number, codes: readonly string[]): BlobFailure {
  for (const code of codes) {
    const failure = NETWORK.has(code) ? 'unavailable' : BY_CODE[code];
    if (failure !== undefined) return failure;
  }
  return BY_STATUS[status] ?? (status >= 500 ? 'unavailable' : 'failed');
}

/** Status (0 when there was no answer) and every code the error carries, S3's own first. */
export function readS3Error(error: unknown): { status: number; codes: string[] } {
  if (error instanceof S3Refusal) return { status: error.status, codes: error.code === '' ? [] : [error.code] };
  const codes = [errorName(error), systemCode(error)].filter(code => code !== null);
  const status = sdkStatus(error);
  if (status === null) codes.push(NO_ANSWER);
  return { status: status ?? 0, codes };
}

/** The AWS SDK keeps the status in `$metadata`: null when its error has that but no status, 0 when it is no SDK error. */
function sdkStatus(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return 0;
  const metadata = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return null;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : null;
}
