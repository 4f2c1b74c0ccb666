/**
 * Blob labels as S3 user metadata and back. Header values must be ASCII, and names are any UTF-8, so every value is the
 * base64url of its UTF-8 bytes: a third longer, where percent-encoding can triple. S3 allows 2 KiB of user metadata:
 * a name of 1024 bytes takes 1366, and the three others are cut to what is left, at the boundary of a character.
 */
import type { BlobLabels } from './blob-store.ts';

const PREFIX = 'x-amz-meta-';
const BUCKET = 'sluice-bucket';
const NAME = 'sluice-name';
const OWNER = 'sluice-owner';
const TYPE = 'sluice-type';
/** Together 540 characters encoded, beside at most 1366 of the name and 91 of the header names. */
const LONGEST_BYTES = { [BUCKET]: 150, [NAME]: 1024, [OWNER]: 150, [TYPE]: 105 } as const;

/** Header names and values in byte order of the names. An absent or empty label has no header. */
export function labelHeaders(labels: BlobLabels): (readonly [name: string, value: string])[] {
  return Object.entries(labelMetadata(labels)).map(([key, value]) => [`${PREFIX}${key}`, value] as const);
}

/** The same as the AWS SDK takes it: metadata keys without the header prefix. */
export function labelMetadata(labels: BlobLabels): Record<string, string> {
  const metadata: Record<string, string> = {};
  const add = (key: keyof typeof LONGEST_BYTES, value: string | null) => {
    if (value !== null && value !== '') metadata[key] = encode(value, LONGEST_BYTES[key]);
  };
  add(BUCKET, labels.bucket);
  add(NAME, labels.name);
  add(OWNER, labels.owner);
  add(TYPE, labels.contentType);
  return metadata;
}

/** Null when the object was not stored by us: bucket and name are what makes it identifiable. */
export function parseLabels(value: (metadataKey: string) => string | undefined): BlobLabels | null {
  const decode = (key: string) => Buffer.from(value(key) ?? '', 'base64url').toString();
  const bucket = decode(BUCKET);
  const name = decode(NAME);
  if (bucket === '' || name === '') return null;
  return { bucket, name, owner: decode(OWNER) || null, contentType: decode(TYPE) };
}

/** The value of a metadata key in the headers of an answer. */
export function metadataIn(headers: Readonly<Record<string, string | string[] | undefined>>) {
  return (key: string): string | undefined => {
    const value = headers[`${PREFIX}${key}`];
    return Array.isArray(value) ? value[0] : value;
  };
}

function encode(text: string, longestBytes: number): string {
  let bytes = Buffer.from(text);
  if (bytes.length > longestBytes) {
    let end = longestBytes;
    // 0b10xxxxxx continues a character (RFC 3629 §3): step back to where one starts.
    while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
    bytes = bytes.subarray(0, end);
  }
  return bytes.toString('base64url');
}
