/**
 * The storage tree: what is at a path, in one statement whether it is a file or a folder; what stands around a path; moving
 * and removing a file or a whole folder.
 */
import type { Json, StoredObject } from '../../domain/objects.ts';
import type { BatchRow } from '../batch.ts';
import { OBJECT_COLUMNS, objectOf } from '../rows.ts';
import { noRow, type Statement } from '../statement.ts';
import { isRevokedText } from './links.ts';

export interface TreeAddress {
  readonly bucket: string;
  /** Without a slash at its end. */
  readonly name: string;
  /** How many entries of a folder at most. */
  readonly limit: number;
  /** Whether the bucket's delivery is wanted with a file. */
  readonly withDelivery: boolean;
}

/** The file, alone; or else the entries of the folder, in byte order. */
export type TreeRow =
  | { readonly kind: 'file'; readonly object: StoredObject }
  | { readonly kind: 'entry'; readonly item: TreeItem };

/** '0' follows '/' in byte order, so `folder0` is the first name beyond everything in `folder/`. */
const TREE_ROWS = `select ${OBJECT_COLUMNS}, false as is_folder, true as is_target,
    case when $4 then (select r.delivery from storage.bucket_rules($1) r) end as delivery
  from storage.objects o where o.bucket_id = $1 and o.name = $2 and o.version is not null
  union all
  select null, null, e.name, null, e.metadata, null, null, null, e.is_folder, false, null
  from storage.list_entries($1, $2 || '/', $2 || '0', char_length($2) + 1, true, null, false, 0, $3) e
  where not exists (
    select from storage.objects o where o.bucket_id = $1 and o.name = $2 and o.version is not null)`;

/** As the caller. No row: nothing is there. */
export const findTreeRows: Statement<TreeAddress, TreeRow> = {
  name: 'find_tree_rows',
  runs: 'caller-reads',
  text: TREE_ROWS,
  values: ({ bucket, name, limit, withDelivery }) => [bucket, name, limit, withDelivery],
  row: treeRowOf,
};

export interface LinkedTreeAddress extends TreeAddress {
  readonly fingerprint: string;
  readonly issuedAt: Date;
}

/**
 * With a path token, and whether it has been revoked: one row at least, with `found` null where nothing is there. Runs as
 * the service.
 */
export const findLinkedTreeRows: Statement<
  LinkedTreeAddress,
  { readonly found: TreeRow | null; readonly revoked: boolean }
> = {
  name: 'find_linked_tree_rows',
  runs: 'caller-reads',
  text: `select t.*, r.revoked
    from (select ${isRevokedText('$5', '$6')} as revoked) r left join (${TREE_ROWS}) t on true`,
  values: link => [link.bucket, link.name, link.limit, link.withDelivery, link.fingerprint, link.issuedAt],
  row: row => ({ found: row.is_target === null ? null : treeRowOf(row), revoked: row.revoked as boolean }),
};

function treeRowOf(row: BatchRow): TreeRow {
  if (row.is_target === true) return { kind: 'file', object: objectOf(row) };
  return { kind: 'entry', item: treeItemOf(row, (row.metadata as Json | null)?.size) };
}

function treeItemOf(row: BatchRow, size: unknown): TreeItem {
  return { name: row.name as string, isFolder: row.is_folder as boolean, sizeBytes: Number(size ?? 0) };
}

/** What the tree shows of what lies in a folder, under its whole name; a folder's ends in a slash. */
export interface TreeItem {
  readonly name: string;
  readonly isFolder: boolean;
  readonly sizeBytes: number;
}

export interface TreePage {
  readonly bucket: string;
  /** Without a slash at its end. */
  readonly folder: string;
  readonly after: TreeItem;
  readonly limit: number;
}

/** What follows in a folder, in byte order. Of a hundred thousand files no more is fetched than is shown. */
export const listTreeItems: Statement<TreePage, TreeItem> = {
  name: 'list_tree_items',
  runs: 'caller-reads',
  text: `select e.name, e.is_folder, e.metadata -> 'size' as size
    from storage.list_entries(
      $1, case when $4 then left($3, -1) || '0' else $3 || chr(1) end, $2 || '0', char_length($2) + 1, true, null, false, 0, $5) e`,
  values: ({ bucket, folder, after, limit }) => [bucket, folder, after.name, after.isFolder, limit],
  row: row => treeItemOf(row, row.size),
};

export interface FolderAddress {
  readonly bucket: string;
  /** The folder's own name without its slash, and the one that it lies in; null for the root's. */
  readonly name: string;
  readonly parent: string | null;
  /** Where no file may be: the folder's own name, and those that it lies in. */
  readonly folders: readonly string[];
}

export interface FolderPlace {
  /** A file stands where a folder would. */
  readonly isBlocked: boolean;
  readonly exists: boolean;
  readonly parentExists: boolean;
}

/** What stands in the place of a folder, as the caller sees it. */
export const findFolderPlace: Statement<FolderAddress, FolderPlace> = {
  name: 'find_folder_place',
  runs: 'caller-reads',
  text: `select
    exists (select from storage.objects o where o.bucket_id = $1 and o.name = any ($4)) as is_blocked,
    exists (
      select from storage.objects o where o.bucket_id = $1 and o.name >= $2 || '/' and o.name < $2 || '0') as exists,
    $3::text is null or exists (
      select from storage.objects o where o.bucket_id = $1 and o.name >= $3 || '/' and o.name < $3 || '0') as parent_exists`,
  values: ({ bucket, name, parent, folders }) => [bucket, name, parent, folders],
  row: row => ({
    isBlocked: row.is_blocked as boolean,
    exists: row.exists as boolean,
    parentExists: row.parent_exists as boolean,
  }),
};

/** Gives no row and reads nothing: what is asked of the caller before it, session and permits, is all. */
export const askNothing: Statement<undefined, undefined> = {
  name: 'ask_nothing',
  runs: 'caller-reads',
  text: 'select where false',
  values: () => [],
  row: noRow,
};

export interface MoveTree {
  readonly role: string;
  readonly bucket: string;
  readonly source: string;
  readonly target: string;
  /** The folders that the target lies in, the innermost first. */
  readonly parents: readonly string[];
}

/** Whether the folder that the target lies in was missing. */
export const moveTree: Statement<MoveTree, boolean> = {
  name: 'move_tree',
  runs: 'gateway',
  text: 'select sluice.move_tree($1, $2, $3, $4, $5) as parent_was_missing',
  values: ({ role, bucket, source, target, parents }) => [role, bucket, source, target, parents],
  row: row => row.parent_was_missing as boolean,
};

export interface DeleteTree {
  readonly role: string;
  readonly bucket: string;
  readonly path: string;
}

export const deleteTree: Statement<DeleteTree, undefined> = {
  name: 'delete_tree',
  runs: 'gateway',
  text: 'select sluice.delete_tree($1, $2, $3)',
  values: ({ role, bucket, path }) => [role, bucket, path],
  row: noRow,
};
