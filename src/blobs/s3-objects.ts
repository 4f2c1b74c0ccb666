/**
 * The requests about one S3 object, as the driver needs them. Two clients make them: the lean one for every day, the
 * AWS SDK for engines that the lean one cannot talk to. Errors are whatever the client met; the driver maps them.
 */
import type { Readable } from 'node:stream';
import type { BlobLabels, BlobRange } from './blob-store.ts';

export interface PutS3Object {
  readonly key: string;
  /** A Buffer is in hand whole and may be sent twice; anything else is read once. */
  readonly bytes: Buffer | Readable;
  readonly sizeBytes: number;
  readonly labels: BlobLabels;
  readonly signal: AbortSignal;
}

export interface S3Part {
  readonly key: string;
  readonly uploadId: string;
  /** From 1. */
  readonly number: number;
  readonly bytes: Buffer;
  readonly signal: AbortSignal;
}

/** Sends one part; resolves with its ETag as the engine wrote it. */
export type PutS3Part = (part: S3Part) => Promise<string>;

export interface S3Objects {
  /** Resolves when the engine has answered. A body shorter than announced errors the stream. */
  get(key: string, options: { range: BlobRange | null; signal: AbortSignal }): Promise<Readable>;

  /** One PutObject with a length. Resolves with the MD5 that the engine's ETag says, null when its ETag is no MD5. */
  put(object: PutS3Object): Promise<{ md5: string | null }>;

  /** Absent: parts are for lib-storage to send. */
  readonly putPart?: PutS3Part;

  head(key: string): Promise<{ sizeBytes: number; labels: BlobLabels | null }>;

  /** Rejects when the bucket does not answer. */
  headBucket(signal?: AbortSignal): Promise<void>;

  close(): Promise<void>;
}

const MD5 = /^"?([0-9a-f]{32})"?$/;

/** S3 API, "Object": the ETag of a single PUT is the MD5 of the bytes except under SSE-KMS (and SSE-C). */
export function md5OfEtag(etag: string | undefined, encryption: string | undefined): string | null {
  if (encryption?.startsWith('aws:kms')) return null;
  return MD5.exec(etag ?? '')?.[1] ?? null;
}
