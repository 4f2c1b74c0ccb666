/** A BlobStore that reports how long each call of the store behind it took and how it ended. It changes nothing. */
import { type BlobFailure, type BlobStore, BlobStoreError, type CopyBlob } from './blob-store.ts';

export interface BlobCall {
  readonly method: string;
  /** Null for success. An error that is not the store's own (the sender's body failed) counts as `aborted`. */
  readonly failure: BlobFailure | null;
  readonly seconds: number;
}

/**
 * Wraps a store. `observe` is called once per call, when it settles: for `open` that is the store's answer, not the end
 * of the stream; for `list` the end of the iteration, early or not. `observe` must not throw.
 */
export function makeMeasuredStore(store: BlobStore, observe: (call: BlobCall) => void): BlobStore {
  const begin = (method: string) => {
    const startedAt = performance.now();
    return (failure: BlobFailure | null) =>
      observe({ method, failure, seconds: (performance.now() - startedAt) / 1000 });
  };
  const measure = async <T>(method: string, work: () => Promise<T>): Promise<T> => {
    const end = begin(method);
    try {
      const result = await work();
      end(null);
      return result;
    } catch (error) {
      end(failureOf(error));
      throw error;
    }
  };
  const copy = store.copy?.bind(store);
  return {
    ...store, // What asks no store, or not every store has, is passed on unmeasured.
    ...(copy === undefined ? {} : { copy: (blob: CopyBlob) => measure('copy', () => copy(blob)) }),
    put: blob => measure('put', () => store.put(blob)),
    open: (key, options) => measure('open', () => store.open(key, options)),
    stat: key => measure('stat', () => store.stat(key)),
    delete: keys => measure('delete', () => store.delete(keys)),
    abandon: key => measure('abandon', () => store.abandon(key)),
    async *list(after) {
      const end = begin('list');
      let failure: BlobFailure | null = null;
      try {
        yield* store.list(after);
      } catch (error) {
        failure = failureOf(error);
        throw error;
      } finally {
        end(failure);
      }
    },
    check: signal => measure('check', () => store.check(signal)),
    prepare: () => measure('prepare', () => store.prepare()),
    close: () => measure('close', () => store.close()),
  };
}

function failureOf(error: unknown): BlobFailure {
  return error instanceof BlobStoreError ? error.failure : 'aborted';
}
