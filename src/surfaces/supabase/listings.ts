/** The two listings: v1, one folder with an offset; v2, a page with a cursor. */
import type { RequestBodies } from '../../contract/types.generated.ts';
import type { ListedEntry } from '../../database/queries/list-objects.ts';
import { decodeCursor, encodeCursor } from '../../domain/listing.ts';
import { listFolder, listPage } from '../../operations/list-objects.ts';
import type { Asked } from './asked.ts';

/** Of one reply; whoever asks for more gets this many, as clients of this API expect. */
const MAX_ENTRIES = 1000;

export async function listObjects({ core, scope, params, body }: Asked) {
  const { prefix, limit, offset, search, sortBy } = body as RequestBodies['listObjects'];
  const folder = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
  const entries = await listFolder(core, scope, {
    bucket: params.bucketName ?? '',
    folder,
    search: search ?? '',
    column: sortBy?.column ?? 'name',
    order: sortBy?.order ?? 'asc',
    offset,
    limit: Math.min(limit, MAX_ENTRIES),
  });
  return entries.map(entry => wireRelative(entry, folder));
}

export async function listObjectsV2({ core, scope, params, body }: Asked) {
  const { prefix, limit, cursor, with_delimiter: delimited, sortBy } = body as RequestBodies['listObjectsV2'];
  const page = await listPage(core, scope, {
    bucket: params.bucketName ?? '',
    prefix: prefix ?? '',
    delimited,
    column: sortBy?.column ?? 'name',
    order: sortBy?.order ?? 'asc',
    limit: Math.min(limit, MAX_ENTRIES),
    after: cursor === undefined || cursor === '' ? null : decodeCursor(cursor),
  });
  return {
    hasNext: page.next !== null,
    folders: page.entries.filter(entry => entry.isFolder).map(wireFolder),
    objects: page.entries.filter(entry => !entry.isFolder).map(entry => wireFull(entry, delimited)),
    ...(page.next === null ? {} : { nextCursor: encodeCursor(page.next), nextCursorKey: page.next.name }),
  };
}

/** Times and id of an entry; all null for a folder. */
function wireFacts(entry: ListedEntry) {
  return {
    id: entry.id,
    updated_at: entry.updatedAt,
    created_at: entry.createdAt,
    last_accessed_at: entry.lastAccessedAt,
    metadata: entry.metadata,
  };
}

/** v1: names are relative to the folder, and a folder's has no slash. */
function wireRelative(entry: ListedEntry, folder: string) {
  const name = entry.name.slice(folder.length);
  return { name: entry.isFolder ? name.slice(0, -1) : name, ...wireFacts(entry) };
}

/** v2: `name` is the full name with the slash, `key` the same without. */
function wireFolder(entry: ListedEntry) {
  return { key: entry.name.slice(0, -1), name: entry.name, ...wireFacts(entry) };
}

function wireFull(entry: ListedEntry, withKey: boolean) {
  return { ...(withKey ? { key: entry.name } : {}), name: entry.name, ...wireFacts(entry) };
}
