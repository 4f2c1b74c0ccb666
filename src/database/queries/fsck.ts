/**
 * What `fsck` reads and mends. Rows and ledger are read in the order of their versions, a page at a time; what looks
 * wrong is read again from one snapshot; each repair is one statement that judges the state it finds once more.
 */
import type { FileLabel } from '../../domain/files.ts';
import type { Json } from '../../domain/objects.ts';
import type { BatchRow } from '../batch.ts';
import type { Statement } from '../statement.ts';

/** A stretch of a table, in order, after a key. */
export interface Page {
  readonly after: string;
  readonly limit: number;
}

/** When the sweeper should have come: `lateMs` after the grace or the lease ended. */
export interface Patience {
  readonly graceMs: number;
  readonly lateMs: number;
}

export interface NamedVersion {
  readonly version: string;
  readonly rows: number;
  /** The size that all these rows give; null where they give none or not the same. */
  readonly sizeBytes: number | null;
}

/** One record a version, however many rows name it. */
export const pageNamedVersions: Statement<Page & { readonly role: string }, NamedVersion> = {
  name: 'fsck_page_named_versions',
  runs: 'gateway',
  text: 'select * from sluice.page_named_versions($1, $2, $3)',
  values: ({ role, after, limit }) => [role, after, limit],
  row: row => ({
    version: row.version as string,
    rows: row.named_by as number,
    sizeBytes: row.size as number | null,
  }),
};

export interface RowsWithoutVersion {
  /** The last row of the stretch, null at the end of the table. */
  readonly lastId: string | null;
  readonly read: number;
  readonly found: readonly { readonly bucket: string; readonly name: string }[];
}

/** A stretch of the table by id, of which only rows without a version are returned. Runs as the service. */
export const pageRowsWithoutVersion: Statement<Page, RowsWithoutVersion> = {
  name: 'fsck_page_rows_without_version',
  runs: 'caller-reads',
  text: `with stretch as materialized (
      select o.id, o.bucket_id, o.name, o.version from storage.objects o where o.id > $1::uuid order by o.id limit $2)
    select (select s.id from stretch s order by s.id desc limit 1) as last_id,
      (select count(*) from stretch) as read,
      (select jsonb_agg(jsonb_build_object('bucket', s.bucket_id, 'name', s.name)) from stretch s where coalesce(s.version, '') = '') as found`,
  values: ({ after, limit }) => [after, limit],
  row: row => ({
    lastId: row.last_id as string | null,
    read: row.read as number,
    found: (row.found ?? []) as RowsWithoutVersion['found'],
  }),
};

export interface LedgerEntry {
  readonly version: string;
  readonly state: 'pending' | 'live' | 'dead' | 'quarantined';
  readonly sizeBytes: number | null;
  readonly md5: string | null;
  /** Belongs to a running upload. */
  readonly isLeased: boolean;
  readonly isStuck: boolean;
  /** Put aside by `fsck`, so nobody asked for its removal. */
  readonly isQuarantined: boolean;
}

export const pageLedger: Statement<Page & Patience, LedgerEntry> = {
  name: 'fsck_page_ledger',
  runs: 'gateway',
  text: `select b.version, b.state, b.size, b.md5, b.state = 'pending' and b.lease_until >= now() as is_leased,
      b.state <> 'live' and sluice.is_stuck(b, $3 * interval '1 millisecond', $4 * interval '1 millisecond') as is_stuck,
      b.state = 'quarantined' as is_quarantined
    from sluice.blobs b where b.version > $1 order by b.version limit $2`,
  values: ({ after, limit, graceMs, lateMs }) => [after, limit, graceMs, lateMs],
  row: entryOf,
};

export interface InspectBlobs extends Patience {
  readonly role: string;
  readonly versions: readonly string[];
}

export interface InspectedBlob {
  readonly version: string;
  readonly entry: LedgerEntry | null;
  /** Null: no row names it. A version named by several rows comes several times. */
  readonly row: { readonly bucket: string; readonly name: string; readonly metadata: Json | null } | null;
}

