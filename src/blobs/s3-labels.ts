/**
 * Blob labels as S3 user metadata and back. Header values must be ASCII, and labels are any UTF-8, so every value is the
 * base64url of its UTF-8 bytes: a third longer, where percent-encoding can triple. S3 allows 2 KiB of user metadata,
 * of which a name of 1024 bytes takes 1388; what has no room is left out whole, and its name is kept instead.
 */
import { type BlobLabels, LABELS_BY_WORTH, type LabelName } from './blob-store.ts';

const PREFIX = 'x-amz-meta-';
const KEYS: Readonly<Record<LabelName, string>> = {
  bucket: 'sluice-bucket',
  name: 'sluice-name',
  owner: 'sluice-owner',
  file: 'sluice-file',
  contentType: 'sluice-type',
  contentEncoding: 'sluice-coding',
  cacheControl: 'sluice-cache',
  robots: 'sluice-robots',
  userMetadata: 'sluice-metadata',
};
const LEFT_OUT = 'sluice-left-out';
/** S3 User Guide, "User-defined object metadata"; header names are counted whole, as MinIO does. */
const MOST_BYTES = 2048;
/** Metadata keys and their headers in byte order. */
const HEADERS = [...Object.values(KEYS), LEFT_OUT].sort().map(key => [key, `${PREFIX}${key}`] as const);
/** As much as the longest list of what was left out can take. */
const LEFT_OUT_BYTES = PREFIX.length + LEFT_OUT.length + LABELS_BY_WORTH.join().length;

/** Header names and values in byte order of the names. An absent or empty label has no header. */
export function labelHeaders(labels: BlobLabels): (readonly [name: string, value: string])[] {
  const metadata = labelMetadata(labels);
  const headers: (readonly [name: string, value: string])[] = [];
  for (const [key, name] of HEADERS) {
    const value = metadata[key];
    if (value !== undefined) headers.push([name, value]);
  }
  return headers;
}

/** The same as the AWS SDK takes it: metadata keys without the header prefix. */
export function labelMetadata(labels: BlobLabels): Record<string, string> {
  const metadata: Record<string, string> = {};
  const leftOut: LabelName[] = [];
  let room = MOST_BYTES - LEFT_OUT_BYTES;
  for (const label of LABELS_BY_WORTH) {
    const value = labels[label] ?? '';
    if (value === '') continue;
    const encoded = Buffer.from(value).toString('base64url');
    const takes = PREFIX.length + KEYS[label].length + encoded.length;
    if (takes > room) {
      leftOut.push(label);
    } else {
      metadata[KEYS[label]] = encoded;
      room -= takes;
    }
  }
  if (leftOut.length > 0) metadata[LEFT_OUT] = leftOut.join();
  return metadata;
}

/** Null when the object was not stored by us: bucket and name are what makes it identifiable. */
export function parseLabels(value: (metadataKey: string) => string | undefined): BlobLabels | null {
  const decode = (label: LabelName) => Buffer.from(value(KEYS[label]) ?? '', 'base64url').toString();
  const bucket = decode('bucket');
  const name = decode('name');
  if (bucket === '' || name === '') return null;
  const labels: { -readonly [Label in keyof BlobLabels]: BlobLabels[Label] } = {
    bucket,
    name,
    owner: decode('owner') || null,
    contentType: decode('contentType'),
  };
  for (const label of ['file', 'contentEncoding', 'cacheControl', 'robots', 'userMetadata'] as const) {
    const text = decode(label);
    if (text !== '') labels[label] = text;
  }
  const leftOut = value(LEFT_OUT)?.split(',') ?? [];
  const known = LABELS_BY_WORTH.filter(label => leftOut.includes(label));
  if (known.length > 0) labels.leftOut = known;
  return labels;
}

/** The value of a metadata key in the headers of an answer. */
export function metadataIn(header: (name: string) => string | undefined): (metadataKey: string) => string | undefined {
  return key => header(`${PREFIX}${key}`);
}
