/** Files of the bucket `uploads` as their owners and the staff see them by public name. */
import { SluiceError } from './errors.ts';

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

const PAGE_MAX_FILES = 50;
const NAMES_MAX = 50;

/** Of a page, whatever was asked: a limit that is none of 0 to 50 is 50, an offset that is no such number is 0. */
export function parseFilePage(asked: { readonly limit?: unknown; readonly offset?: unknown }) {
  return {
    limit: integerOr(asked.limit, PAGE_MAX_FILES, PAGE_MAX_FILES),
    offset: integerOr(asked.offset, 0, Number.MAX_SAFE_INTEGER),
  };
}

function integerOr(value: unknown, usual: number, largest: number): number {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : usual;
  return number > largest ? usual : number;
}

/** Throws `too-large` with the fact `part` (`ids`) for more than 50 names. */
export function parseFileNames(names: readonly string[]): readonly string[] {
  if (names.length <= NAMES_MAX) return names;
  throw new SluiceError('too-large', `more than ${NAMES_MAX} files`, { facts: { part: 'ids' } });
}
