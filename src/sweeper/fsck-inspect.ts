/**
 * The second look. A suspicion becomes a verdict only when two looks in a row give the same one, and each look asks the
 * database before the store. That proves it whatever uploads, deletes and sweeps run beside: bytes that are absent
 * between two instants at which they were live are lost, and bytes that are there at two instants between which the
 * ledger did not know them are orphans.
 */
import { type BlobStore, BlobStoreError } from '../blobs/blob-store.ts';
import { type InspectedBlob, inspectBlobs } from '../database/queries/fsck.ts';
import { storeKeyOf } from '../domain/objects.ts';
import { digestBlob } from './fsck-digest.ts';
import { mapInGroups } from './fsck-groups.ts';
import { isStorable } from './fsck-merge.ts';
import type { FsckRun } from './fsck-run.ts';
import { type BlobFacts, judge, type Verdict } from './fsck-verdict.ts';

/** A version that did not look right at first. */
export interface Suspect {
  readonly version: string;
  readonly storedAt: Date | null;
}

const STATS_AT_ONCE = 16;

/** What is wrong with which of these, at most one verdict each. */
export async function confirmSuspects(run: FsckRun, suspects: readonly Suspect[]): Promise<Verdict[]> {
  const first = await look(run, suspects);
  const before = new Map(first.map(({ kind, facts }) => [facts.version, kind]));
  const second = await look(
    run,
    suspects.filter(({ version }) => before.has(version)),
  );
  return second.filter(({ kind, facts }) => before.get(facts.version) === kind);
}

async function look(run: FsckRun, suspects: readonly Suspect[]): Promise<Verdict[]> {
  if (suspects.length === 0) return [];
  const { database, service, patience, options } = run;
  const inspected = await database.run(service, inspectBlobs, {
    role: service.caller.role,
    versions: suspects.map(({ version }) => version),
    ...patience,
  });
  const byVersion = groupByVersion(inspected);
  const facts = await mapInGroups(suspects, STATS_AT_ONCE, suspect =>
    completeFacts(run, suspect, byVersion.get(suspect.version) ?? []),
  );
  return facts.flatMap(one => {
    const kind = judge(one, options);
    return kind === null ? [] : [{ kind, facts: one }];
  });
}

async function completeFacts(run: FsckRun, suspect: Suspect, inspected: InspectedBlob[]): Promise<BlobFacts> {
  const entry = inspected[0]?.entry ?? null;
  const rows = inspected.flatMap(({ row }) => (row === null ? [] : [row]));
  const sizeBytes = isStorable(suspect.version) ? await sizeOf(run.blobs, storeKeyOf(suspect.version)) : null;
  const reads = run.options.verify && rows.length > 0 && sizeBytes !== null && (entry?.md5 ?? null) !== null;
  return {
    ...suspect,
    rows,
    entry,
    sizeBytes,
    digest: reads ? await digestBlob(run.blobs, suspect.version, run.service.signal) : null,
  };
}

async function sizeOf(blobs: BlobStore, key: string): Promise<number | null> {
  try {
    return (await blobs.stat(key)).sizeBytes;
  } catch (error) {
    if (error instanceof BlobStoreError && error.failure === 'absent') return null;
    throw error;
  }
}

function groupByVersion(inspected: readonly InspectedBlob[]): Map<string, InspectedBlob[]> {
  const groups = new Map<string, InspectedBlob[]>();
  for (const one of inspected) {
    const group = groups.get(one.version);
    if (group === undefined) groups.set(one.version, [one]);
    else group.push(one);
  }
  return groups;
}
