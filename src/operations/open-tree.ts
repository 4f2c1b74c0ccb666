/**
 * Reads the storage tree: at a path is a file, to be opened as any object, or a folder, to be listed. One round trip says
 * which, and brings a folder's first page; further pages are fetched as they are read, and nothing is held in between.
 */
import {
  findLinkedTreeRows,
  findTreeRows,
  listTreeItems,
  type TreeItem,
  type TreeRow,
} from '../database/queries/tree.ts';
import { asService, type RequestScope } from '../domain/caller.ts';
import { SluiceError } from '../domain/errors.ts';
import type { OpenedObject } from '../domain/opened-object.ts';
import { HOME_BUCKET, isTreeSegment, type TreePath } from '../domain/tree-path.ts';
import type { Core } from './core.ts';
import { decideOpening, type ReadConditions } from './open-object.ts';

/** A path token has been verified by the identity module; its revocation is looked up here. */
export type TreeAccess =
  | { readonly by: 'caller' }
  | { readonly by: 'path-token'; readonly fingerprint: string; readonly issuedAt: Date };

export interface TreeRequest extends ReadConditions {
  readonly path: TreePath;
  readonly access: TreeAccess;
}

export interface TreeEntry {
  /** Without the folder in front, and without a slash. */
  readonly name: string;
  readonly isFile: boolean;
  /** Of a folder 0. */
  readonly sizeBytes: number;
}

export type OpenedTree =
  | { readonly kind: 'file'; readonly opened: OpenedObject }
  /** Pages in byte order. `isWhole`: the first page is all. */
  | { readonly kind: 'folder'; readonly isWhole: boolean; readonly pages: AsyncIterable<readonly TreeEntry[]> };

const PAGE_ENTRIES = 1000;

/**
 * What is at the path. The root is a folder even where nothing is in it. Throws `object-not-found` (absent or hidden),
 * `link-revoked`, and what `decideOpening` throws.
 */
export async function openTree(core: Core, scope: RequestScope, request: TreeRequest): Promise<OpenedTree> {
  const { path, access } = request;
  const { presignDownload } = core.blobs;
  const address = {
    bucket: HOME_BUCKET,
    name: path.name,
    limit: PAGE_ENTRIES + 1,
    withDelivery: presignDownload !== undefined,
  };
  const acting = access.by === 'path-token' ? asService(scope) : scope;
  const rows =
    access.by === 'path-token'
      ? unrevoked(await core.database.run(acting, findLinkedTreeRows, { ...address, ...access }))
      : await core.database.run(acting, findTreeRows, address);
  const [first] = rows;
  if (first?.kind === 'file') return { kind: 'file', opened: decideOpening(core, acting, first.object, request) };
  if (first === undefined && !path.isRoot) {
    throw new SluiceError('object-not-found', 'There is nothing at this path', { facts: { name: path.name } });
  }
  const items = rows.flatMap(row => (row.kind === 'entry' ? [row.item] : []));
  return {
    kind: 'folder',
    isWhole: items.length <= PAGE_ENTRIES,
    pages: pagesOf(core, acting, { folder: path.name, items }),
  };
}

/** What there is to see. Throws `link-revoked`, also where there is nothing. */
function unrevoked(rows: readonly { readonly found: TreeRow | null; readonly revoked: boolean }[]): readonly TreeRow[] {
  if (rows[0]?.revoked !== false) throw new SluiceError('link-revoked', 'The token has been revoked');
  return rows.flatMap(({ found }) => (found === null ? [] : [found]));
}

async function* pagesOf(
  core: Core,
  scope: RequestScope,
  { folder, items }: { folder: string; items: readonly TreeItem[] },
): AsyncIterable<readonly TreeEntry[]> {
  for (let page = items; ; ) {
    const shown = page.slice(0, PAGE_ENTRIES);
    const after = page.length > PAGE_ENTRIES ? shown.at(-1) : undefined;
    const address = { bucket: HOME_BUCKET, folder, limit: PAGE_ENTRIES + 1 };
    // The next page is fetched while the reader takes this one; one who goes away never asks for it.
    const next = after === undefined ? null : core.database.run(scope, listTreeItems, { ...address, after });
    next?.catch(() => {});
    yield treeEntries(shown, `${folder}/`);
    if (next === null) return;
    page = await next;
  }
}

/** A name with an empty segment, or with one that means another folder, has no path here; other doors allow both. */
function treeEntries(items: readonly TreeItem[], prefix: string): readonly TreeEntry[] {
  return items
    .map(({ name, isFolder, sizeBytes }) => ({
      name: name.slice(prefix.length, isFolder ? -1 : undefined),
      isFile: !isFolder,
      sizeBytes,
    }))
    .filter(({ name }) => isTreeSegment(name));
}
