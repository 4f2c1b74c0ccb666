/** The two halves of an upload, and what keeps or gives up its ledger entry in between. */
import type { FileRecord } from '../../domain/files.ts';
import type { Json } from '../../domain/objects.ts';
import { noRow, type Statement } from '../statement.ts';
import type { WireValue } from '../wire-value.ts';

/** The row to be written, as far as it is known. */
export interface UploadedRow {
  readonly role: string;
  readonly bucket: string;
  readonly name: string;
  readonly id: string;
  readonly version: string;
  readonly ownerId: string | null;
  /** As declared before the bytes, true afterwards; null while nobody knows. */
  readonly sizeBytes: number | null;
  readonly contentType: string | null;
  readonly metadata: Json;
  readonly userMetadata: Json;
  readonly upsert: boolean;
  readonly maxSizeBytes: number;
}

/** The parameters that the functions below begin with. */
function rowValues(row: UploadedRow): WireValue[] {
  return [
    row.role,
    row.bucket,
    row.name,
    row.id,
    row.version,
    row.ownerId,
    row.sizeBytes,
    row.contentType,
    JSON.stringify(row.metadata),
    JSON.stringify(row.userMetadata),
    row.upsert,
    row.maxSizeBytes,
  ];
}

const ROW_PARAMETERS = '$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12';

/** The same without a name that is settled, and without upsert, which that rules out. */
function besideValues(row: Omit<UploadedRow, 'name' | 'upsert'> & NameBeside): WireValue[] {
  return [
    row.role,
    row.bucket,
    row.stem,
    row.extension,
    row.id,
    row.version,
    row.ownerId,
    row.sizeBytes,
    row.contentType,
    JSON.stringify(row.metadata),
    JSON.stringify(row.userMetadata),
    row.maxSizeBytes,
  ];
}

export interface BeginUpload extends UploadedRow {
  readonly storeKey: string;
  readonly leaseMs: number;
  /** The upload link that is redeemed, if any. */
  readonly link: { readonly fingerprint: string; readonly issuedAt: Date } | null;
}

/** Rehearses the row and notes the coming bytes; gives the number of bytes allowed. */
export const beginUpload: Statement<BeginUpload, number> = {
  name: 'begin_upload',
  runs: 'gateway',
  text: `select sluice.begin_upload(${ROW_PARAMETERS}, $13, $14 * interval '1 millisecond', $15, $16) as allowed`,
  values: upload => [
    ...rowValues(upload),
    upload.storeKey,
    upload.leaseMs,
    upload.link?.fingerprint ?? null,
    upload.link?.issuedAt ?? null,
  ],
  row: row => row.allowed as number,
};

export type BeginDirectUpload = Omit<BeginUpload, 'link'>;

/** As `rehearseUpload`; and where the bucket's delivery is `redirect`, notes bytes to come and gives true. */
export const beginDirectUpload: Statement<BeginDirectUpload, boolean> = {
  name: 'begin_direct_upload',
  runs: 'gateway',
  text: `select sluice.begin_direct_upload(${ROW_PARAMETERS}, $13, $14 * interval '1 millisecond') as noted`,
  values: upload => [...rowValues(upload), upload.storeKey, upload.leaseMs],
  row: row => row.noted as boolean,
};

/** Whether the upload would be accepted, as far as it is declared; notes nothing. For signing an upload link. */
export const rehearseUpload: Statement<UploadedRow, number> = {
  name: 'rehearse_upload',
  runs: 'gateway',
  text: `select sluice.rehearse_upload(${ROW_PARAMETERS}) as allowed`,
  values: rowValues,
  row: row => row.allowed as number,
};

export interface CommitUpload extends UploadedRow {
  readonly storeKey: string;
  readonly md5: string;
}

/** Writes the row on facts and makes the blob live; null where a sweeper has taken the blob meanwhile. */
export const commitUpload: Statement<CommitUpload, string | null> = {
  name: 'commit_upload',
  runs: 'gateway',
  text: `select sluice.commit_upload(${ROW_PARAMETERS}, $13, $14) as id`,
  values: upload => [...rowValues(upload), upload.storeKey, upload.md5],
  row: row => row.id as string | null,
};

/** As `commitUpload`, for the placeholder that keeps a folder of the storage tree. */
export const commitFolder: Statement<CommitUpload, string | null> = {
  name: 'commit_folder',
  runs: 'gateway',
  text: `select sluice.commit_folder(${ROW_PARAMETERS}, $13, $14) as id`,
  values: commitUpload.values,
  row: commitUpload.row,
};

