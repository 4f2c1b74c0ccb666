/**
 * The Range request header (RFC 9110 §14): which bytes of an object does a client want? One range is served; a header
 * that is malformed, names another unit or asks for several ranges is ignored, as §14.2 allows. Whether the header
 * applies at all (`If-Range`, method) is decided in `preconditions.ts`.
 */

/** Both ends included, 0 <= start <= end < size. */
export type RequestedRange =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' };

const WHOLE: RequestedRange = Object.freeze({ kind: 'whole' });
const UNSATISFIABLE: RequestedRange = Object.freeze({ kind: 'unsatisfiable' });

/** Range units are case-insensitive (§14.1). */
const SINGLE_RANGE = /^bytes=(\d*)-(\d*)$/i;

/**
 * Resolves the header against the object's size. A range past the end is cut to it; one that begins at or behind the
 * end, or asks for the last zero bytes, is unsatisfiable. Of an empty object every first-to-last range is unsatisfiable,
 * and "the last n bytes" are the whole.
 */
export function parseRange(header: string | undefined, sizeBytes: number): RequestedRange {
  const match = header === undefined ? null : SINGLE_RANGE.exec(header.trim());
  if (match === null) return WHOLE;
  const [, first = '', last = ''] = match;
  if (first === '') return last === '' ? WHOLE : suffix(Number(last), sizeBytes);

  // Numbers past 2^53 lose digits here, and past 1e308 become Infinity: all of them are beyond any object's end.
  const start = Number(first);
  const end = last === '' ? Number.POSITIVE_INFINITY : Number(last);
  if (end < start) return WHOLE; // §14.1.1: invalid, not unsatisfiable
  if (start >= sizeBytes) return UNSATISFIABLE;
  return { kind: 'part', start, end: Math.min(end, sizeBytes - 1) };
}

function suffix(lengthBytes: number, sizeBytes: number): RequestedRange {
  if (lengthBytes === 0) return UNSATISFIABLE;
  if (sizeBytes === 0) return WHOLE;
  return { kind: 'part', start: Math.max(0, sizeBytes - lengthBytes), end: sizeBytes - 1 };
}
