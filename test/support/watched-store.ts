/** A BlobStore that tells a test what reaches it, so that tests wait for events and never for time. */
import type { Readable } from 'node:stream';
import type { BlobStore } from '../../src/blobs/blob-store.ts';

export interface WatchedStore {
  readonly store: BlobStore;
  /** How many times `put` has been called. */
  readonly puts: number;
  /** The streams that `open` has given, in order. */
  readonly opened: readonly Readable[];
  /** Resolves once `put` has been called this many more times. */
  nextPuts(count: number): Promise<void>;
  /** Resolves when the next `put` to fail has failed. */
  nextFailure(): Promise<void>;
}

export function watchStore(inner: BlobStore): WatchedStore {
  let puts = 0;
  const opened: Readable[] = [];
  let waiting: { count: number; resolve: () => void }[] = [];
  let failing: (() => void)[] = [];

  const store = new Proxy(inner, {
    get(target, property: keyof BlobStore) {
      const member = target[property];
      if (typeof member !== 'function') return member;
      if (property === 'put') return put;
      if (property === 'open') return open;
      return member.bind(target);
    },
  });

  async function put(blob: Parameters<BlobStore['put']>[0]) {
    puts += 1;
    for (const waiter of waiting) waiter.count -= 1;
    for (const waiter of waiting.filter(({ count }) => count === 0)) waiter.resolve();
    waiting = waiting.filter(({ count }) => count > 0);
    try {
      return await inner.put(blob);
    } catch (error) {
      for (const resolve of failing) resolve();
      failing = [];
      throw error;
    }
  }

  async function open(...request: Parameters<BlobStore['open']>) {
    const stream = await inner.open(...request);
    opened.push(stream);
    return stream;
  }

  return {
    store,
    opened,
    get puts() {
      return puts;
    },
    nextPuts: count =>
      new Promise(resolve => {
        waiting.push({ count, resolve });
      }),
    nextFailure: () =>
      new Promise(resolve => {
        failing.push(resolve);
      }),
  };
}
