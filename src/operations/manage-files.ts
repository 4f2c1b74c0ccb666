/** A user's own files, with what is known of them beyond their objects. One round trip each. */
import { countOwnFiles, type ListOwnFiles, listOwnFiles, markFavorite, removeFile } from '../database/queries/files.ts';
import { removeUploads } from '../database/queries/uploaded-files.ts';
import type { RequestScope } from '../domain/caller.ts';
import { SluiceError } from '../domain/errors.ts';
import type { UserFile } from '../domain/files.ts';
import { isUuid } from '../domain/names.ts';
import { type Core, onlyRow } from './core.ts';

/** Throws `missing-credentials` for a caller whose token names no user. */
export function ownerOf({ caller }: RequestScope): string {
  if (caller.subject === null || !isUuid(caller.subject)) {
    throw new SluiceError('missing-credentials', 'the token names no user');
  }
  return caller.subject;
}

/** A page of them, or with `limit` null all; none that is over. */
export async function getOwnFiles(
  core: Core,
  scope: RequestScope,
  asked: Omit<ListOwnFiles, 'role' | 'owner'>,
): Promise<readonly UserFile[]> {
  const { role } = scope.caller;
  return core.database.run(scope, listOwnFiles, { role, owner: ownerOf(scope), ...asked });
}

/** How many there are on all pages together. */
export async function numberOfOwnFiles(
  core: Core,
  scope: RequestScope,
  asked: Pick<ListOwnFiles, 'favorite' | 'media'>,
): Promise<number> {
  const { role } = scope.caller;
  return onlyRow(await core.database.run(scope, countOwnFiles, { role, owner: ownerOf(scope), ...asked }));
}

/** Throws `object-not-found` (absent, or over), `access-denied` (another's). */
export async function setFavorite(
  core: Core,
  scope: RequestScope,
  asked: { readonly fileId: number; readonly favorite: boolean },
): Promise<UserFile> {
  return onlyRow(await core.database.run(scope, markFavorite, { role: scope.caller.role, ...asked }));
}

/** Throws `object-not-found` (absent, hidden, or over), `delete-denied`. */
export async function deleteFile(core: Core, scope: RequestScope, fileId: number): Promise<UserFile> {
  return onlyRow(await core.database.run(scope, removeFile, { role: scope.caller.role, fileId }));
}

/** All of the caller's own, in one transaction; gives how many. Throws `delete-denied` where a policy forbids every one. */
export async function deleteOwnFiles(core: Core, scope: RequestScope): Promise<number> {
  const { role } = scope.caller;
  const whose = { owner: ownerOf(scope) };
  return onlyRow(await core.database.run(scope, removeUploads, { role, whose, names: null }));
}
