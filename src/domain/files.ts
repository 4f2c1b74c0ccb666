/** Files of the bucket `uploads`: what their records say beyond the object, as sluice.files keeps it. */
import { malformed } from './errors.ts';

/** How the public name of a file was made. */
export type NameFormat = 'RANDOM' | 'UUID' | 'DATE' | 'NAME';

export const UPLOADS_BUCKET = 'uploads';

/** What is said of a file at its upload. */
export interface FileRecord {
  /** What its owner calls it. */
  readonly displayName: string | null;
  /** The name it had at the uploader's, where the uploader asked to keep it. */
  readonly originalName: string | null;
  readonly expiresAt: Date | null;
  /** After so many public views the file is over. */
  readonly maxViews: number | null;
  readonly embed: boolean;
  readonly format: NameFormat;
  /** As `identity/passwords.ts` writes it. */
  readonly passwordHash: string | null;
  readonly folderId: number | null;
}

/** What is kept of a record beside the bytes: what the file is called, and what protects it. */
export interface FileLabel extends Pick<FileRecord, 'displayName' | 'originalName' | 'maxViews'> {
  /** ISO 8601. */
  readonly expiresAt: string | null;
  readonly hasPassword: boolean;
}

/** As JSON. Without the hash of a password: whoever reads the store's metadata may guess at it. */
export function fileLabelOf({ displayName, originalName, expiresAt, maxViews, passwordHash }: FileRecord): string {
  const label: FileLabel = {
    displayName,
    originalName,
    expiresAt: expiresAt?.toISOString() ?? null,
    maxViews,
    hasPassword: passwordHash !== null,
  };
  return JSON.stringify(label);
}

/** Null for whatever `fileLabelOf` has not written. */
export function parseFileLabel(text: string): FileLabel | null {
  try {
    const value = JSON.parse(text) as Partial<FileLabel> | null;
    if (typeof value?.hasPassword !== 'boolean') return null;
    const { displayName = null, originalName = null, expiresAt = null, maxViews = null, hasPassword } = value;
    return { displayName, originalName, expiresAt, maxViews, hasPassword };
  } catch {
    return null;
  }
}

/** A file as its owner sees it. Instants are ISO 8601 in UTC with milliseconds. */
export interface UserFile {
  readonly id: number;
  /** Of its object. */
  readonly objectId: string;
  /** Public: the last segment of its address. */
  readonly name: string;
  readonly ownerId: string | null;
  /** The owner's number; null for an owner without an account. */
  readonly accountId: number | null;
  readonly mimeType: string;
  readonly sizeBytes: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly displayName: string | null;
  readonly originalName: string | null;
  readonly expiresAt: string | null;
  readonly maxViews: number | null;
  readonly views: number;
  readonly favorite: boolean;
  readonly embed: boolean;
  readonly format: string;
  readonly hasPassword: boolean;
  readonly folderId: number | null;
}

/** A collection of files. */
export interface Folder {
  readonly id: number;
  readonly name: string;
  /** The owner's number; null for an owner without an account. */
  readonly accountId: number | null;
  readonly public: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Null where they were not asked for. */
  readonly files: readonly UserFile[] | null;
}

export type FileSort = 'created_at' | 'views' | 'expires_at' | 'size' | 'name' | 'mimetype';

const FOLDER_NAME_MAX_BYTES = 1024;

/** Without the space around it. Throws `invalid-parameter` for what is no text, empty or too long, or holds NUL. */
export function parseFolderName(name: unknown): string {
  if (typeof name !== 'string') throw malformed('name is required');
  const trimmed = name.trim();
  if (trimmed === '') throw malformed('name cannot be empty');
  if (Buffer.byteLength(trimmed) > FOLDER_NAME_MAX_BYTES || trimmed.includes('\u0000')) {
    throw malformed(`invalid name: at most ${FOLDER_NAME_MAX_BYTES} bytes, without U+0000`);
  }
  return trimmed;
}