export const inspectBlobs: Statement<InspectBlobs, InspectedBlob> = {
  name: 'fsck_inspect_blobs',
  runs: 'gateway',
  text: `select * from sluice.inspect_blobs($1, $2, $3 * interval '1 millisecond', $4 * interval '1 millisecond')`,
  values: ({ role, versions, graceMs, lateMs }) => [role, versions, graceMs, lateMs],
  row: row => ({
    version: row.version as string,
    entry: row.state === null ? null : entryOf(row),
    row:
      row.name === null
        ? null
        : { bucket: row.bucket_id as string, name: row.name as string, metadata: row.metadata as Json | null },
  }),
};

export interface Estimate {
  /** As of the last ANALYZE; null where there was none. */
  readonly versions: number | null;
  readonly hasLive: boolean;
}

export const estimateWork: Statement<null, Estimate> = {
  name: 'fsck_estimate_work',
  runs: 'gateway',
  text: `select (select c.reltuples::float8 from pg_class c where c.oid = 'sluice.blobs'::regclass) as tuples,
    exists (select from sluice.blobs b where b.state = 'live') as has_live`,
  values: () => [],
  row: row => ({
    versions: (row.tuples as number) > 0 ? (row.tuples as number) : null,
    hasLive: row.has_live as boolean,
  }),
};

export interface QuarantineSum {
  readonly blobs: number;
  readonly sizeBytes: number;
  readonly firstEndsAt: string | null;
}

export const describeQuarantine: Statement<null, QuarantineSum> = {
  name: 'fsck_describe_quarantine',
  runs: 'gateway',
  text: `select count(*) as blobs, coalesce(sum(b.size), 0)::bigint as size,
      to_char(min(b.quarantined_until) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as first_ends_at
    from sluice.blobs b where b.state = 'quarantined'`,
  values: () => [],
  row: row => ({
    blobs: row.blobs as number,
    sizeBytes: row.size as number,
    firstEndsAt: row.first_ends_at as string | null,
  }),
};

export interface FoundBytes {
  readonly version: string;
  readonly storeKey: string;
  readonly sizeBytes: number;
}

/**
 * Enters bytes that nobody knows as quarantined. They count as having been live, so that the sweeper waits for its grace
 * afterwards, and asks once more whether a row names them. Gives the versions entered.
 */
export const quarantineBytes: Statement<
  { readonly found: readonly FoundBytes[]; readonly quarantineMs: number },
  string
> = {
  name: 'fsck_quarantine_bytes',
  runs: 'gateway',
  text: `insert into sluice.blobs (version, store_key, size, state, live_at, quarantined_until)
    select f.version, f.store_key, f.size, 'quarantined', now(), now() + $4 * interval '1 millisecond'
    from unnest($1::text[], $2::text[], $3::bigint[]) as f (version, store_key, size)
    on conflict (version) do nothing returning version`,
  values: ({ found, quarantineMs }) => [
    found.map(bytes => bytes.version),
    found.map(bytes => bytes.storeKey),
    found.map(bytes => String(bytes.sizeBytes)),
    quarantineMs,
  ],
  row: versionOf,
};

export interface ReleaseUnnamed {
  readonly role: string;
  readonly versions: readonly string[];
  /** Null: the sweeper may have them at once. */
  readonly quarantineMs: number | null;
}

/** Gives the versions that no row names indeed. */
export const releaseUnnamed: Statement<ReleaseUnnamed, string> = {
  name: 'fsck_release_unnamed',
  runs: 'gateway',
  text: `select sluice.release_unnamed($1, $2, $3 * interval '1 millisecond') as version`,
  values: ({ role, versions, quarantineMs }) => [role, versions, quarantineMs],
  row: versionOf,
};

