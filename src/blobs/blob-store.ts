/**
 * The contract between the core and a place that keeps bytes. A store knows keys and bytes and nothing else: no
 * buckets, no policies, no HTTP status. Drivers are `s3` and `file`; qualities (metrics, faults) are wrappers. Every
 * implementation passes `test/integration/blob-store-suite.ts`.
 *
 * Keys are made by the core from a version alone (`3f/3f2a…`): lower-case hex, `-` and one `/`. A driver may rely on it.
 */
import type { Readable } from 'node:stream';

/** An inclusive byte range, already resolved against the object's true size: 0 <= start <= end < size. */
export interface BlobRange {
  readonly start: number;
  readonly end: number;
}

/**
 * What a store keeps beside the bytes so that rows can be remade from it after a lost database. Never trusted on reads.
 * Each is kept whole, or left out where the store has no room for it.
 */
export interface BlobLabels {
  readonly bucket: string;
  readonly name: string;
  readonly owner: string | null;
  readonly contentType: string;
  /** What its record says of a file of `uploads`, as `fileLabelOf` writes it. */
  readonly file?: string;
  readonly contentEncoding?: string;
  readonly cacheControl?: string;
  readonly robots?: string;
  /** A JSON object. */
  readonly userMetadata?: string;
  /** Said by the store alone: what it had no room for. */
  readonly leftOut?: readonly LabelName[];
}

/** The first are the last to be left out. */
export const LABELS_BY_WORTH = [
  'bucket',
  'name',
  'owner',
  'file',
  'contentType',
  'contentEncoding',
  'cacheControl',
  'robots',
  'userMetadata',
] as const satisfies readonly Exclude<keyof BlobLabels, 'leftOut'>[];

export type LabelName = (typeof LABELS_BY_WORTH)[number];

export interface PutBlob {
  readonly key: string;
  /**
   * Read once, front to back. When it fails, `put` rejects with that same error, unchanged. The driver destroys it when
   * `put` fails for any other reason.
   */
  readonly body: Readable;
  /** The exact length when the sender declared it, else null. A body of another length than declared is a failure. */
  readonly sizeBytes: number | null;
  readonly labels: BlobLabels;
  readonly signal: AbortSignal;
}

/** What is known of bytes once they are durable. */
export interface StoredBlob {
  readonly sizeBytes: number;
  /** MD5 of all the bytes, 32 lower-case hex digits. */
  readonly md5: string;
}

/** How a store is to answer when a client fetches bytes from it directly. */
export interface DirectDownload {
  readonly expiresInSeconds: number;
  readonly contentType: string;
  readonly cacheControl: string;
  /** Null: none. */
  readonly contentDisposition: string | null;
}

/** What a client is about to store directly. */
export interface DirectUpload {
  readonly expiresInSeconds: number;
  /** What the request must say; null: whatever it likes. */
  readonly contentType: string | null;
  readonly sizeBytes: number | null;
}

export interface DirectUploadUrl {
  readonly url: string;
  /** Headers that the request must carry exactly so, besides its Content-Length. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface CopyBlob {
  readonly from: string;
  readonly key: string;
  readonly labels: BlobLabels;
  readonly signal: AbortSignal;
}

export interface ListedBlob {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
}

export interface DeletedBlob {
  readonly key: string;
  /** Null when the bytes are gone (or never were there); else why they are not. */
  readonly error: BlobStoreError | null;
}

export interface BlobStore {
  readonly kind: 'file' | 's3';

  /**
   * Streams the body to `key`, holding at most a few parts in memory whatever the size, and resolves once the bytes are
   * durable. On any failure, abort included, it rejects and leaves nothing readable under the key, with one exception
   * that no store can rule out: where the whole body was sent and only the answer was lost, the bytes may be there, and
   * the ledger has them deleted. An interrupted multi-part upload may leave parts, which `abandon` removes. Rejects with
   * the body's own error when the body failed, else with a BlobStoreError, never of kind `absent`. Never called twice
   * for one key.
   */
  put(blob: PutBlob): Promise<StoredBlob>;

  /**
   * Opens the bytes (or a range of them) for reading. Resolves once the store has answered, so absence is known before
   * the first byte: rejects with kind `absent`. A failure in mid-body errors the stream; a short body is never a clean
   * end. Destroying the stream, or aborting the signal, frees the connection at once. The caller must read the stream or
   * destroy it. A store whose place is missing altogether (bucket, folder) says `unavailable`, never `absent`.
   */
  open(key: string, options: { range: BlobRange | null; signal: AbortSignal }): Promise<Readable>;

  /**
   * All the bytes of a small blob, at once where they are in memory; null where it is too large to be read whole. Nobody
   * writes into what it gives: others may be reading it. Rejects as `open` does, and where the bytes are not `sizeBytes`
   * long. Only a store that keeps bytes in memory has it.
   */
  readWhole?(
    key: string,
    options: { readonly sizeBytes: number; readonly signal: AbortSignal },
  ): Promise<Buffer> | Buffer | null;

  /** Size of the bytes and the labels they were stored with. Rejects with `absent`. */
  stat(key: string): Promise<{ sizeBytes: number; labels: BlobLabels | null }>;

  /** Removes up to 1000 keys in one call to the store. Absence is success. One outcome per key, in any order. */
  delete(keys: readonly string[]): Promise<DeletedBlob[]>;

  /** Removes what an interrupted `put` of this key may have left besides the key itself (temporary file, parts). */
  abandon(key: string): Promise<void>;

  /** Every key in byte order, from the one after `after`; bounded memory. For `fsck` only. */
  list(after: string | null): AsyncIterable<ListedBlob>;

  /**
   * A URL by which anybody may fetch these bytes from the store itself until it expires, ranges included. Asks nobody
   * whether they exist. Only stores that clients can reach have it.
   */
  presignDownload?(key: string, download: DirectDownload): Promise<string>;

  /**
   * Where a proxy beside the gateway finds these bytes, from a slash on: a path inside the folder of a disk, or path and
   * query of a GET that the store's own endpoint answers for a minute. Asks nobody whether they exist.
   */
  locate?(key: string): Promise<string>;

  /**
   * A URL by which anybody may store bytes under this key, as often as they like, until it expires; nothing but that. Null
   * where the store cannot be trusted to see to it. `key` is one that nobody has used. Rejects with `unavailable`.
   */
  presignUpload?(key: string, upload: DirectUpload): Promise<DirectUploadUrl | null>;

  /**
   * Copies bytes to a key of their own without their passing here, and says what the copy is, whatever became of `from`
   * meanwhile. Rejects as `put` does, and with `absent`. On failure bytes may be left, or still arrive (`unavailable`).
   * Every store that has `presignUpload` has it.
   */
  copy?(blob: CopyBlob): Promise<StoredBlob>;

  /** Rejects when the store cannot be used right now, and where the signal ends the wait. Cheap enough for a readiness probe. */
  check(signal?: AbortSignal): Promise<void>;

  /** Makes the place ready (creates the S3 bucket or the folder when missing and allowed). Called once, at start. */
  prepare(): Promise<void>;

  /** Frees connections. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * The questions the core asks of a failure: is it absence, is the store away (try later), is there no space, did we
 * abort it ourselves? Everything else is `failed`. The original error is the cause.
 */
export type BlobFailure = 'absent' | 'unavailable' | 'no-space' | 'aborted' | 'failed';

export class BlobStoreError extends Error {
  readonly failure: BlobFailure;

  constructor(failure: BlobFailure, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'BlobStoreError';
    this.failure = failure;
  }
}
