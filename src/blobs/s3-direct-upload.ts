/**
 * Presigned PUT URLs, and whether they are safe to give away on this engine.
 *
 * The danger: S3 makes a PUT into a copy by one more header, `x-amz-copy-source`. AWS refuses `x-amz-*` headers that were
 * not signed, but others do not (MinIO, seen 2026), and would then read any object of the bucket for whoever has the URL.
 * Elsewhere than at AWS a condition that no copy can meet is therefore signed into the URL; a plain PUT ignores it. And
 * whatever the engine, the attack is tried once before the first URL leaves: where it succeeds, none ever does.
 */
import { request } from 'undici';
import { BlobStoreError, type DirectUpload, type DirectUploadUrl } from './blob-store.ts';
import { toS3Failure } from './s3-failure.ts';
import type { SignS3Url } from './s3-presign.ts';
import type { S3Timeouts } from './s3-settings.ts';

/** No ETag is so. */
const NO_COPY = { 'x-amz-copy-source-if-match': '"no-copy"' };
const PROBE_SECONDS = 60;

export interface DirectUploadPlace {
  readonly bucket: string;
  /** Null means AWS itself. */
  readonly endpoint: string | null;
  /** By the address that clients use. */
  readonly sign: SignS3Url;
  /** By the address that the gateway uses. */
  readonly signInside: SignS3Url;
  readonly remove: (keys: readonly string[]) => Promise<void>;
  readonly timeouts: S3Timeouts;
}

/** The `presignUpload` of the S3 driver. */
export function makePresignUpload(place: DirectUploadPlace) {
  const guard = place.endpoint === null ? {} : NO_COPY;
  let trusted: Promise<boolean> | null = null;
  return async (key: string, upload: DirectUpload): Promise<DirectUploadUrl | null> => {
    trusted ??= refusesCopies(place, key, guard);
    const isTrusted = await trusted.catch((error: unknown) => {
      trusted = null; // The engine was away; the next upload asks again.
      throw toS3Failure(error);
    });
    if (!isTrusted) return null;
    const { contentType, sizeBytes, expiresInSeconds } = upload;
    const headers = { ...guard, ...(contentType === null ? {} : { 'content-type': contentType }) };
    const length = sizeBytes === null ? {} : { 'content-length': String(sizeBytes) };
    const url = await place.sign({ method: 'PUT', key, expiresInSeconds, headers: { ...headers, ...length } });
    return { url, headers };
  };
}

/**
 * Puts one byte under `key` by such a URL, and tries to copy it elsewhere by another. Leaves nothing behind: the ledger
 * knows nothing of the copy, and an engine that was too slow to say so may have made it all the same.
 */
async function refusesCopies(place: DirectUploadPlace, key: string, guard: Record<string, string>): Promise<boolean> {
  const { connectMs, headersMs, bodyIdleMs } = place.timeouts;
  const stolen = `${key}-`;
  const put = async (to: string, headers: Record<string, string>, body: string): Promise<boolean> => {
    const url = await place.signInside({ method: 'PUT', key: to, expiresInSeconds: PROBE_SECONDS, headers: guard });
    const answer = await request(url, {
      method: 'PUT',
      headers: { ...guard, ...headers },
      body,
      headersTimeout: headersMs,
      bodyTimeout: bodyIdleMs,
      signal: AbortSignal.timeout(connectMs + headersMs + bodyIdleMs),
    });
    await answer.body.dump();
    if (answer.statusCode >= 500 && answer.statusCode !== 501) {
      throw new BlobStoreError('unavailable', `S3 answered ${answer.statusCode}`);
    }
    return answer.statusCode < 300;
  };
  try {
    if (!(await put(key, {}, 'x'))) return false;
    return !(await put(stolen, { 'x-amz-copy-source': `/${place.bucket}/${key}` }, ''));
  } finally {
    await place.remove([key, stolen]);
  }
}
