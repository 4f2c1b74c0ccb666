/** Files of the bucket `uploads` with their records: their owner's view, and the public's. */
import type { FileSort, UserFile } from '../../domain/files.ts';
import { DEFAULT_CONTENT_TYPE, type Json, type StoredObject } from '../../domain/objects.ts';
import { instantOf, instantOrNull, objectOf } from '../rows.ts';
import { noRow, type Statement } from '../statement.ts';

/** One row of sluice.describe_files, as JSON. */
export function userFileOf(file: Json): UserFile {
  return {
    id: file.id as number,
    objectId: file.object_id as string,
    name: file.name as string,
    ownerId: file.owner_id as string | null,
    accountId: file.account_id as number | null,
    mimeType: (file.mimetype ?? DEFAULT_CONTENT_TYPE) as string,
    sizeBytes: (file.size ?? 0) as number,
    createdAt: instantOf(file.created_at),
    updatedAt: instantOf(file.updated_at),
    displayName: file.display_name as string | null,
    originalName: file.original_name as string | null,
    expiresAt: instantOrNull(file.expires_at),
    maxViews: file.max_views as number | null,
    views: file.views as number,
    favorite: file.favorite as boolean,
    embed: file.embed as boolean,
    format: file.format as string,
    hasPassword: file.has_password as boolean,
    folderId: file.folder_id as number | null,
  };
}

export interface ViewFile {
  readonly role: string;
  readonly name: string;
  /** Takes a view, unless a password stands before it. */
  readonly count: boolean;
  /** The hash that the password was checked against; null before. */
  readonly verifiedHash: string | null;
}

export interface ViewedFile {
  readonly object: StoredObject;
  readonly originalName: string | null;
  readonly passwordHash: string | null;
  /** By views, time or a password: nobody else may keep it. */
  readonly isLimited: boolean;
  readonly counted: boolean;
}

export const viewFile: Statement<ViewFile, ViewedFile> = {
  name: 'view_file',
  runs: 'gateway',
  text: 'select * from sluice.view_file($1, $2, $3, $4)',
  values: ({ role, name, count, verifiedHash }) => [role, name, count, verifiedHash],
  row: row => ({
    object: objectOf(row),
    originalName: row.original_name as string | null,
    passwordHash: row.password_hash as string | null,
    isLimited: row.is_limited as boolean,
    counted: row.counted as boolean,
  }),
};

export const uncountView: Statement<{ readonly objectId: string }, undefined> = {
  name: 'uncount_view',
  runs: 'gateway',
  text: 'select sluice.uncount_view($1)',
  values: ({ objectId }) => [objectId],
  row: noRow,
};

export interface ListOwnFiles {
  readonly role: string;
  readonly owner: string;
  readonly favorite: boolean;
  /** Pictures, videos, sounds and texts alone. */
  readonly media: boolean;
  readonly sort: FileSort;
  readonly descending: boolean;
  /** Null: all. */
  readonly limit: number | null;
  readonly skip: number;
}

export const listOwnFiles: Statement<ListOwnFiles, UserFile> = {
  name: 'list_own_files',
  runs: 'gateway',
  text: 'select * from sluice.list_own_files($1, $2, $3, $4, $5, $6, $7, $8)',
  values: list => [list.role, list.owner, list.favorite, list.media, list.sort, list.descending, list.limit, list.skip],
  row: row => userFileOf(row.file as Json),
};

export const countOwnFiles: Statement<Pick<ListOwnFiles, 'role' | 'owner' | 'favorite' | 'media'>, number> = {
  name: 'count_own_files',
  runs: 'gateway',
  text: 'select sluice.count_own_files($1, $2, $3, $4) as count',
  values: ({ role, owner, favorite, media }) => [role, owner, favorite, media],
  row: row => row.count as number,
};

export const markFavorite: Statement<
  { readonly role: string; readonly fileId: number; readonly favorite: boolean },
  UserFile
> = {
  name: 'mark_favorite',
  runs: 'gateway',
  text: 'select sluice.mark_favorite($1, $2, $3) as file',
  values: ({ role, fileId, favorite }) => [role, fileId, favorite],
  row: row => userFileOf(row.file as Json),
};

export const removeFile: Statement<{ readonly role: string; readonly fileId: number }, UserFile> = {
  name: 'remove_file',
  runs: 'gateway',
  text: 'select sluice.remove_file($1, $2) as file',
  values: ({ role, fileId }) => [role, fileId],
  row: row => userFileOf(row.file as Json),
};
