/** A user's own files: wire to operation and back. */
import type { FileSort } from '../../domain/files.ts';
import { sendJson } from '../../http/send-json.ts';
import {
  deleteFile,
  deleteOwnFiles,
  getOwnFiles,
  numberOfOwnFiles,
  setFavorite,
} from '../../operations/manage-files.ts';
import type { Asked, ZiplineHandlers } from './handlers.ts';
import { fieldsOf, isYes, numberOf, refusal, wireFile } from './wire.ts';

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

export const fileHandlers = {
  async listUserFiles({ core, scope, query, res }: Asked) {
    const filter = filterOf(query);
    const body = isYes(query.count)
      ? { count: await numberOfOwnFiles(core, scope, filter) }
      : (await getOwnFiles(core, scope, { ...filter, ...NEWEST_FIRST, limit: null, skip: 0 })).map(wireFile);
    sendJson({ res, status: 200, body });
  },

  async pageUserFiles({ core, scope, query, res }: Asked) {
    if (isYes(query.count)) {
      const total = await numberOfOwnFiles(core, scope, filterOf(query));
      sendJson({ res, status: 200, body: { count: Math.ceil(total / PAGE_FILES) } });
      return;
    }
    const files = await getOwnFiles(core, scope, {
      ...filterOf(query),
      ...sortOf(query),
      limit: PAGE_FILES,
      skip: (pageOf(query) - 1) * PAGE_FILES,
    });
    sendJson({ res, status: 200, body: files.map(wireFile) });
  },

  async favorUserFile({ core, scope, body, res }: Asked) {
    const { id, favorite } = fieldsOf(body);
    const fileId = fileIdOf(id);
    if (typeof favorite !== 'boolean') throw refusal('favorite must be a boolean');
    sendJson({ res, status: 200, body: wireFile(await setFavorite(core, scope, { fileId, favorite })) });
  },

  async deleteUserFiles({ core, scope, body, res }: Asked) {
    const { id, all } = fieldsOf(body);
    const gone =
      all === true
        ? { count: await deleteOwnFiles(core, { ...scope, permits: [...(scope.permits ?? []), 'unscoped-session'] }) }
        : wireFile(await deleteFile(core, scope, fileIdOf(id)));
    sendJson({ res, status: 200, body: gone });
  },
} satisfies ZiplineHandlers;

type Query = Asked['query'];

function filterOf({ favorite, filter }: Query) {
  return { favorite: isYes(favorite), media: filter === 'media' };
}

function sortOf({ sortBy = 'createdAt', order = 'desc' }: Query): { sort: FileSort; descending: boolean } {
  const sort = Object.hasOwn(SORTS, String(sortBy)) ? SORTS[String(sortBy)] : undefined;
  if (sort === undefined) throw refusal('invalid sortBy option');
  return { sort, descending: order !== 'asc' };
}

function pageOf({ page }: Query): number {
  if (page === undefined || page === '') throw refusal('no page');
  const number = numberOf(page);
  if (number === null) throw refusal('page is not a number');
  return Math.min(Math.max(number, 1), 1e9);
}

function fileIdOf(id: unknown): number {
  const fileId = numberOf(id);
  if (!id || fileId === null) throw refusal('no file id');
  return fileId;
}
