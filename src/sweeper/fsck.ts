/**
 * Checks that rows, ledger and bytes agree, and mends what it is told to. Runs beside serving gateways and sweepers, in
 * memory that does not grow with the number of objects, and may be killed at any moment: whatever it has mended stays
 * mended, and a second run goes on from there.
 */
import type { BlobStore } from '../blobs/blob-store.ts';
import type { Database } from '../database/database.ts';
import { describeQuarantine, estimateWork, pageRowsWithoutVersion } from '../database/queries/fsck.ts';
import { asService, type RequestScope } from '../domain/caller.ts';
import { SluiceError } from '../domain/errors.ts';
import { fromStore, onlyRow } from '../operations/core.ts';
import { digestBlob } from './fsck-digest.ts';
import { mapInGroups } from './fsck-groups.ts';
import { confirmSuspects, type Suspect } from './fsck-inspect.ts';
import { type Mending, mendVerdicts, purgeQuarantined } from './fsck-mend.ts';
import { type Sighting, sightVersions } from './fsck-merge.ts';
import { rebuildRows } from './fsck-rebuild.ts';
import { type FsckOptions, type FsckProgress, type FsckReport, makeFindingList } from './fsck-report.ts';
import type { FsckRun } from './fsck-run.ts';
import { describeVerdict, looksSound } from './fsck-verdict.ts';

export interface FsckParts {
  readonly database: Database;
  readonly blobs: BlobStore;
  /** The sweeper's. */
  readonly graceMs: number;
  /** How long after it was due an entry of the ledger counts as stuck. */
  readonly lateMs?: number;
  /** Rows or entries read at once. */
  readonly pageSize?: number;
}

const LATE_MS = 3_600_000;
const PAGE_SIZE = 5_000;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';
/** Suspects, or blobs to read, that are gathered before they are dealt with. */
const STEP = 500;
const READS_AT_ONCE = 4;
const PROGRESS_EVERY = 1_000;

/**
 * Resolves with every disagreement found, each looked at twice. Throws `unavailable` when Postgres or the store is away,
 * and `aborted` when the scope's signal has; run it again then.
 */
export async function checkStorage(
  parts: FsckParts,
  scope: RequestScope,
  { options, onProgress }: { readonly options: FsckOptions; readonly onProgress?: FsckProgress },
): Promise<FsckReport> {
  const service = asService(scope);
  try {
    await parts.blobs.check();
    const { versions, hasLive } = onlyRow(await parts.database.run(service, estimateWork, null));
    const run: FsckRun = {
      database: parts.database,
      blobs: parts.blobs,
      service,
      options,
      patience: { graceMs: parts.graceMs, lateMs: parts.lateMs ?? LATE_MS },
      pageSize: parts.pageSize ?? PAGE_SIZE,
      ledgerHasLive: hasLive,
      findings: makeFindingList(),
      progress(done, what) {
        onProgress?.({ done, total: versions === null ? null : Math.max(versions, done), what });
      },
    };
    const rowsWithout = await checkRowsWithoutVersion(run);
    const { rows, blobs } = await checkVersions(run);
    const quarantine = onlyRow(await parts.database.run(service, describeQuarantine, null));
    return run.findings.report({ checked: { rows: rows + rowsWithout, blobs }, quarantine });
  } catch (error) {
    throw fromStore(error);
  }
}

/** Such a row is a fact by itself, so it needs no second look. Gives how many there are. */
async function checkRowsWithoutVersion(run: FsckRun): Promise<number> {
  let after = FIRST_ID;
  let read = 0;
  let without = 0;
  for (;;) {
    stopIfAborted(run);
    run.progress(read, 'rows');
    const page = { after, limit: run.pageSize };
    const stretch = onlyRow(await run.database.run(run.service, pageRowsWithoutVersion, page));
    for (const { bucket, name } of stretch.found) {
      const message = `${bucket}/${name} names no bytes, as a row does that was inserted by hand. Upload the object, or delete the row.`;
      run.findings.add({ kind: 'row-without-bytes', message, repaired: false });
    }
    read += stretch.read;
    without += stretch.found.length;
    if (stretch.lastId === null || stretch.read < run.pageSize) return without;
    after = stretch.lastId;
  }
}

async function checkVersions(run: FsckRun): Promise<FsckReport['checked']> {
  const onForeignKey = (key: string) => {
    const message = `The store has something at ${key}, where the gateway puts nothing. It is left alone.`;
    run.findings.add({ kind: 'foreign-key', message, repaired: false });
  };
  const checked = { rows: 0, blobs: 0 };
  const suspects: Suspect[] = [];
  const unread: Sighting[] = [];
  let done = 0;
  for await (const sighting of sightVersions(run, onForeignKey)) {
    stopIfAborted(run);
    checked.rows += sighting.named?.rows ?? 0;
    checked.blobs += sighting.stored === null ? 0 : 1;
    if (!looksSound(sighting, run.options)) suspects.push(suspectOf(sighting));
    else if (run.options.verify && sighting.named !== null) unread.push(sighting);
    if (unread.length >= STEP) suspects.push(...(await readThrough(run, unread.splice(0))));
    if (suspects.length >= STEP) await settle(run, suspects.splice(0));
    done += 1;
    if (done % PROGRESS_EVERY === 0) run.progress(done, 'versions');
  }
  suspects.push(...(await readThrough(run, unread)));
  await settle(run, suspects);
  run.progress(done, 'versions');
  return checked;
}

/** The ones whose bytes do not have the MD5 that the ledger gives, or cannot be read. */
async function readThrough(run: FsckRun, sightings: readonly Sighting[]): Promise<Suspect[]> {
  const read = await mapInGroups(sightings, READS_AT_ONCE, async sighting => {
    const md5 = sighting.entry?.md5 ?? null;
    if (md5 === null) return [];
    const digest = await digestBlob(run.blobs, sighting.version, run.service.signal);
    return 'md5' in digest && digest.md5 === md5 ? [] : [suspectOf(sighting)];
  });
  return read.flat();
}

/** Looks again, mends what may be mended, and writes down the rest. */
async function settle(run: FsckRun, suspects: readonly Suspect[]): Promise<void> {
  const verdicts = await confirmSuspects(run, suspects);
  const rebuilt = run.options.rebuild ? await rebuildRows(run, verdicts) : new Map<string, Mending>();
  const left = verdicts.filter(({ facts }) => rebuilt.get(facts.version)?.repaired !== true);
  const purged = run.options.purge ? await purgeQuarantined(run, left) : new Map<string, Mending>();
  const mended = run.options.repair ? await mendVerdicts(run, left) : new Map<string, Mending>();
  for (const verdict of verdicts) {
    const steps = [rebuilt, purged, mended].map(step => step.get(verdict.facts.version));
    const message = [describeVerdict(verdict), ...steps.map(step => step?.note ?? '')].filter(part => part !== '');
    run.findings.add({
      kind: verdict.kind,
      message: message.join(' '),
      repaired: steps.some(step => step?.repaired === true),
    });
  }
}

function stopIfAborted({ service }: FsckRun): void {
  if (service.signal.aborted) throw new SluiceError('aborted', 'The check was interrupted; run it again');
}

function suspectOf({ version, stored }: Sighting): Suspect {
  return { version, storedAt: stored?.modifiedAt ?? null };
}
