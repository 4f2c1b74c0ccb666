/** Folders and files as this API's clients know them. */
import { malformed } from '../../domain/errors.ts';
import type { Folder, UserFile } from '../../domain/files.ts';
import { numberOf } from './loose-fields.ts';

/** Throws `invalid-parameter`. */
export function folderIdOf(params: Readonly<Record<string, string>>): number {
  const id = numberOf(params.folderId);
  if (id === null) throw malformed('id must be a number');
  return id;
}

/** An owner without an account has the number 0. */
export function wireFolder(folder: Folder) {
  return {
    id: folder.id,
    name: folder.name,
    userId: folder.accountId ?? 0,
    createdAt: folder.createdAt,
    updatedAt: folder.updatedAt,
    public: folder.public,
    ...(folder.files === null ? {} : { files: folder.files.map(wireFile) }),
  };
}

export function wireFile(file: UserFile) {
  return {
    id: file.id,
    name: file.name,
    originalName: file.originalName,
    mimetype: file.mimeType,
    createdAt: file.createdAt,
    expiresAt: file.expiresAt,
    maxViews: file.maxViews,
    views: file.views,
    favorite: file.favorite,
    embed: file.embed,
    format: file.format,
    userId: file.accountId ?? 0,
    folderId: file.folderId,
    url: urlOf(file),
    size: file.sizeBytes,
    password: file.hasPassword,
  };
}

/** The public address, without a host. */
function urlOf({ name }: UserFile): string {
  return `/u/${name.split('/').map(encodeURIComponent).join('/')}`;
}
