/** Folders of files. Each statement is one gateway function, which asks the caller's policies for a permit first. */
import type { Folder } from '../../domain/files.ts';
import type { Json } from '../../domain/objects.ts';
import type { BatchRow } from '../batch.ts';
import { instantOf } from '../rows.ts';
import type { Statement } from '../statement.ts';
import { userFileOf } from './files.ts';

/** What the caller's policies are asked to show for the owner of a folder. */
export type FolderPermit = 'folder-read' | 'folder-change';

interface FolderAddress {
  readonly role: string;
  readonly folderId: number;
}

function folderOf(row: BatchRow): Folder {
  const folder = row.folder as Json;
  const files = folder.files as readonly Json[] | null;
  return {
    id: folder.id as number,
    name: folder.name as string,
    accountId: folder.account_id as number | null,
    public: folder.public as boolean,
    createdAt: instantOf(folder.created_at),
    updatedAt: instantOf(folder.updated_at),
    files: files?.map(userFileOf) ?? null,
  };
}

export const readFolder: Statement<
  FolderAddress & { readonly permit: FolderPermit; readonly withFiles: boolean },
  Folder
> = {
  name: 'read_folder',
  runs: 'gateway',
  text: 'select sluice.read_folder($1, $2, $3, $4) as folder',
  values: ({ role, folderId, permit, withFiles }) => [role, folderId, permit, withFiles],
  row: folderOf,
};

export interface PublicFolder {
  readonly folder: Folder;
  readonly ownerName: string | null;
}

export const readPublicFolder: Statement<FolderAddress, PublicFolder> = {
  name: 'read_public_folder',
  runs: 'gateway',
  text: 'select sluice.read_public_folder($1, $2) as folder',
  values: ({ role, folderId }) => [role, folderId],
  row: row => ({ folder: folderOf(row), ownerName: (row.folder as Json).owner_name as string | null }),
};

export const listFolders: Statement<
  { readonly role: string; readonly owner: string; readonly withFiles: boolean },
  Folder
> = {
  name: 'list_folders',
  runs: 'gateway',
  text: 'select f as folder from sluice.list_folders($1, $2, $3) f',
  values: ({ role, owner, withFiles }) => [role, owner, withFiles],
  row: folderOf,
};

export interface MakeFolder {
  readonly role: string;
  readonly owner: string;
  readonly name: string;
  readonly fileIds: readonly number[];
}

export const makeFolder: Statement<MakeFolder, Folder> = {
  name: 'make_folder',
  runs: 'gateway',
  text: 'select sluice.make_folder($1, $2, $3, $4::text[]::bigint[]) as folder',
  values: ({ role, owner, name, fileIds }) => [role, owner, name, fileIds.map(String)],
  row: folderOf,
};

export const changeFolder: Statement<
  FolderAddress & { readonly isPublic: boolean; readonly withFiles: boolean },
  Folder
> = {
  name: 'change_folder',
  runs: 'gateway',
  text: 'select sluice.change_folder($1, $2, $3, $4) as folder',
  values: ({ role, folderId, isPublic, withFiles }) => [role, folderId, isPublic, withFiles],
  row: folderOf,
};

export const removeFolder: Statement<FolderAddress, Folder> = {
  name: 'remove_folder',
  runs: 'gateway',
  text: 'select sluice.remove_folder($1, $2) as folder',
  values: ({ role, folderId }) => [role, folderId],
  row: folderOf,
};

export interface FileIntoFolder extends FolderAddress {
  readonly fileId: number;
  /** False: out of it. */
  readonly into: boolean;
  readonly withFiles: boolean;
}

export const fileIntoFolder: Statement<FileIntoFolder, Folder> = {
  name: 'file_into_folder',
  runs: 'gateway',
  text: 'select sluice.file_into_folder($1, $2, $3, $4, $5) as folder',
  values: ({ role, folderId, fileId, into, withFiles }) => [role, folderId, fileId, into, withFiles],
  row: folderOf,
};
