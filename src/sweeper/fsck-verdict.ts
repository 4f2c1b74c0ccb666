/** The rules: what rows, ledger and bytes of one version may look like, and the sentence for what may not be. No I/O. */
import type { InspectedBlob, LedgerEntry } from '../database/queries/fsck.ts';
import { storeKeyOf } from '../domain/objects.ts';
import type { Sighting } from './fsck-merge.ts';
import type { FsckKind, FsckOptions } from './fsck-report.ts';

export type NamingRow = NonNullable<InspectedBlob['row']>;

/** What reading the bytes to their end gave. */
export type Digest = { readonly md5: string } | { readonly failure: 'absent' | 'unreadable' };

/** What is known of one version. Rows and entry are of one instant. */
export interface BlobFacts {
  readonly version: string;
  readonly rows: readonly NamingRow[];
  readonly entry: LedgerEntry | null;
  /** Null: there are no bytes. */
  readonly sizeBytes: number | null;
  /** Null: not read. */
  readonly digest: Digest | null;
  /** When the bytes were stored, where a listing said so. */
  readonly storedAt: Date | null;
}

export interface Verdict {
  readonly kind: FsckKind;
  readonly facts: BlobFacts;
}

/** In quarantine is where bytes may be; they are of interest only to who wants them back, or gone. */
type Looking = Pick<FsckOptions, 'rebuild' | 'purge'>;

/**
 * Whether a version that was read from three places at three instants may be left alone. Errs on the side of suspicion:
 * an upload, a delete or a sweep in between looks like damage here and is cleared by a second look.
 */
export function looksSound({ named, entry, stored }: Sighting, options: Looking): boolean {
  if (named === null) {
    if (entry === null || entry.state === 'live' || entry.isStuck) return false;
    return !(entry.isQuarantined && stored !== null && (options.rebuild || options.purge));
  }
  return (
    entry?.state === 'live' &&
    stored !== null &&
    named.sizeBytes === stored.sizeBytes &&
    (entry.sizeBytes === null || entry.sizeBytes === stored.sizeBytes)
  );
}

/** What is wrong; null for nothing. The first cause only: once it is mended, the next check names the next. */
export function judge(facts: BlobFacts, options: Looking): FsckKind | null {
  return facts.rows.length > 0 ? judgeNamed(facts) : judgeUnnamed(facts, options);
}

function judgeNamed({ rows, entry, sizeBytes, digest }: BlobFacts): FsckKind | null {
  if (sizeBytes === null) return 'bytes-missing';
  if (entry === null) return 'entry-missing';
  if (entry.state !== 'live') return entry.isLeased ? null : 'entry-not-live';
  if (entry.sizeBytes !== null && entry.sizeBytes !== sizeBytes) return 'size-mismatch';
  if (digest !== null && 'failure' in digest) return digest.failure === 'absent' ? null : 'bytes-unreadable';
  if (digest !== null && entry.md5 !== null && digest.md5 !== entry.md5) return 'md5-mismatch';
  return rows.some(row => row.metadata?.size !== sizeBytes) ? 'row-size-mismatch' : null;
}

function judgeUnnamed({ entry, sizeBytes }: BlobFacts, { rebuild, purge }: Looking): FsckKind | null {
  if (entry === null) return sizeBytes === null ? null : 'orphan-bytes';
  if (entry.state === 'live') return sizeBytes === null ? 'entry-without-bytes' : 'entry-without-row';
  if (entry.isQuarantined && sizeBytes !== null && (rebuild || purge)) return 'quarantined-bytes';
  if (entry.isStuck) return entry.state === 'pending' ? 'stuck-upload' : 'stuck-removal';
  return null;
}

type Described = Exclude<FsckKind, 'row-without-bytes' | 'foreign-key'>;

const SENTENCES: Readonly<Record<Described, (facts: BlobFacts) => string>> = {
  'bytes-missing': facts =>
    `${rowsOf(facts)} names bytes that are not in the store at ${keyOf(facts)}. ` +
    'Restore them from a backup of the store, or delete the object.',
  'row-size-mismatch': facts => `${rowsOf(facts)} does not give the size of its bytes, ${facts.sizeBytes}.`,
  'entry-missing': facts => `${rowsOf(facts)} names bytes at ${keyOf(facts)} that the ledger does not know.`,
  'entry-not-live': facts =>
    `${rowsOf(facts)} names bytes at ${keyOf(facts)} that the ledger calls ${facts.entry?.state}.`,
  'entry-without-row': facts => `The ledger calls the bytes at ${keyOf(facts)} live, but no row names them.`,
  'entry-without-bytes': facts =>
    `The ledger calls the bytes at ${keyOf(facts)} live, but there are none and no row names them.`,
  'stuck-upload': facts =>
    `The upload to ${keyOf(facts)} ended long ago without a commit, and no sweeper has come. Is a gateway running?`,
  'stuck-removal': facts =>
    `The bytes at ${keyOf(facts)} were due for removal long ago. Is a gateway running, and may it delete from the store?`,
  'orphan-bytes': facts => `Neither a row nor the ledger knows the ${facts.sizeBytes} bytes at ${keyOf(facts)}.`,
  'quarantined-bytes': facts => `The bytes at ${keyOf(facts)} are in quarantine because no row names them.`,
  'size-mismatch': facts =>
    `${rowsOf(facts)}: the store holds ${facts.sizeBytes} bytes at ${keyOf(facts)}, ` +
    `the ledger says ${facts.entry?.sizeBytes}. Restore them from a backup of the store, or upload the object again.`,
  'md5-mismatch': facts =>
    `${rowsOf(facts)}: the bytes at ${keyOf(facts)} are not the ones that were stored (MD5 ${md5Of(facts)}, ` +
    `the ledger says ${facts.entry?.md5}). Restore them from a backup of the store, or upload the object again.`,
  'bytes-unreadable': facts =>
    `${rowsOf(facts)}: the bytes at ${keyOf(facts)} cannot be read to their end. ` +
    'Look at the store, restore them from a backup, or upload the object again.',
};

/** What is wrong with which object and key, and what a person can do where nobody else may. */
export function describeVerdict({ kind, facts }: Verdict): string {
  return SENTENCES[kind as Described](facts);
}

function rowsOf({ rows }: BlobFacts): string {
  const [first, ...others] = rows;
  const name = first === undefined ? 'An object' : `${first.bucket}/${first.name}`;
  return others.length === 0 ? name : `${name} (and ${others.length} more with the same bytes)`;
}

function keyOf({ version }: BlobFacts): string {
  return storeKeyOf(version);
}

function md5Of({ digest }: BlobFacts): string {
  return digest !== null && 'md5' in digest ? digest.md5 : 'unknown';
}
