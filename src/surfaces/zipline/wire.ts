/** What this API takes and gives: numbers that may come as text, folders and files as its clients know them. */
import { SluiceError } from '../../domain/errors.ts';
import type { Folder, UserFile } from '../../domain/files.ts';

export function refusal(message: string): SluiceError {
  return new SluiceError('invalid-parameter', message);
}

const INTEGER = /^\d{1,15}$/;

/** Of a number or its text; null for everything else. */
export function numberOf(value: unknown): number | null {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
  return INTEGER.test(text) ? Number(text) : null;
}

/** Throws `invalid-parameter`. */
export function folderIdOf(params: Readonly<Record<string, string>>): number {
  const id = numberOf(params.folderId);
  if (id === null) throw refusal('id must be a number');
  return id;
}

/** `true` and `1`, in any case. */
export function isYes(value: unknown): boolean {
  return typeof value === 'string' && /^(?:true|1)$/i.test(value);
}

/** The fields of a JSON body; none where there is no body. */
export function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
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
export function urlOf({ name }: UserFile): string {
  return `/u/${name.split('/').map(encodeURIComponent).join('/')}`;
}
