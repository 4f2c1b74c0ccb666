/**
 * A BlobStore that keeps small blobs in memory once they have been read. A key names the same bytes for ever, so what is
 * kept is never stale, and whoever may read is decided by the row before anybody asks here.
 */
import type { Readable } from 'node:stream';
import { LRUCache } from 'lru-cache';
import { LendingStream } from '../streams/lending-stream.ts';
import { type BlobStore, BlobStoreError } from './blob-store.ts';

/** What is read whole; longer blobs are streamed. */
export const LARGEST_WHOLE_BYTES = 64 * 1024;

/** About what an entry costs beside its bytes. */
const ENTRY_BYTES = 512;

export interface CacheOptions {
  /** The memory for all of them together; 0: nothing is kept, and everything is streamed. */
  readonly maxBytes: number;
  /** Told of each whole read, where it came from. */
  readonly onRead: (from: 'memory' | 'store') => void;
}

/** Wraps a store with `readWhole`; what is deleted through it is forgotten, also where it is just being read. */
export function makeCachingStore(store: BlobStore, { maxBytes, onRead }: CacheOptions): BlobStore {
  if (maxBytes === 0) return store;
  const kept = new LRUCache<string, Buffer>({
    maxSize: maxBytes,
    sizeCalculation: bytes => bytes.length + ENTRY_BYTES,
  });
  let deletions = 0; // that have ended
  return {
    ...store,
    readWhole(key, { sizeBytes, signal }) {
      if (sizeBytes > LARGEST_WHOLE_BYTES) return null;
      const bytes = kept.get(key);
      if (bytes?.length === sizeBytes) {
        onRead('memory');
        return bytes;
      }
      const deletionsBefore = deletions;
      return store.open(key, { range: null, signal }).then(async stream => {
        const read = await readAll(stream, sizeBytes).catch((error: unknown) => {
          throw failureInMidBody(error, store.kind, signal);
        });
        if (deletions === deletionsBefore) kept.set(key, read);
        onRead('store');
        return read;
      });
    },
    async delete(keys) {
      try {
        return await store.delete(keys);
      } finally {
        deletions += 1; // For the reads that have begun.
        for (const key of keys) kept.delete(key);
      }
    },
  };
}

/** No byte of it has been sent yet, so it can be answered as what it is: a network that broke, or a file that is not whole. */
function failureInMidBody(error: unknown, kind: BlobStore['kind'], signal: AbortSignal): BlobStoreError {
  if (error instanceof BlobStoreError) return error;
  const failure = signal.aborted ? 'aborted' : kind === 's3' ? 'unavailable' : 'failed';
  return new BlobStoreError(failure, 'The bytes broke off before their end', error);
}

/** Rejects as the stream fails, and where it has another length. */
function readAll(stream: Readable, sizeBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // Memory of its own: a piece of a shared slab would keep the whole slab for as long as it is kept itself.
    const bytes = Buffer.allocUnsafeSlow(sizeBytes);
    let length = 0;
    const take = (piece: Buffer) => {
      if (length + piece.length <= sizeBytes) piece.copy(bytes, length);
      length += piece.length;
      if (length > sizeBytes) stream.destroy(wrongLength(length, sizeBytes));
    };
    stream.on('error', reject);
    stream.on('end', () => (length === sizeBytes ? resolve(bytes) : reject(wrongLength(length, sizeBytes))));
    stream.on('close', () => {
      if (!stream.readableEnded) reject(new Error('closed before the end'));
    });
    if (stream instanceof LendingStream) {
      stream.lendTo((piece, giveBack) => {
        take(piece);
        giveBack();
      });
    } else {
      stream.on('data', take);
    }
  });
}

function wrongLength(length: number, sizeBytes: number): BlobStoreError {
  return new BlobStoreError('failed', `The store gave ${length} bytes where ${sizeBytes} were declared`);
}
