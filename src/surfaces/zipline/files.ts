/** A user's own files: wire to operation and back. */
import { malformed } from '../../domain/errors.ts';
import type { FileSort } from '../../domain/files.ts';
import {
  deleteFile,
  deleteOwnFiles,
  getOwnFiles,
  numberOfOwnFiles,
  setFavorite,
} from '../../operations/manage-files.ts';
import type { Asked } from './asked.ts';
import { fieldsOf, isYes, numberOf } from './loose-fields.ts';
import { wireFile } from './wire.ts';

const PAGE_FILES = 16;

const SORTS: Readonly<Record<string, FileSort>> = {
  createdAt: 'created_at',
  views: 'views',
  expiresAt: 'expires_at',
  size: 'size',
  name: 'name',
  mimetype: 'mimetype',
};

const NEWEST_FIRST = { sort: 'created_at', descending: true } as const;

export async function listFiles({ core, scope, query }: Asked) {
  const filter = filterOf(query);
  if (isYes(query.count)) return { count: await numberOfOwnFiles(core, scope, filter) };
  const files = await getOwnFiles(core, scope, { ...filter, ...NEWEST_FIRST, limit: null, skip: 0 });
  return files.map(wireFile);
}

export async function pageFiles({ core, scope, query }: Asked) {
  const filter = filterOf(query);
  if (isYes(query.count)) return { count: Math.ceil((await numberOfOwnFiles(core, scope, filter)) / PAGE_FILES) };
  const files = await getOwnFiles(core, scope, {
    ...filter,
    ...sortOf(query),
    limit: PAGE_FILES,
    skip: (pageOf(query) - 1) * PAGE_FILES,
  });
  return files.map(wireFile);
}

export async function favorFile({ core, scope, body }: Asked) {
  const { id, favorite } = fieldsOf(body);
  const fileId = fileIdOf(id);
  if (typeof favorite !== 'boolean') throw malformed('favorite must be a boolean');
  return wireFile(await setFavorite(core, scope, { fileId, favorite }));
}

export async function deleteFiles({ core, scope, body }: Asked) {
  const { id, all } = fieldsOf(body);
  if (all !== true) return wireFile(await deleteFile(core, scope, fileIdOf(id)));
  return { count: await deleteOwnFiles(core, { ...scope, permits: [...(scope.permits ?? []), 'unscoped-session'] }) };
}

type Query = Asked['query'];

function filterOf({ favorite, filter }: Query) {
  return { favorite: isYes(favorite), media: filter === 'media' };
}

function sortOf({ sortBy = 'createdAt', order = 'desc' }: Query): { sort: FileSort; descending: boolean } {
  const sort = Object.hasOwn(SORTS, String(sortBy)) ? SORTS[String(sortBy)] : undefined;
  if (sort === undefined) throw malformed('invalid sortBy option');
  return { sort, descending: order !== 'asc' };
}

function pageOf({ page }: Query): number {
  if (page === undefined || page === '') throw malformed('no page');
  const number = numberOf(page);
  if (number === null) throw malformed('page is not a number');
  return Math.min(Math.max(number, 1), 1e9);
}

function fileIdOf(id: unknown): number {
  const fileId = numberOf(id);
  if (!id || fileId === null) throw malformed('no file id');
  return fileId;
}
