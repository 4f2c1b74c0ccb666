/** Files by their public names, for their owners and for the staff. One round trip each; the policies decide. */
import {
  changeUpload,
  findUpload,
  listUploads,
  removeUploads,
  type UploadChange,
} from '../database/queries/uploaded-files.ts';
import type { RequestScope } from '../domain/caller.ts';
import { contentTypeOfName } from '../domain/content-types.ts';
import { errorCode, SluiceError } from '../domain/errors.ts';
import { isObjectName } from '../domain/names.ts';
import { DEFAULT_CONTENT_TYPE } from '../domain/objects.ts';
import { withExtension } from '../domain/public-names.ts';
import type { FilePage, UploadedFile, Whose } from '../domain/uploaded-files.ts';
import { type Core, onlyRow } from './core.ts';

export interface UploadAddress {
  readonly whose: Whose;
  readonly name: string;
}

/** Newest first, with the number of all. Throws `account-not-found`. */
export async function pageUploads(
  core: Core,
  scope: RequestScope,
  page: { readonly whose: Whose; readonly limit: number; readonly offset: number },
): Promise<FilePage> {
  return onlyRow(await core.database.run(scope, listUploads, { role: scope.caller.role, ...page }));
}

/** Throws `object-not-found` (absent, hidden, over, another's than said, or of a user that does not exist). */
export async function getUpload(core: Core, scope: RequestScope, address: UploadAddress): Promise<UploadedFile> {
  demandName(address.name);
  const found = core.database.run(scope, findUpload, { role: scope.caller.role, ...address });
  return onlyRow(await found.catch(asNoFile));
}

/** Null takes the display name away. Throws what `getUpload` throws, and `access-denied`. */
export function renameUpload(
  core: Core,
  scope: RequestScope,
  address: UploadAddress,
  displayName: string | null,
): Promise<UploadedFile> {
  return change(core, scope, address, { displayName });
}

/**
 * Gives the file another public name, with the same stem, and the content type that goes with it. The old name leads
 * nowhere any more. Throws what `renameUpload` throws, and `object-exists`.
 */
export function changeUploadExtension(
  core: Core,
  scope: RequestScope,
  address: UploadAddress,
  extension: string,
): Promise<UploadedFile> {
  const name = withExtension(address.name, extension);
  return change(core, scope, address, { name, contentType: contentTypeOfName(name) ?? DEFAULT_CONTENT_TYPE });
}

async function change(
  core: Core,
  scope: RequestScope,
  address: UploadAddress,
  to: UploadChange,
): Promise<UploadedFile> {
  demandName(address.name);
  const changed = core.database.run(scope, changeUpload, { role: scope.caller.role, ...address, change: to });
  return onlyRow(await changed.catch(asNoFile));
}

/**
 * Removes the files of these names, in one statement, and gives how many went; what is absent, hidden or another's than
 * said is left out. Throws `object-not-found` where nothing went, `delete-denied`.
 */
export async function removeNamedUploads(
  core: Core,
  scope: RequestScope,
  { whose, names }: { readonly whose: Whose; readonly names: readonly string[] },
): Promise<number> {
  const removed = await remove(core, scope, whose, names.filter(isObjectName)).catch(asNoFile);
  if (removed === 0) throw new SluiceError('object-not-found', 'File not found');
  return removed;
}

/** Removes all files of one user, in one statement, and gives how many went. Throws `account-not-found`, `delete-denied`. */
export function removeAllUploads(core: Core, scope: RequestScope, whose: Exclude<Whose, 'anybody'>): Promise<number> {
  return remove(core, scope, whose, null);
}

async function remove(core: Core, scope: RequestScope, whose: Whose, names: readonly string[] | null): Promise<number> {
  return onlyRow(await core.database.run(scope, removeUploads, { role: scope.caller.role, whose, names }));
}

/** Whose user does not exist, no file does. */
function asNoFile(error: unknown): never {
  if (errorCode(error) !== 'account-not-found') throw error;
  throw new SluiceError('object-not-found', 'File not found', { cause: error });
}

/** What no file can be called, none is. */
function demandName(name: string): void {
  if (!isObjectName(name)) throw new SluiceError('object-not-found', 'File not found');
}
