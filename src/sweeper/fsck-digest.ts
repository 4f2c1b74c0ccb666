/** Reads bytes to their end for their MD5. */
import { createHash } from 'node:crypto';
import { type BlobStore, BlobStoreError } from '../blobs/blob-store.ts';
import { storeKeyOf } from '../domain/objects.ts';
import type { Digest } from './fsck-verdict.ts';

/** Rejects only when the store is away or the signal aborts; bytes that are gone or broken are an answer. */
export async function digestBlob(blobs: BlobStore, version: string, signal: AbortSignal): Promise<Digest> {
  const hash = createHash('md5');
  try {
    for await (const piece of await blobs.open(storeKeyOf(version), { range: null, signal })) hash.update(piece);
    return { md5: hash.digest('hex') };
  } catch (error) {
    if (signal.aborted || (error instanceof BlobStoreError && error.failure === 'unavailable')) throw error;
    const isAbsent = error instanceof BlobStoreError && error.failure === 'absent';
    return { failure: isAbsent ? 'absent' : 'unreadable' };
  }
}
