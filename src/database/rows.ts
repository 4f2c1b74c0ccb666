/** From Postgres's columns to the domain's nouns. */
import type { Bucket, Delivery } from '../domain/buckets.ts';
import { factsOf, type Json, type StoredObject } from '../domain/objects.ts';
import type { BatchRow } from './batch.ts';

/** The columns that `objectOf` reads, of a table called `o`. */
export const OBJECT_COLUMNS =
  'o.id, o.bucket_id, o.name, o.version, o.metadata, o.user_metadata, o.created_at, o.updated_at';

const FIRST_INSTANT = '0001-01-01T00:00:00.000Z';
/** Of zones before there were any: `+00:53:28`. */
const OFFSET_SECONDS = /(?<=[+-]\d\d:\d\d):\d\d$/;
const LAST_INSTANT = '9999-12-31T23:59:59.999Z';

/** ISO 8601 in UTC with milliseconds, from Postgres's text of a timestamptz. What no date can say (`infinity`, BC) is the nearest. */
export function instantOf(text: unknown): string {
  const instant = new Date(String(text));
  if (!Number.isNaN(instant.getTime())) return instant.toISOString();
  if (OFFSET_SECONDS.test(String(text))) return instantOf(String(text).replace(OFFSET_SECONDS, ''));
  return /^-|BC$/.test(String(text)) ? FIRST_INSTANT : LAST_INSTANT;
}

/** As `instantOf`, for a column that may be null. */
export function instantOrNull(text: unknown): string | null {
  return text === null ? null : instantOf(text);
}

export function objectOf(row: BatchRow): StoredObject {
  const updatedAt = instantOf(row.updated_at);
  return {
    id: row.id as string,
    bucket: row.bucket_id as string,
    name: row.name as string,
    version: row.version as string,
    facts: factsOf(row.metadata as Json | null, updatedAt),
    userMetadata: row.user_metadata as Json | null,
    delivery: (row.delivery ?? 'proxy') as Delivery,
    createdAt: instantOf(row.created_at),
    updatedAt,
  };
}

export function bucketOf(row: BatchRow): Bucket {
  return {
    id: row.id as string,
    name: row.name as string,
    owner: (row.owner_id ?? row.owner) as string | null,
    public: row.public as boolean,
    fileSizeLimit: row.file_size_limit as number | null,
    allowedMimeTypes: row.allowed_mime_types as string[] | null,
    delivery: row.delivery as Delivery,
    createdAt: instantOf(row.created_at),
    updatedAt: instantOf(row.updated_at),
  };
}
