/**
 * A BlobStore that fails on purpose, for tests: the n-th call of one method, before the work, after it, or with the
 * answer lost. Everything else goes to the real store behind it.
 */
import { type BlobFailure, type BlobStore, BlobStoreError } from './blob-store.ts';

export type FaultyMethod = Exclude<
  keyof BlobStore,
  'kind' | 'presignDownload' | 'presignUpload' | 'copy' | 'locate' | 'readWhole'
>;

export interface Fault {
  readonly method: FaultyMethod;
  /** 1 is the first call of that method on this store. */
  readonly nth: number;
  /**
   * `before`: nothing is done. `after`: the work is done and then the call fails. `answer-lost`: the same, as a
   * connection that broke before the answer came, so always `unavailable`.
   */
  readonly when: 'before' | 'after' | 'answer-lost';
  /** `failed` unless given. */
  readonly failure?: BlobFailure;
}

/**
 * Wraps a store. Faults are independent of one another; a fault that no call reaches does nothing. A listing fails at
 * its first step (`before`) or at its end, and a stream that was opened before the failure is destroyed.
 */
export function makeFaultyStore(store: BlobStore, plan: readonly Fault[]): BlobStore {
  const calls = new Map<FaultyMethod, number>();
  const nextFault = (method: FaultyMethod): Fault | undefined => {
    const nth = (calls.get(method) ?? 0) + 1;
    calls.set(method, nth);
    return plan.find(fault => fault.method === method && fault.nth === nth);
  };
  const run = async <T>(method: FaultyMethod, work: () => Promise<T>, undo?: (result: T) => void): Promise<T> => {
    const fault = nextFault(method);
    if (fault?.when === 'before') throw faultError(fault);
    const result = await work();
    if (fault === undefined) return result;
    undo?.(result);
    throw faultError(fault);
  };
  return {
    kind: store.kind,
    put: blob => run('put', () => store.put(blob)),
    open: (key, options) =>
      run(
        'open',
        () => store.open(key, options),
        stream => stream.destroy(),
      ),
    stat: key => run('stat', () => store.stat(key)),
    delete: keys => run('delete', () => store.delete(keys)),
    abandon: key => run('abandon', () => store.abandon(key)),
    async *list(after) {
      const fault = nextFault('list');
      if (fault?.when === 'before') throw faultError(fault);
      yield* store.list(after);
      if (fault !== undefined) throw faultError(fault);
    },
    check: signal => run('check', () => store.check(signal)),
    prepare: () => run('prepare', () => store.prepare()),
    close: () => run('close', () => store.close()),
  };
}

function faultError(fault: Fault): BlobStoreError {
  const failure = fault.when === 'answer-lost' ? 'unavailable' : (fault.failure ?? 'failed');
  return new BlobStoreError(failure, `planned fault ${fault.when}: call ${fault.nth} of ${fault.method}`);
}
