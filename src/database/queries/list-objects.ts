/**
 * Listings, as the caller. In name order they walk `storage.list_entries`, which seeks; by time they use an index where
 * the listing is flat, and otherwise sort what lies directly under the prefix. Columns and orders come from closed types.
 */
import type { SortColumn, SortOrder } from '../../domain/listing.ts';
import type { Json } from '../../domain/objects.ts';
import type { BatchRow } from '../batch.ts';
import { instantOrNull } from '../rows.ts';
import type { Statement } from '../statement.ts';

export interface ListedEntry {
  /** The full name; a folder's ends in a slash. */
  readonly name: string;
  readonly isFolder: boolean;
  readonly id: string | null;
  readonly createdAt: string | null;
  readonly updatedAt: string | null;
  readonly lastAccessedAt: string | null;
  readonly metadata: Json | null;
  /** The sort column as Postgres writes it, for cursors; null in name order and for folders. */
  readonly time: string | null;
}

export interface WalkEntries {
  readonly bucket: string;
  readonly from: string;
  readonly to: string | null;
  /** Length in code points of the prefix that folders are relative to. */
  readonly base: number;
  readonly delimited: boolean;
  readonly order: SortOrder;
  readonly skip: number;
  readonly limit: number;
}

const ENTRY = 'e.name, e.is_folder, e.id, e.created_at, e.updated_at, e.last_accessed_at, e.metadata';

/** A page in name order. */
export const walkEntries: Statement<WalkEntries, ListedEntry> = {
  name: 'walk_entries',
  runs: 'caller-reads',
  text: `select ${ENTRY}, null as time from storage.list_entries($1, $2, $3, $4, $5, null, $6, $7, $8) e`,
  values: walk => [
    walk.bucket,
    walk.from,
    walk.to,
    walk.base,
    walk.delimited,
    walk.order === 'desc',
    walk.skip,
    walk.limit,
  ],
  row: entryOf,
};

export interface SearchEntries {
  readonly bucket: string;
  /** Disjoint ranges in the order of the listing, one for each way to write the first letters of the search. */
  readonly ranges: readonly { readonly from: string; readonly to: string | null }[];
  readonly base: number;
  /** In lower case; the rest of an entry's name must begin with it in any letter case. */
  readonly search: string;
  readonly order: SortOrder;
  readonly skip: number;
  readonly limit: number;
}

/** A page in name order of the entries whose names begin with a text in any letter case. */
export const searchEntries: Statement<SearchEntries, ListedEntry> = {
  name: 'search_entries',
  runs: 'caller-reads',
  text: `select ${ENTRY}, null as time
    from unnest($2::text[], $3::text[]) with ordinality as r (low, high, n),
      lateral storage.list_entries($1, r.low, nullif(r.high, ''), $4, true, $5, $6, 0, $7::bigint + $8::bigint) with ordinality
        as e (name, is_folder, id, created_at, updated_at, last_accessed_at, metadata, position)
    order by r.n, e.position limit $8 offset $7`,
  values: find => [
    find.bucket,
    find.ranges.map(range => range.from),
    find.ranges.map(range => range.to ?? ''),
    find.base,
    find.search,
    find.order === 'desc',
    find.skip,
    find.limit,
  ],
  row: entryOf,
};

export type TimeColumn = Exclude<SortColumn, 'name'>;

export interface ListByTime {
  readonly bucket: string;
  readonly from: string;
  readonly to: string | null;
  readonly base: number;
  readonly search: string | null;
  readonly skip: number;
  readonly limit: number;
  /** Where the page before ended. */
  readonly after: { readonly name: string; readonly isFolder: boolean; readonly time: string | null } | null;
}

/** Direct entries by time: folders first, by name; then files by time and name. */
export function listLevelByTime(column: TimeColumn, order: SortOrder): Statement<ListByTime, ListedEntry> {
  const beyond = order === 'asc' ? '>' : '<';
  return {
    name: `list_level_by_${column}_${order}`,
    runs: 'caller-reads',
    text: `select ${ENTRY}, e.${column} as time
      from storage.list_entries($1, $2, $3, $4, true, $5, false, 0, null) e
      where $8::text is null
        or ($9 and (not e.is_folder or e.name ${beyond} $8 collate "C"))
        or (not $9 and not e.is_folder and (e.${column}, e.name) ${beyond} ($10::timestamptz, $8 collate "C"))
      order by e.is_folder desc, e.${column} ${order}, e.name collate "C" ${order} limit $7 offset $6`,
    values: timeValues,
    row: entryOf,
  };
}

/** Everything under a prefix by time and name, from an index. */
export function listFlatByTime(column: TimeColumn, order: SortOrder): Statement<ListByTime, ListedEntry> {
  const beyond = order === 'asc' ? '>' : '<';
  const start = order === 'asc' ? `'-infinity'` : `'infinity'`;
  return {
    name: `list_flat_by_${column}_${order}`,
    runs: 'caller-reads',
    text: `select ${ENTRY.replace('e.is_folder', 'false as is_folder')}, e.${column} as time
      from storage.objects e
      where e.bucket_id = $1 and e.name >= $2 and ($3::text is null or e.name < $3)
        and (e.${column}, e.name) ${beyond} (coalesce($6::timestamptz, ${start}), coalesce($5, ''))
      order by e.${column} ${order}, e.name ${order} limit $4`,
    values: list => [list.bucket, list.from, list.to, list.limit, list.after?.name ?? null, list.after?.time ?? null],
    row: entryOf,
  };
}

function timeValues(list: ListByTime) {
  const { after } = list;
  return [
    list.bucket,
    list.from,
    list.to,
    list.base,
    list.search,
    list.skip,
    list.limit,
    after?.name ?? null,
    after?.isFolder ?? false,
    after?.time ?? null,
  ];
}

/** Of a listing in name order there is no `time`. */
export function entryOf(row: BatchRow): ListedEntry {
  return {
    name: row.name as string,
    isFolder: row.is_folder as boolean,
    id: row.id as string | null,
    createdAt: instantOrNull(row.created_at),
    updatedAt: instantOrNull(row.updated_at),
    lastAccessedAt: instantOrNull(row.last_accessed_at),
    metadata: row.metadata as Json | null,
    time: (row.time ?? null) as string | null,
  };
}
