/**
 * Listings. `listFolder` is one level with an offset; `listPage` is a page with a cursor, of one level or of everything
 * under a prefix. Both are one round trip, see what the caller's policies show, and give an unknown bucket an empty list.
 */
import {
  type ListedEntry,
  listFlatByTime,
  listLevelByTime,
  searchEntries,
  walkEntries,
} from '../database/queries/list-objects.ts';
import type { RequestScope } from '../domain/caller.ts';
import { SluiceError } from '../domain/errors.ts';
import {
  type NameRange,
  nextName,
  type PageCursor,
  rangeOfPrefix,
  rangesOfSearch,
  type SortColumn,
  type SortOrder,
} from '../domain/listing.ts';
import type { Core } from './core.ts';

export interface FolderRequest {
  readonly bucket: string;
  /** Empty, or a folder with its trailing slash. */
  readonly folder: string;
  /** Beginning of the names wanted, in any letter case; empty for all. */
  readonly search: string;
  readonly column: SortColumn;
  readonly order: SortOrder;
  readonly offset: number;
  readonly limit: number;
}

/** One level. In name order a folder stands where its name with the slash does; by time, folders come first. */
export async function listFolder(core: Core, scope: RequestScope, request: FolderRequest): Promise<ListedEntry[]> {
  const { bucket, folder, column, order, offset, limit } = request;
  const base = codePoints(folder);
  const search = request.search.toLowerCase();
  const range = rangeOfPrefix(folder);
  const page = { bucket, ...range, base, skip: offset, limit };
  if (column !== 'name') {
    const statement = listLevelByTime(column, order);
    return core.database.run(scope, statement, { ...page, search: search || null, after: null });
  }
  if (search === '') return core.database.run(scope, walkEntries, { ...page, delimited: true, order });
  const ranges = rangesOfSearch(folder, request.search);
  const inOrder = order === 'asc' ? ranges : ranges.toReversed();
  return core.database.run(scope, searchEntries, { ...page, ranges: inOrder, search, order });
}

export interface PageRequest {
  readonly bucket: string;
  /** Any beginning of a name; no slash is added. */
  readonly prefix: string;
  readonly delimited: boolean;
  readonly column: SortColumn;
  readonly order: SortOrder;
  readonly limit: number;
  readonly after: PageCursor | null;
}

export interface Page {
  readonly entries: readonly ListedEntry[];
  /** Where to go on; null at the end. */
  readonly next: PageCursor | null;
}

/**
 * A page. Following the cursors gives every entry that exists throughout exactly once, whatever is inserted or deleted
 * meanwhile. Throws `invalid-parameter` for a cursor of another sort order.
 */
export async function listPage(core: Core, scope: RequestScope, request: PageRequest): Promise<Page> {
  const { column, order, limit, after } = request;
  if (after !== null && (after.column !== column || after.order !== order)) {
    throw new SluiceError('invalid-parameter', 'Invalid Parameter continuation token', { facts: { part: 'cursor' } });
  }
  // One more than asked for tells whether there is a next page.
  const found = await listAfter(core, scope, { ...request, limit: limit + 1 });
  const entries = found.slice(0, limit);
  const last = entries.at(-1);
  if (found.length <= limit || last === undefined) return { entries, next: null };
  return { entries, next: { name: last.name, isFolder: last.isFolder, column, order, time: last.time } };
}

async function listAfter(core: Core, scope: RequestScope, request: PageRequest): Promise<ListedEntry[]> {
  const { bucket, prefix, delimited, column, order, limit, after } = request;
  const range = rangeOfPrefix(prefix);
  const base = codePoints(prefix);
  if (column === 'name') {
    const bounds = after === null ? range : rangeAfter(range, after, order);
    return core.database.run(scope, walkEntries, { bucket, ...bounds, base, delimited, order, skip: 0, limit });
  }
  const list = { bucket, ...range, base, search: null, skip: 0, limit, after };
  return core.database.run(scope, (delimited ? listLevelByTime : listFlatByTime)(column, order), list);
}

/**
 * What remains of a range beyond a cursor. Nothing of a folder that was an entry may come again, and a cursor of another
 * listing never widens the range.
 */
function rangeAfter(range: NameRange, after: PageCursor, order: SortOrder): NameRange {
  const { from, to } = range;
  if (order === 'desc') {
    const end = isBefore(after.name, from) ? from : after.name;
    return { from, to: to !== null && isBefore(to, end) ? to : end };
  }
  const next = after.isFolder ? (rangeOfPrefix(after.name).to ?? nextName(after.name)) : nextName(after.name);
  return { from: isBefore(next, from) ? from : next, to };
}

/** In byte order, as Postgres compares names. */
function isBefore(name: string, other: string): boolean {
  return Buffer.compare(Buffer.from(name), Buffer.from(other)) < 0;
}

function codePoints(text: string): number {
  return Array.from(text).length;
}
