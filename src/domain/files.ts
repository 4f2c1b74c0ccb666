/** Files of the bucket `uploads`: what their records say beyond the object, as sluice.files keeps it. */

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
  /** As `identity/password-hash.ts` writes it. */
  readonly passwordHash: string | null;
  readonly folderId: number | null;
}

/** A file about which the uploader says nothing. */
export const PLAIN_RECORD: FileRecord = Object.freeze({
  displayName: null,
  originalName: null,
  expiresAt: null,
  maxViews: null,
  embed: false,
  format: 'RANDOM',
  passwordHash: null,
  folderId: null,
});
