/** A user's own files, with what is known of them beyond their objects. One round trip each. */
import { type ListOwnFiles, listOwnFiles, markFavorite, removeFiles } from '../database/queries/files.ts';
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

export interface FilePage {
  readonly files: readonly UserFile[];
  /** Of all pages; 0 where the page is beyond the end. */
  readonly total: number;
}

export async function getOwnFiles(
  core: Core,
  scope: RequestScope,
  asked: Omit<ListOwnFiles, 'role' | 'owner'>,
): Promise<FilePage> {
  const rows = await core.database.run(scope, listOwnFiles, {
    role: scope.caller.role,
    owner: ownerOf(scope),
    ...asked,
  });
  return { files: rows.map(({ file }) => file), total: rows[0]?.total ?? 0 };
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
  const { role } = scope.caller;
  return onlyRow(await core.database.run(scope, removeFiles, { role, owner: ownerOf(scope), fileId }));
}

/** All of the caller's own, in one transaction; gives how many. */
export async function deleteOwnFiles(core: Core, scope: RequestScope): Promise<number> {
  const { role } = scope.caller;
  const gone = await core.database.run(scope, removeFiles, { role, owner: ownerOf(scope), fileId: null });
  return gone.length;
}
