/** Folders of files: one round trip each. The policies decide by permits for the owner of a folder, and on every file. */
import {
  changeFolder,
  type FolderPermit,
  fileIntoFolder,
  listFolders,
  makeFolder,
  type PublicFolder,
  readFolder,
  readPublicFolder,
  removeFolder,
} from '../database/queries/folders.ts';
import type { RequestScope } from '../domain/caller.ts';
import type { Folder } from '../domain/files.ts';
import { type Core, onlyRow } from './core.ts';
import { ownerOf } from './manage-files.ts';

/** Throws `folder-not-found`, `not-permitted` with the fact `permit`. */
export async function getFolder(
  core: Core,
  scope: RequestScope,
  folderId: number,
  asked: { readonly permit: FolderPermit; readonly withFiles: boolean },
): Promise<Folder> {
  return onlyRow(await core.database.run(scope, readFolder, { role: scope.caller.role, folderId, ...asked }));
}

/** Anybody's way to a folder that is public. Throws `folder-not-found`, also for one that is not. */
export async function getPublicFolder(core: Core, scope: RequestScope, folderId: number): Promise<PublicFolder> {
  return onlyRow(await core.database.run(scope, readPublicFolder, { role: scope.caller.role, folderId }));
}

/** The caller's own, the one changed last first. */
export async function getOwnFolders(core: Core, scope: RequestScope, withFiles: boolean): Promise<Folder[]> {
  return core.database.run(scope, listFolders, { role: scope.caller.role, owner: ownerOf(scope), withFiles });
}

/** Throws `object-not-found`, whose message names the files that are missing or not the caller's to change. */
export async function addFolder(
  core: Core,
  scope: RequestScope,
  folder: { readonly name: string; readonly fileIds: readonly number[] },
): Promise<Folder> {
  return onlyRow(
    await core.database.run(scope, makeFolder, { role: scope.caller.role, owner: ownerOf(scope), ...folder }),
  );
}

/** Throws what `getFolder` throws. */
export async function publishFolder(
  core: Core,
  scope: RequestScope,
  folderId: number,
  asked: { readonly isPublic: boolean; readonly withFiles: boolean },
): Promise<Folder> {
  return onlyRow(await core.database.run(scope, changeFolder, { role: scope.caller.role, folderId, ...asked }));
}

/** Removes the folder; its files stay. Throws what `getFolder` throws. */
export async function dropFolder(core: Core, scope: RequestScope, folderId: number): Promise<Folder> {
  return onlyRow(await core.database.run(scope, removeFolder, { role: scope.caller.role, folderId }));
}

/**
 * Puts a file into the folder, out of the one it was in; or out of this one. Throws what `getFolder` throws, then
 * `object-not-found`, `access-denied` (another's file), `folder-membership` (in already, or not in).
 */
export async function sortFile(
  core: Core,
  scope: RequestScope,
  folderId: number,
  asked: { readonly fileId: number; readonly into: boolean; readonly withFiles: boolean },
): Promise<Folder> {
  return onlyRow(await core.database.run(scope, fileIntoFolder, { role: scope.caller.role, folderId, ...asked }));
}
