/**
 * Stands between a gateway's operations and their engines: writes down every step (each statement, each call of the
 * store, in order) and fails a chosen one. Steps are counted as they happen, so a new one needs no mention anywhere.
 */
import type { Readable } from 'node:stream';
import { type BlobStore, BlobStoreError } from '../../src/blobs/blob-store.ts';
import type { Database } from '../../src/database/database.ts';
import { SluiceError } from '../../src/domain/errors.ts';

/**
 * `before`: nothing is done. `after`: the work is done, then the call fails. `answer-lost`: the same, as a connection
 * that broke. `gone`: this and every later step fail undone, which is what a process that dies there leaves behind.
 */
export const MOMENTS = ['before', 'after', 'answer-lost', 'gone'] as const;
export type Moment = (typeof MOMENTS)[number];

export interface PlannedFault {
  /** Counted from 0, over statements and calls of the store together. */
  readonly step: number;
  readonly moment: Moment;
}

export interface FaultLine {
  readonly wrapStore: (store: BlobStore) => BlobStore;
  readonly wrapDatabase: (database: Database) => Database;
  /** Begins a record, with at most one fault. */
  arm(fault: PlannedFault | null): void;
  /** Ends the record and every fault; gives the steps since `arm`. */
  disarm(): string[];
  /** Called before and after every step from now on; null ends that. */
  watch(inspect: (() => Promise<void>) | null): void;
  /** Every key that was written to since `arm`. */
  readonly keys: ReadonlySet<string>;
}

type MakeError = (failure: 'failed' | 'unavailable') => Error;
type Pass = <T>(step: string, makeError: MakeError, work: () => Promise<T>) => Promise<T>;

export function makeFaultLine(): FaultLine {
  let steps: string[] = [];
  let fault: PlannedFault | null = null;
  let inspect: (() => Promise<void>) | null = null;
  const keys = new Set<string>();

  const pass: Pass = async (step, makeError, work) => {
    const index = steps.push(step) - 1;
    if (inspect !== null) return inspected(inspect, work);
    if (fault === null || index < fault.step) return work();
    const { moment } = fault;
    if (moment === 'gone') throw makeError('unavailable');
    if (index > fault.step) return work();
    if (moment === 'before') throw makeError('failed');
    await work();
    throw makeError(moment === 'after' ? 'failed' : 'unavailable');
  };

  return {
    keys,
    wrapStore: store => wrapStore(store, pass, keys),
    wrapDatabase: database => wrapDatabase(database, pass),
    arm(planned) {
      keys.clear();
      steps = [];
      fault = planned;
    },
    disarm() {
      fault = null;
      return [...steps];
    },
    watch(called) {
      inspect = called;
    },
  };
}

async function inspected<T>(inspect: () => Promise<void>, work: () => Promise<T>): Promise<T> {
  await inspect();
  const result = await work();
  await inspect();
  return result;
}

function wrapDatabase(database: Database, pass: Pass): Database {
  return {
    ...database,
    run: (scope, statement, parameters) =>
      pass(
        statement.name,
        failure => new SluiceError(failure === 'failed' ? 'internal' : 'unavailable', 'planned fault'),
        () => database.run(scope, statement, parameters),
      ),
  };
}

function wrapStore(store: BlobStore, pass: Pass, keys: Set<string>): BlobStore {
  const call = <T>(method: string, work: () => Promise<T>) =>
    pass(`store.${method}`, failure => new BlobStoreError(failure, 'planned fault'), work);
  return {
    ...store,
    put(blob) {
      keys.add(blob.key);
      return call('put', () => store.put(blob)).catch((error: unknown) => {
        blob.body.destroy(); // as the contract says, also where the driver was never asked
        throw error;
      });
    },
    async open(key, options) {
      let opened: Readable | null = null;
      try {
        return await call('open', async () => {
          opened = await store.open(key, options);
          return opened;
        });
      } catch (error) {
        (opened as Readable | null)?.destroy();
        throw error;
      }
    },
    stat: key => call('stat', () => store.stat(key)),
    delete: removed => call('delete', () => store.delete(removed)),
    abandon: key => call('abandon', () => store.abandon(key)),
  };
}