/** Gives the versions that were in quarantine until now. */
export const endQuarantine: Statement<{ readonly versions: readonly string[] }, string> = {
  name: 'fsck_end_quarantine',
  runs: 'gateway',
  text: 'select sluice.end_quarantine($1, null) as version',
  values: ({ versions }) => [versions],
  row: versionOf,
};

/** Makes stuck entries due; gives the ones that no sweeper has in hand. */
export const handToSweeper: Statement<Patience & { readonly versions: readonly string[] }, string> = {
  name: 'fsck_hand_to_sweeper',
  runs: 'gateway',
  text: `update sluice.blobs b set state = 'dead', dead_at = coalesce(b.dead_at, now()), lease_until = null, claimed_until = null,
      quarantined_until = null
    where b.version = any ($1) and coalesce(b.claimed_until < now(), true)
      and sluice.is_stuck(b, $2 * interval '1 millisecond', $3 * interval '1 millisecond')
    returning b.version`,
  values: ({ versions, graceMs, lateMs }) => [versions, graceMs, lateMs],
  row: versionOf,
};

export const adoptBytes: Statement<FoundBytes & { readonly role: string; readonly md5: string | null }, boolean> = {
  name: 'fsck_adopt_bytes',
  runs: 'gateway',
  text: 'select sluice.adopt_bytes($1, $2, $3, $4, $5) as adopted',
  values: ({ role, version, storeKey, sizeBytes, md5 }) => [role, version, storeKey, sizeBytes, md5],
  row: row => row.adopted as boolean,
};

/** Writes the true size into every row that names the version and says otherwise. Runs as the service. */
export const correctRowSizes: Statement<{ readonly version: string; readonly sizeBytes: number }, string> = {
  name: 'fsck_correct_row_sizes',
  runs: 'caller-writes',
  text: `update storage.objects o
    set metadata = case when jsonb_typeof(o.metadata) = 'object' then o.metadata else '{}' end
      || jsonb_build_object('size', $2::bigint, 'contentLength', $2::bigint)
    where o.version = $1 and o.metadata -> 'size' is distinct from to_jsonb($2::bigint) returning o.version`,
  values: ({ version, sizeBytes }) => [version, sizeBytes],
  row: versionOf,
};

export interface RemakeRow extends FoundBytes {
  readonly role: string;
  readonly bucket: string;
  readonly name: string;
  readonly ownerId: string | null;
  readonly md5: string;
  readonly metadata: Json;
  readonly userMetadata: Json;
  /** Of a file of `uploads` that had more than a plain one; `isLocked`: it gets a password that nobody knows. */
  readonly file: (Omit<FileLabel, 'hasPassword'> & { readonly isLocked: boolean }) | null;
  readonly storedAt: Date;
  /** For older bytes whose row gives way. */
  readonly quarantineMs: number;
}

/** See db/functions/remake-row.sql. */
export type Remaking = 'remade' | 'named' | 'held' | 'taken';

export const remakeRow: Statement<RemakeRow, Remaking> = {
  name: 'fsck_remake_row',
  runs: 'gateway',
  text: `select sluice.remake_row($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 * interval '1 millisecond') as remaking`,
  values: made => [
    made.role,
    made.version,
    made.storeKey,
    made.bucket,
    made.name,
    made.ownerId,
    made.sizeBytes,
    made.md5,
    JSON.stringify(made.metadata),
    JSON.stringify(made.userMetadata),
    made.file === null ? null : JSON.stringify(made.file),
    made.storedAt,
    made.quarantineMs,
  ],
  row: row => row.remaking as Remaking,
};

function entryOf(row: BatchRow): LedgerEntry {
  return {
    version: row.version as string,
    state: row.state as LedgerEntry['state'],
    sizeBytes: row.size as number | null,
    md5: row.md5 as string | null,
    isLeased: row.is_leased === true,
    isStuck: row.is_stuck === true,
    isQuarantined: row.is_quarantined === true,
  };
}

function versionOf(row: BatchRow): string {
  return row.version as string;
}
