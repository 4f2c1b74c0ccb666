/** Buckets: plain rows under the caller's policies. */
import type { Bucket, BucketRules } from '../../domain/buckets.ts';
import type { SortOrder } from '../../domain/listing.ts';
import { bucketOf } from '../rows.ts';
import { noRow, type Statement } from '../statement.ts';

const BUCKET_COLUMNS =
  'b.id, b.name, b.owner, b.owner_id, b.public, b.file_size_limit, b.allowed_mime_types, b.delivery, b.created_at, b.updated_at';

const UUID_PATTERN = "'^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'";

export interface CreateBucket extends BucketRules {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string | null;
}

/** Returns nothing from the table, because RETURNING would ask for a SELECT policy as well. */
export const createBucket: Statement<CreateBucket, undefined> = {
  name: 'create_bucket',
  runs: 'caller-writes',
  text: `insert into storage.buckets (id, name, owner, owner_id, public, file_size_limit, allowed_mime_types, delivery)
    values ($1, $2, case when $3 ~ ${UUID_PATTERN} then $3::uuid end, $3, $4, $5, $6, $7)`,
  values: bucket => [
    bucket.id,
    bucket.name,
    bucket.ownerId,
    bucket.public ?? false,
    bucket.fileSizeLimit ?? null,
    bucket.allowedMimeTypes ?? null,
    bucket.delivery ?? 'proxy',
  ],
  row: noRow,
};

export const findBucket: Statement<{ readonly id: string }, Bucket> = {
  name: 'find_bucket',
  runs: 'caller-reads',
  text: `select ${BUCKET_COLUMNS} from storage.buckets b where b.id = $1`,
  values: ({ id }) => [id],
  row: bucketOf,
};

export type BucketSortColumn = 'id' | 'name' | 'created_at' | 'updated_at';

export interface ListBuckets {
  readonly column: BucketSortColumn;
  readonly order: SortOrder;
  readonly limit: number | null;
  readonly offset: number;
  /** Any part of the name, in any letter case. */
  readonly search: string | null;
}

/** One statement a sort order; column and order come from closed types, never from a request's text. */
export function listBuckets(column: BucketSortColumn, order: SortOrder): Statement<ListBuckets, Bucket> {
  return {
    name: `list_buckets_by_${column}_${order}`,
    runs: 'caller-reads',
    text: `select ${BUCKET_COLUMNS} from storage.buckets b
      where $3::text is null or strpos(lower(b.name), lower($3)) > 0
      order by b.${column} ${order}, b.id limit $1 offset $2`,
    values: ({ limit, offset, search }) => [limit, offset, search],
    row: bucketOf,
  };
}

export interface ChangedBucket {
  readonly changed: boolean;
  /** Whether the caller sees the bucket at all. */
  readonly visible: boolean;
}

/** Absent properties stay; null clears a limit, so every limit travels with a flag that says whether it is given. */
export const updateBucket: Statement<BucketRules & { readonly id: string }, ChangedBucket> = {
  name: 'update_bucket',
  runs: 'caller-writes',
  text: `with changed as (
      update storage.buckets b set
        public = coalesce($2, b.public),
        file_size_limit = case when $3 then $4 else b.file_size_limit end,
        allowed_mime_types = case when $5 then $6 else b.allowed_mime_types end,
        delivery = coalesce($7, b.delivery)
      where b.id = $1 returning 1)
    select exists (select from changed) as changed, exists (select from storage.buckets b where b.id = $1) as visible`,
  values: rules => [
    rules.id,
    rules.public ?? null,
    rules.fileSizeLimit !== undefined,
    rules.fileSizeLimit ?? null,
    rules.allowedMimeTypes !== undefined,
    rules.allowedMimeTypes ?? null,
    rules.delivery ?? null,
  ],
  row: row => ({ changed: row.changed as boolean, visible: row.visible as boolean }),
};

export const deleteBucket: Statement<{ readonly id: string }, ChangedBucket> = {
  name: 'delete_bucket',
  runs: 'caller-writes',
  text: `with changed as (delete from storage.buckets b where b.id = $1 returning 1)
    select exists (select from changed) as changed, exists (select from storage.buckets b where b.id = $1) as visible`,
  values: ({ id }) => [id],
  row: row => ({ changed: row.changed as boolean, visible: row.visible as boolean }),
};

export interface EmptyBucket {
  readonly role: string;
  readonly id: string;
  readonly limit: number;
}

/** One step; gives whether any object remains. */
export const emptyBucket: Statement<EmptyBucket, boolean> = {
  name: 'empty_bucket',
  runs: 'gateway',
  text: 'select sluice.empty_bucket($1, $2, $3) as remaining',
  values: ({ role, id, limit }) => [role, id, limit],
  row: row => row.remaining as boolean,
};
