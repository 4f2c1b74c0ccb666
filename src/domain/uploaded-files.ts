/** Files of the bucket `uploads` as their owners and the staff see them by public name. */

/** An entry of a list. */
export interface FileEntry {
  readonly name: string;
  readonly displayName: string | null;
}

export interface FilePage {
  /** Of all pages. */
  readonly total: number;
  readonly entries: readonly FileEntry[];
}

/** Instants are ISO 8601 in UTC with milliseconds. */
export interface UploadedFile extends FileEntry {
  /** The owner's number of 13 digits; where the owner has no account here, the id its tokens claim. */
  readonly ownerUid: string | null;
  readonly sizeBytes: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Whose files are meant: one's own (by the id in tokens), those of the account with a uid, or everybody's. */
export type Whose = { readonly owner: string } | { readonly uid: string } | 'anybody';
