/** Files of a backend by path: a path names one file, or all files under it. One round trip each. */
import { type BackendFile, type BackendPath, deleteBackendFiles, readBackend } from '../database/queries/backends.ts';
import type { RequestScope } from '../domain/caller.ts';
import { SluiceError } from '../domain/errors.ts';
import { rangeOfPrefix } from '../domain/listing.ts';
import type { OpenedObject } from '../domain/opened-object.ts';
import type { Core } from './core.ts';
import { decideOpening, type ReadConditions } from './open-object.ts';

export interface BackendRequest {
  readonly bucket: string;
  /** Without slashes at either end; empty for the root. */
  readonly path: string;
}

export interface BackendPage extends ReadConditions {
  readonly after: string | null;
  readonly limit: number;
}

export type ReadAnswer =
  | { readonly kind: 'file'; readonly opened: OpenedObject; readonly ownerName: string | null }
  | { readonly kind: 'list'; readonly files: readonly BackendFile[]; readonly hasMore: boolean };

/**
 * The file of that path, else a page of the files under it. Throws `bucket-not-found` (an unknown backend),
 * `object-not-found` (nothing there, or nothing that the caller sees; never for the root), `precondition-failed`,
 * `range-not-satisfiable`.
 */
export async function readBackendPath(
  core: Core,
  scope: RequestScope,
  request: BackendRequest & BackendPage,
): Promise<ReadAnswer> {
  const { after, limit } = request;
  const files = await core.database.run(scope, readBackend, { ...boundsOf(scope, request), after, limit: limit + 1 });
  const [first] = files;
  if (first?.isExact === true) {
    return { kind: 'file', opened: decideOpening(core, scope, first.object, request), ownerName: first.ownerName };
  }
  if (first === undefined && request.path !== '' && after === null) {
    throw new SluiceError('object-not-found', 'File not found');
  }
  return { kind: 'list', files: files.slice(0, limit), hasMore: files.length > limit };
}

/**
 * Removes the file of that path and all files under it, as far as the caller may, in one transaction; gives their names
 * in order. Throws `bucket-not-found`.
 */
export async function deleteBackendPath(core: Core, scope: RequestScope, request: BackendRequest): Promise<string[]> {
  return core.database.run(scope, deleteBackendFiles, boundsOf(scope, request));
}

function boundsOf({ caller }: RequestScope, { bucket, path }: BackendRequest): BackendPath {
  return { role: caller.role, bucket, name: path, ...rangeOfPrefix(path === '' ? '' : `${path}/`) };
}
