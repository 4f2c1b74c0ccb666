/**
 * Mends what a verdict says, where that loses nothing: nothing is deleted here, neither bytes nor rows, and bytes that no
 * row names go into quarantine before the sweeper may have them. Every repair is one statement that judges the state it
 * finds once more, so it may be repeated, interrupted, and run beside anything.
 */

import {
  adoptBytes,
  correctRowSizes,
  endQuarantine,
  handToSweeper,
  quarantineBytes,
  releaseUnnamed,
} from '../database/queries/fsck.ts';
import { storeKeyOf } from '../domain/objects.ts';
import { onlyRow } from '../operations/core.ts';
import { digestBlob } from './fsck-digest.ts';
import type { FsckKind } from './fsck-report.ts';
import type { FsckRun } from './fsck-run.ts';
import type { BlobFacts, Verdict } from './fsck-verdict.ts';

export interface Mending {
  readonly repaired: boolean;
  /** What was done, or why not; empty where there is nothing to say. */
  readonly note: string;
}

const IN_QUARANTINE = 'They are in quarantine now, where --rebuild still finds them.';
const HANDED_OVER = 'The sweeper removes them when its grace is over.';

type Cure = (run: FsckRun, patients: readonly BlobFacts[]) => Promise<ReadonlyMap<string, Mending>>;

const CURES: Readonly<Partial<Record<FsckKind, Cure>>> = {
  'orphan-bytes': quarantine,
  'entry-without-row': (run, patients) => release(run, patients, run.options.quarantineMs),
  'entry-without-bytes': (run, patients) => release(run, patients, null),
  'stuck-upload': handOver,
  'stuck-removal': handOver,
  'entry-missing': adopt,
  'entry-not-live': adopt,
  'row-size-mismatch': correctSizes,
};

/** What came of the versions that an earlier check had put aside. */
export async function purgeQuarantined(run: FsckRun, verdicts: readonly Verdict[]): Promise<Map<string, Mending>> {
  const versions = verdicts.filter(({ kind }) => kind === 'quarantined-bytes').map(({ facts }) => facts.version);
  if (versions.length === 0) return new Map();
  const ended = await run.database.run(run.service, endQuarantine, { versions });
  return new Map(ended.map(version => [version, { repaired: true, note: HANDED_OVER }]));
}

/** What came of each version that has a cure; the others are for people. */
export async function mendVerdicts(run: FsckRun, verdicts: readonly Verdict[]): Promise<Map<string, Mending>> {
  const mendings = new Map<string, Mending>();
  for (const kind of new Set(verdicts.map(verdict => verdict.kind))) {
    const patients = verdicts.filter(verdict => verdict.kind === kind).map(verdict => verdict.facts);
    for (const [version, mending] of (await CURES[kind]?.(run, patients)) ?? []) mendings.set(version, mending);
  }
  return mendings;
}

/** A ledger without a single live entry beside a store with bytes looks like a lost database, not like lost bytes. */
async function quarantine(run: FsckRun, patients: readonly BlobFacts[]): Promise<ReadonlyMap<string, Mending>> {
  if (!run.ledgerHasLive) {
    const note =
      'Left alone, because the ledger knows no live bytes at all: if the database was lost, or is the wrong one, ' +
      'they are all that is left. --rebuild makes rows for them.';
    return new Map(patients.map(({ version }) => [version, { repaired: false, note }]));
  }
  const found = patients.map(({ version, sizeBytes }) => ({
    version,
    storeKey: storeKeyOf(version),
    sizeBytes: sizeBytes ?? 0,
  }));
  const { quarantineMs } = run.options;
  return mendedIf(patients, await run.database.run(run.service, quarantineBytes, { found, quarantineMs }), {
    done: IN_QUARANTINE,
    undone: 'The ledger knows them by now.',
  });
}

async function release(
  run: FsckRun,
  patients: readonly BlobFacts[],
  quarantineMs: number | null,
): Promise<ReadonlyMap<string, Mending>> {
  const versions = patients.map(({ version }) => version);
  const { role } = run.service.caller;
  return mendedIf(patients, await run.database.run(run.service, releaseUnnamed, { role, versions, quarantineMs }), {
    done: quarantineMs === null ? HANDED_OVER : IN_QUARANTINE,
    undone: 'A row names them by now.',
  });
}

async function handOver(run: FsckRun, patients: readonly BlobFacts[]): Promise<ReadonlyMap<string, Mending>> {
  const versions = patients.map(({ version }) => version);
  return mendedIf(patients, await run.database.run(run.service, handToSweeper, { ...run.patience, versions }), {
    done: 'The next sweep takes them.',
    undone: 'A sweeper has them in hand.',
  });
}

async function adopt(run: FsckRun, patients: readonly BlobFacts[]): Promise<ReadonlyMap<string, Mending>> {
  const mendings = new Map<string, Mending>();
  for (const { version, sizeBytes, rows } of patients) {
    const bytes = { version, storeKey: storeKeyOf(version), sizeBytes: sizeBytes ?? 0 };
    const md5 = md5OfEtag(rows[0]?.metadata?.eTag);
    const { role } = run.service.caller;
    const repaired = onlyRow(await run.database.run(run.service, adoptBytes, { ...bytes, role, md5 }));
    const note = repaired ? 'They have a live entry now.' : 'A sweeper has them in hand, or the row is gone by now.';
    mendings.set(version, { repaired, note });
  }
  return mendings;
}

/** The store's word is taken only when the bytes are, to the last, the ones that the ledger knows. */
async function correctSizes(run: FsckRun, patients: readonly BlobFacts[]): Promise<ReadonlyMap<string, Mending>> {
  const mendings = new Map<string, Mending>();
  for (const { version, sizeBytes, entry } of patients) {
    const digest = await digestBlob(run.blobs, version, run.service.signal);
    const agrees = entry !== null && entry.sizeBytes === sizeBytes && 'md5' in digest && digest.md5 === entry.md5;
    if (agrees && sizeBytes !== null) {
      await run.database.run(run.service, correctRowSizes, { version, sizeBytes });
      mendings.set(version, { repaired: true, note: 'It does now.' });
    } else {
      const note = 'Left alone, because the ledger and the bytes do not agree in size and MD5.';
      mendings.set(version, { repaired: false, note });
    }
  }
  return mendings;
}

function mendedIf(
  patients: readonly BlobFacts[],
  mended: readonly string[],
  notes: { readonly done: string; readonly undone: string },
): ReadonlyMap<string, Mending> {
  const done = new Set(mended);
  return new Map(
    patients.map(({ version }) => {
      const repaired = done.has(version);
      return [version, { repaired, note: repaired ? notes.done : notes.undone }];
    }),
  );
}

function md5OfEtag(etag: unknown): string | null {
  return typeof etag === 'string' ? (/^"([0-9a-f]{32})"$/.exec(etag)?.[1] ?? null) : null;
}
