/**
 * Remakes rows for bytes that no row names, from the labels that the store keeps beside them. They say what was known
 * when the bytes began to arrive: moves, copies, later changes, and what a form says behind its file are known to the
 * database alone and are lost with it. Reads the bytes, because their MD5 is part of the row.
 */
import { type BlobLabels, BlobStoreError, type LabelName } from '../blobs/blob-store.ts';
import { type RemakeRow, type Remaking, remakeRow } from '../database/queries/fsck.ts';
import { SluiceError } from '../domain/errors.ts';
import { type FileLabel, parseFileLabel, UPLOADS_BUCKET } from '../domain/files.ts';
import { parseBucketName, parseObjectName } from '../domain/names.ts';
import {
  DEFAULT_CACHE_CONTROL,
  DEFAULT_CONTENT_TYPE,
  isStaged,
  type Json,
  metadataOf,
  storeKeyOf,
} from '../domain/objects.ts';
import { onlyRow } from '../operations/core.ts';
import { digestBlob } from './fsck-digest.ts';
import { mapInGroups } from './fsck-groups.ts';
import type { Mending } from './fsck-mend.ts';
import type { FsckKind } from './fsck-report.ts';
import type { FsckRun } from './fsck-run.ts';
import type { BlobFacts, Verdict } from './fsck-verdict.ts';

const READS_AT_ONCE = 4;

/** Bytes that are there, whole, and that nobody has deleted. */
const REBUILDABLE: ReadonlySet<FsckKind> = new Set(['orphan-bytes', 'quarantined-bytes', 'entry-without-row']);

/** What came of each version that could have a row again. Idempotent; of two bytes for one name the newer win. */
export async function rebuildRows(run: FsckRun, verdicts: readonly Verdict[]): Promise<Map<string, Mending>> {
  const candidates = verdicts.filter(({ kind }) => REBUILDABLE.has(kind)).map(({ facts }) => facts);
  return new Map(
    await mapInGroups(candidates, READS_AT_ONCE, async facts => [facts.version, await rebuildRow(run, facts)] as const),
  );
}

async function rebuildRow(run: FsckRun, facts: BlobFacts): Promise<Mending> {
  if (isStaged(facts.version)) return { repaired: false, note: 'No row was made: a client put them there unjudged.' };
  try {
    const { labels } = await run.blobs.stat(storeKeyOf(facts.version));
    if (labels === null) return { repaired: false, note: unlabeled(run) };
    const digest = await digestBlob(run.blobs, facts.version, run.service.signal);
    if ('failure' in digest) return { repaired: false, note: 'No row was made, because they cannot be read.' };
    const file = fileOf(labels);
    return explain(await remake(run, facts, { labels, file, md5: digest.md5 }), labels, file);
  } catch (error) {
    if (error instanceof BlobStoreError && error.failure === 'absent') {
      return { repaired: false, note: 'They are gone by now.' };
    }
    if (!isRefusal(error)) throw error;
    return { repaired: false, note: `No row was made from their labels: ${error.message}.` };
  }
}

async function remake(
  run: FsckRun,
  { version, sizeBytes, storedAt }: BlobFacts,
  { labels, file, md5 }: { readonly labels: BlobLabels; readonly file: RemakeRow['file']; readonly md5: string },
): Promise<Remaking> {
  const stored = { md5, sizeBytes: sizeBytes ?? 0, storedAt: storedAt ?? new Date(0) };
  const metadata = metadataOf({
    ...stored,
    contentType: labels.contentType === '' ? DEFAULT_CONTENT_TYPE : labels.contentType,
    contentEncoding: labels.contentEncoding ?? null,
    cacheControl: labels.cacheControl ?? DEFAULT_CACHE_CONTROL,
    robots: labels.robots ?? null,
  });
  const row = {
    ...stored,
    role: run.service.caller.role,
    version,
    storeKey: storeKeyOf(version),
    bucket: parseBucketName(labels.bucket),
    name: parseObjectName(labels.name),
    ownerId: labels.owner,
    metadata,
    userMetadata: parseObject(labels.userMetadata),
    file,
    quarantineMs: run.options.quarantineMs,
  };
  return onlyRow(await run.database.run(run.service, remakeRow, row));
}

/**
 * Of a file of `uploads`, what its upload said. What only the database can tell, the password, how often it was viewed, or
 * a label that had no room, locks the file: its owner has it, and its address gives it to nobody.
 */
function fileOf({ bucket, file, leftOut = [] }: BlobLabels): RemakeRow['file'] {
  const label = file === undefined ? null : parseFileLabel(file);
  if (bucket !== UPLOADS_BUCKET || (label === null && !leftOut.includes('file'))) return null;
  const { hasPassword, ...said } = label ?? LOST_LABEL;
  return { ...said, isLocked: hasPassword || said.maxViews !== null };
}

const LOST_LABEL: FileLabel = {
  displayName: null,
  originalName: null,
  expiresAt: null,
  maxViews: null,
  hasPassword: true,
};

/** Whatever is no JSON object was not written by the gateway. */
function parseObject(text = '{}'): Json {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
  } catch {
    return {};
  }
}

const WORDS: Readonly<Record<LabelName, string>> = {
  bucket: 'bucket',
  name: 'name',
  owner: 'owner',
  file: 'name and expiry of the file',
  contentType: 'content type',
  contentEncoding: 'content encoding',
  cacheControl: 'cache control',
  robots: 'robots tag',
  userMetadata: 'user metadata',
};

function explain(remaking: Remaking, { bucket, name, leftOut = [] }: BlobLabels, file: RemakeRow['file']): Mending {
  const locked = file?.isLocked === true ? ' It is locked: nobody opens it by its address, its owner does.' : '';
  const lost = leftOut.map(label => WORDS[label]).join(', ');
  const notes: Readonly<Record<Remaking, string>> = {
    remade: `Their row was made again: ${bucket}/${name}${lost === '' ? '' : `, but without ${lost}, for which the store had no room`}.${locked}`,
    named: 'A row names them by now.',
    held: 'No row was made: they were removed on purpose, or an upload has them in hand.',
    taken: `No row was made: ${bucket}/${name} has other bytes, which are newer or were never lost.`,
  };
  return { repaired: remaking === 'remade' || remaking === 'named', note: notes[remaking] };
}

function unlabeled({ blobs }: FsckRun): string {
  return blobs.kind === 'file'
    ? 'No row was made: a local disk keeps no names beside the bytes. Restore the database from its backup.'
    : 'No row was made: the store has no names beside them, so they were not stored by this gateway.';
}

/** A failure that is about this one object and will not pass. */
function isRefusal(error: unknown): error is SluiceError {
  return error instanceof SluiceError && !['unavailable', 'timeout', 'aborted'].includes(error.code);
}
