/** User metadata: a JSON object, in base64 in the header `x-metadata` or as plain text in a form field. */
import type { IncomingHttpHeaders } from 'node:http';
import { SluiceError } from '../../domain/errors.ts';
import type { Json } from '../../domain/objects.ts';

const MAX_BYTES = 1024 * 1024;

/** Null when absent. Text that is no JSON object is ignored, as clients of this API expect. Throws `too-large`. */
export function userMetadataHeader(headers: IncomingHttpHeaders): Json | null {
  const header = headers['x-metadata'];
  return typeof header === 'string' ? parseUserMetadata(Buffer.from(header, 'base64').toString()) : null;
}

/** Null for text that is no JSON object, or that Postgres cannot hold. Throws `too-large` beyond 1 MiB. */
export function parseUserMetadata(text: string): Json | null {
  if (Buffer.byteLength(text) > MAX_BYTES) {
    throw new SluiceError('too-large', 'The user metadata exceeded the maximum allowed size');
  }
  try {
    const value: unknown = JSON.parse(text, storable);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Json) : null;
  } catch {
    return null;
  }
}

/** Neither U+0000 nor half of a surrogate pair can be in a text of Postgres. */
const UNSTORABLE = /[\0\p{Cs}]/u;

function storable(key: string, value: unknown): unknown {
  if (UNSTORABLE.test(key) || (typeof value === 'string' && UNSTORABLE.test(value))) throw new SyntaxError(key);
  return value;
}
