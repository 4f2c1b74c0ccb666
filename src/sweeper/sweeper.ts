/**
 * Background repair: removes files that have had their day, and the bytes that the ledger says are dead or never finished.
 * Any number of gateways may sweep one database; claims in the ledger share the work. Holds no connection while the store
 * works, and may be killed at any moment: a blob leaves the ledger only after its bytes are gone.
 */
import { type BlobStore, BlobStoreError } from '../blobs/blob-store.ts';
import type { Database } from '../database/database.ts';
import {
  claimDeadBlobs,
  countLedger,
  type DeadBlob,
  forgetBlobs,
  type LedgerCounts,
  removeOverFiles,
  settleRemoval,
} from '../database/queries/sweep.ts';
import { ANONYMOUS, asService, type RequestScope } from '../domain/caller.ts';

export interface SweeperOptions {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly intervalMs: number;
  readonly graceMs: number;
  /** Told of each run that did something or failed, for logs and metrics. */
  readonly onRun: (run: SweepRun) => void;
}

export interface SweepRun {
  readonly swept: number;
  /** Blobs that the store would not delete; they stay in the ledger and are tried again. */
  readonly failed: number;
  readonly error: unknown;
}

export interface Sweeper {
  /** Sweeps until nothing is due, and resolves. Never rejects. Concurrent calls share one run. */
  run(): Promise<SweepRun>;
  counts(): Promise<LedgerCounts>;
  /** Sweeps at every interval from now on; not after `stop`. */
  start(): void;
  /** Resolves when a run under way has finished. Safe to call twice, or before start. */
  stop(): Promise<void>;
}

const STEP = 1000;
/** There is no call for many; a store answers a few at a time gladly, and a thousand one by one outlast the claim. */
const ABANDONED_AT_ONCE = 8;
/**
 * How long a claim lasts. Short, because a sweeper that is killed leaves its claims behind; where a slow store takes longer,
 * two sweepers delete the same bytes, which is as good as once.
 */
const HOLD_MS = 20_000;

export function makeSweeper(options: SweeperOptions): Sweeper {
  const stopping = new AbortController();
  const scope = sweeperScope(stopping.signal);
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<SweepRun> | null = null;

  async function runToEnd(): Promise<SweepRun> {
    let swept = 0;
    let failed = 0;
    try {
      await removeOver(options, scope);
      await settleRemovals(options, scope);
      while (!stopping.signal.aborted) {
        const claimed = await claim(options, scope);
        if (claimed.length === 0) break;
        const gone = await removeBytes(options.blobs, claimed);
        await options.database.run(scope, forgetBlobs, { versions: gone });
        swept += gone.length;
        failed += claimed.length - gone.length;
        if (gone.length === 0) break; // the store deletes nothing at present; the next run tries again
      }
      return report({ swept, failed, error: null });
    } catch (error) {
      return report({ swept, failed, error });
    }
  }

  function report(run: SweepRun): SweepRun {
    if (run.swept > 0 || run.failed > 0 || run.error !== null) options.onRun(run);
    return run;
  }

  function run(): Promise<SweepRun> {
    running ??= runToEnd().finally(() => {
      running = null;
    });
    return running;
  }

  return {
    run,
    async counts() {
      const [counts] = await options.database.run(scope, countLedger, {});
      return counts ?? { pending: 0, dead: 0, quarantined: 0 };
    },
    start() {
      if (stopping.signal.aborted) return;
      timer ??= setInterval(run, options.intervalMs).unref();
    },
    async stop() {
      stopping.abort();
      if (timer !== null) clearInterval(timer);
      await running;
    },
  };
}

function claim({ database, graceMs }: SweeperOptions, scope: RequestScope): Promise<DeadBlob[]> {
  const { role } = asService(scope).caller;
  return database.run(scope, claimDeadBlobs, { role, limit: STEP, graceMs, holdMs: HOLD_MS });
}

/** The files of the bucket `uploads` that have had their day, a step at a time; their bytes are dead then. */
async function removeOver({ database, graceMs }: SweeperOptions, scope: RequestScope): Promise<void> {
  const { role } = asService(scope).caller;
  for (let removed = STEP; removed >= STEP && !scope.signal.aborted; ) {
    [removed = 0] = await database.run(scope, removeOverFiles, { role, limit: STEP, graceMs });
  }
}

/** What was removed by the thousand is only noted so far (db/migrations/0011_removals.sql). */
async function settleRemovals({ database }: SweeperOptions, scope: RequestScope): Promise<void> {
  const { role } = asService(scope).caller;
  for (let settled = 1; settled > 0 && !scope.signal.aborted; ) {
    [settled = 0] = await database.run(scope, settleRemoval, { role });
  }
}

/** Deletes the bytes, and the remains of unfinished uploads; gives the versions of which nothing is left. */
async function removeBytes(blobs: BlobStore, claimed: readonly DeadBlob[]): Promise<string[]> {
  const left = new Set<string>();
  const unfinished = claimed.filter(blob => !blob.wasLive);
  for (let start = 0; start < unfinished.length; start += ABANDONED_AT_ONCE) {
    const group = unfinished.slice(start, start + ABANDONED_AT_ONCE);
    const failures = await Promise.all(group.map(({ storeKey }) => failureOf(blobs.abandon(storeKey))));
    for (const [index, { storeKey }] of group.entries()) if (failures[index] !== null) left.add(storeKey);
    if (!failures.every(isAway)) continue;
    // A store that is silent costs its whole time limit each time: the rest is for another run.
    for (const { storeKey } of unfinished.slice(start)) left.add(storeKey);
    break;
  }
  const deletable = claimed.map(blob => blob.storeKey).filter(key => !left.has(key));
  if (deletable.length === 0) return [];
  for (const outcome of await blobs.delete(deletable)) {
    if (outcome.error !== null) left.add(outcome.key);
  }
  return claimed.filter(blob => !left.has(blob.storeKey)).map(blob => blob.version);
}

async function failureOf(work: Promise<void>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  );
}

function isAway(failure: unknown): boolean {
  return failure instanceof BlobStoreError && failure.failure === 'unavailable';
}

function sweeperScope(signal: AbortSignal): RequestScope {
  return {
    caller: ANONYMOUS,
    operation: 'sluice.sweep',
    method: '',
    path: '',
    headers: '{}',
    signal,
    requestId: 'sweeper',
  };
}
