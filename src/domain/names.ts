/** What a bucket and an object may be called. The same rules for every surface. */
import { SluiceError } from './errors.ts';

const BUCKET_NAME = /^[\w!.*'() &$@=;:+,?-]{1,100}$/;

/** A bucket of such a name could not be reached: path segments of the bucket API, and what clients resolve before they ask. */
const RESERVED = new Set([
  ...['sign', 'public', 'authenticated', 'info', 'list', 'list-v2', 'move', 'copy', 'upload'],
  ...['.', '..'],
]);

/** Behind it the ecosystem keeps its tables. */
const RESERVED_ENDING = '--table-s3';

const OBJECT_NAME_MAX_BYTES = 1024;
// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing control characters is the point
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * The name of a bucket to be created. Letters, digits, `_` and ``! - . * ' ( ) space & $ @ = ; : + , ?``, 1 to 100
 * characters, no blank at either end, no word that the bucket API uses as a path segment, not `.` or `..`, no
 * `--table-s3` at the end. Throws `invalid-bucket-name`.
 */
export function parseBucketName(text: string): string {
  if (!BUCKET_NAME.test(text) || text.trim() !== text || RESERVED.has(text) || text.endsWith(RESERVED_ENDING)) {
    throw new SluiceError('invalid-bucket-name', 'Bucket name invalid', { facts: { bucket: text } });
  }
  return text;
}

/**
 * The name of an object, for reading and writing alike. Empty segments, leading slashes and dot segments are ordinary
 * text: a name never becomes a file path or an S3 key. Throws `invalid-object-name` for an empty or over-long name,
 * for control characters, and for lone surrogates, which have no UTF-8 form.
 */
export function parseObjectName(text: string): string {
  if (!isObjectName(text)) {
    throw new SluiceError('invalid-object-name', `Invalid key: ${text.slice(0, 200)}`, {
      facts: { name: text.slice(0, 200) },
    });
  }
  return text;
}

/** Whether an object could have this name; where many are named at once, one that could not is simply not there. */
export function isObjectName(text: string): boolean {
  const fits =
    text.length > 0 && text.length <= OBJECT_NAME_MAX_BYTES && Buffer.byteLength(text) <= OBJECT_NAME_MAX_BYTES;
  return fits && !CONTROL.test(text) && text.isWellFormed();
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether a text is a UUID in either letter case, as Postgres would take it for a column of that type. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}
