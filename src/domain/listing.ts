/**
 * Bounds and cursors of listings. Names are compared in byte order, which for UTF-8 is the order of code points, so a
 * prefix is the range from itself to its successor.
 */
import { SluiceError } from './errors.ts';

export type SortColumn = 'name' | 'created_at' | 'updated_at' | 'last_accessed_at';
export type SortOrder = 'asc' | 'desc';

export interface NameRange {
  /** First name of the range. */
  readonly from: string;
  /** First name beyond it; null when nothing follows. */
  readonly to: string | null;
}

const LAST_CODE_POINT = 0x10ffff;
const FIRST_SURROGATE = 0xd800;
const AFTER_SURROGATES = 0xe000;

/** Every name that begins with `prefix`. */
export function rangeOfPrefix(prefix: string): NameRange {
  const points = Array.from(prefix);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const point = last.codePointAt(0) ?? LAST_CODE_POINT;
    if (point < LAST_CODE_POINT) {
      const next = point + 1 === FIRST_SURROGATE ? AFTER_SURROGATES : point + 1;
      return { from: prefix, to: points.join('') + String.fromCodePoint(next) };
    }
  }
  return { from: prefix, to: null };
}

/** The first possible name after `name`: NUL cannot occur in a name, so U+0001 is the smallest continuation. */
export function nextName(name: string): string {
  return `${name}\u0001`;
}

/** Where a page of `list-v2` ended. `time` is Postgres's own text, exact to the microsecond. */
export interface PageCursor {
  readonly name: string;
  readonly isFolder: boolean;
  readonly column: SortColumn;
  readonly order: SortOrder;
  readonly time: string | null;
}

/** The cursor as clients carry it: opaque, URL-safe. */
export function encodeCursor(cursor: PageCursor): string {
  const { name, isFolder, column, order, time } = cursor;
  return Buffer.from(JSON.stringify([name, isFolder, column, order, time])).toString('base64url');
}

/** As Postgres writes a timestamptz. */
const POSTGRES_TIME = /^\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?[+-]\d\d(?::\d\d){0,2}$/;

/** Reads a cursor back. Throws `invalid-parameter` for anything that `encodeCursor` did not make. */
export function decodeCursor(text: string): PageCursor {
  try {
    const [name, isFolder, column, order, time] = JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[];
    const valid =
      typeof name === 'string' &&
      name !== '' &&
      !name.includes('\u0000') &&
      typeof isFolder === 'boolean' &&
      (column === 'name' || column === 'created_at' || column === 'updated_at' || column === 'last_accessed_at') &&
      (order === 'asc' || order === 'desc') &&
      (time === null || (typeof time === 'string' && POSTGRES_TIME.test(time)));
    if (valid && (column === 'name' || isFolder || time !== null)) {
      return { name, isFolder, column, order, time };
    }
  } catch {
    // not base64 of JSON: refused below like any other text
  }
  throw new SluiceError('invalid-parameter', 'Invalid Parameter continuation token', { facts: { part: 'cursor' } });
}

/** How many first letters of a search are tried in both cases; each one doubles the ranges. */
const SEARCH_LETTERS = 4;

/**
 * The ranges, in byte order, that hold every name in `folder` beginning with `search` in any letter case, so that a
 * search seeks instead of reading the folder. Their entries still need comparing beyond the first letters.
 */
export function rangesOfSearch(folder: string, search: string): readonly NameRange[] {
  let beginnings = [''];
  for (const letter of Array.from(search).slice(0, SEARCH_LETTERS)) {
    const cases = new Set([letter, letter.toLowerCase(), letter.toUpperCase()]);
    beginnings = beginnings.flatMap(beginning => [...cases].map(variant => beginning + variant));
  }
  return beginnings
    .map(beginning => rangeOfPrefix(folder + beginning))
    .sort((a, b) => Buffer.compare(Buffer.from(a.from), Buffer.from(b.from)));
}
