/** Objects: rows, and the facts about their bytes that the row's `metadata` keeps under the ecosystem's key names. */

import type { Delivery } from './buckets.ts';

export type Json = Readonly<Record<string, unknown>>;

/** A row that names bytes. Instants are ISO 8601 in UTC with milliseconds. */
export interface StoredObject {
  readonly id: string;
  readonly bucket: string;
  readonly name: string;
  readonly version: string;
  readonly facts: ObjectFacts;
  readonly userMetadata: Json | null;
  /** The bucket's; `proxy` where it was not asked for. */
  readonly delivery: Delivery;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What is known of the bytes. */
export interface ObjectFacts {
  readonly sizeBytes: number;
  readonly contentType: string;
  readonly cacheControl: string;
  /** The coding that the bytes are already in, such as `gzip` (RFC 9110 §8.4); null for none. */
  readonly contentEncoding: string | null;
  /** Quoted, as HTTP writes it; null for a row whose bytes were never hashed. */
  readonly etag: string | null;
  readonly lastModified: Date;
  readonly robots: string | null;
}

export const DEFAULT_CONTENT_TYPE = 'application/octet-stream';
export const DEFAULT_CACHE_CONTROL = 'no-cache';

/** The `metadata` of a row whose bytes are `size` long and hash to `md5`. */
export function metadataOf(facts: {
  readonly sizeBytes: number;
  readonly md5: string;
  readonly contentType: string;
  readonly cacheControl: string;
  readonly contentEncoding?: string | null;
  readonly robots: string | null;
  readonly storedAt: Date;
}): Json {
  return {
    eTag: `"${facts.md5}"`,
    size: facts.sizeBytes,
    mimetype: facts.contentType,
    cacheControl: facts.cacheControl,
    ...(facts.contentEncoding ? { contentEncoding: facts.contentEncoding } : {}),
    lastModified: facts.storedAt.toISOString(),
    contentLength: facts.sizeBytes,
    httpStatusCode: 200,
    ...(facts.robots === null ? {} : { xRobotsTag: facts.robots }),
  };
}

/** Reads a row's `metadata`, which may have been written by hand: whatever is missing or of another type has a default. */
export function factsOf(metadata: Json | null, updatedAt: string): ObjectFacts {
  const { size, mimetype, cacheControl, contentEncoding, eTag, lastModified, xRobotsTag } = metadata ?? {};
  const modified = new Date(typeof lastModified === 'string' ? lastModified : updatedAt);
  return {
    sizeBytes: typeof size === 'number' ? size : 0,
    contentType: typeof mimetype === 'string' ? mimetype : DEFAULT_CONTENT_TYPE,
    cacheControl: typeof cacheControl === 'string' ? cacheControl : DEFAULT_CACHE_CONTROL,
    contentEncoding: typeof contentEncoding === 'string' ? contentEncoding : null,
    etag: typeof eTag === 'string' ? eTag : null,
    lastModified: Number.isNaN(modified.getTime()) ? new Date(updatedAt) : modified,
    robots: typeof xRobotsTag === 'string' ? xRobotsTag : null,
  };
}

const STAGED = 'dd-';

/** The version of bytes that a client stores directly, where they wait to be judged. No UUID begins so. */
export function stagedVersionOf(id: string): string {
  return `${STAGED}${id}`;
}

/** Whether these bytes, and whatever the store says of them, are a client's alone. */
export function isStaged(version: string): boolean {
  return version.startsWith(STAGED);
}

/** Where a version's bytes live. Opaque and made of the version alone, so no name ever reaches a store or a file path. */
export function storeKeyOf(version: string): string {
  return `${version.slice(0, 2)}/${version}`;
}
