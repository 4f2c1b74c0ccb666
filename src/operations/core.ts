/** What every operation works with: the database, the store, the limits and the clock. Built once, in app.ts. */
import { type BlobStore, BlobStoreError } from '../blobs/blob-store.ts';
import type { Database } from '../database/database.ts';
import { type ErrorCode, SluiceError } from '../domain/errors.ts';
import type { RateLimits } from '../domain/rate-limits.ts';
import type { PromptUploads } from './prompt-uploads.ts';

export interface Core {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly maxUploadSizeBytes: number;
  readonly uploadLeaseMs: number;
  readonly promptUploads: PromptUploads;
  readonly rateLimits: RateLimits;
  /** Under which path a proxy in front finds the bytes of the store; null: the gateway sends them itself. */
  readonly proxyPrefix: string | null;
  readonly now: () => Date;
}

const BLOB_CODES: Readonly<Record<BlobStoreError['failure'], ErrorCode>> = {
  absent: 'bytes-missing',
  unavailable: 'unavailable',
  'no-space': 'out-of-space',
  aborted: 'aborted',
  failed: 'internal',
};

/** A store's failure in the core's own terms; every other error passes unchanged. */
export function fromStore(error: unknown): unknown {
  if (!(error instanceof BlobStoreError)) return error;
  return new SluiceError(BLOB_CODES[error.failure], error.message, { cause: error });
}

/** The only row of a statement that always gives one. */
export function onlyRow<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new SluiceError('internal', 'a statement that always gives a row gave none');
  return row;
}