export interface CommitFile extends CommitUpload {
  readonly record: FileRecord;
}

/** As `commitUpload`, with the record of a file in the bucket `uploads`; no row where a sweeper has taken the blob. */
export const commitFile: Statement<CommitFile, { readonly id: string; readonly fileId: number }> = {
  name: 'commit_file',
  runs: 'gateway',
  text: `select * from sluice.commit_file(${ROW_PARAMETERS}, $13, $14, $15)`,
  values: ({ record, ...upload }) => [
    ...rowValues(upload),
    upload.storeKey,
    upload.md5,
    JSON.stringify(columnsOf(record)),
  ],
  row: row => ({ id: row.id as string, fileId: row.file_id as number }),
};

function columnsOf(record: FileRecord): Json {
  return {
    display_name: record.displayName,
    original_name: record.originalName,
    expires_at: record.expiresAt?.toISOString() ?? null,
    max_views: record.maxViews,
    embed: record.embed,
    format: record.format,
    password_hash: record.passwordHash,
    folder_id: record.folderId,
  };
}

/** A name to be found: `<stem><extension>`, or the next free one beside it. */
export interface NameBeside {
  readonly stem: string;
  readonly extension: string;
}

export interface FoundName {
  readonly name: string;
  readonly attempt: number;
  readonly allowed: number;
}

/** As `beginUpload`, under a name that is free. */
export const beginUploadBeside: Statement<Omit<BeginUpload, 'link'> & NameBeside, FoundName> = {
  name: 'begin_upload_beside',
  runs: 'gateway',
  text: `select * from sluice.begin_upload_beside(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14 * interval '1 millisecond')`,
  values: upload => [...besideValues(upload), upload.storeKey, upload.leaseMs],
  row: row => ({ name: row.name as string, attempt: row.attempt as number, allowed: row.allowed as number }),
};

export type CommitBeside = CommitUpload & NameBeside & { readonly attempt: number };

/** As `commitUpload`, under the name that was found, or the next that is free by now. */
export const commitUploadBeside: Statement<CommitBeside, { readonly id: string | null; readonly name: string }> = {
  name: 'commit_upload_beside',
  runs: 'gateway',
  text: `select * from sluice.commit_upload_beside($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
  values: upload => {
    const [role, bucket, stem, extension, ...rest] = besideValues(upload);
    return [role, bucket, stem, extension, upload.attempt, ...rest, upload.storeKey, upload.md5].map(it => it ?? null);
  },
  row: row => ({ id: row.id as string | null, name: row.name as string }),
};

/** Gives the bytes of a failed upload to the sweeper. Harmless for an upload that was committed after all. */
export const abandonUpload: Statement<{ readonly version: string; readonly storeKey: string }, undefined> = {
  name: 'abandon_upload',
  runs: 'ledger',
  text: 'select sluice.abandon_upload($1, $2)',
  values: ({ version, storeKey }) => [version, storeKey],
  row: noRow,
};

/** The bytes of a failed upload may still arrive: their entry stays, or comes back, for another lease. */
export const expectLateBytes: Statement<
  { readonly version: string; readonly storeKey: string; readonly leaseMs: number },
  undefined
> = {
  name: 'expect_late_bytes',
  runs: 'ledger',
  text: `select sluice.expect_late_bytes($1, $2, $3 * interval '1 millisecond')`,
  values: ({ version, storeKey, leaseMs }) => [version, storeKey, leaseMs],
  row: noRow,
};

/** Notes bytes that uploads of the near future may bring. */
export const expectBytes: Statement<
  { readonly versions: readonly string[]; readonly storeKeys: readonly string[]; readonly leaseMs: number },
  undefined
> = {
  name: 'expect_bytes',
  runs: 'ledger',
  text: `insert into sluice.blobs (version, store_key, state, lease_until)
    select version, store_key, 'pending', now() + $3 * interval '1 millisecond'
    from unnest($1::text[], $2::text[]) as expected (version, store_key)`,
  values: ({ versions, storeKeys, leaseMs }) => [versions, storeKeys, leaseMs],
  row: noRow,
};

/** True while the upload still owns its blob. */
export const renewUpload: Statement<{ readonly version: string; readonly leaseMs: number }, boolean> = {
  name: 'renew_upload',
  runs: 'ledger',
  text: `select sluice.renew_upload($1, $2 * interval '1 millisecond') as renewed`,
  values: ({ version, leaseMs }) => [version, leaseMs],
  row: row => row.renewed as boolean,
};
