/** Removes many objects by exact name, as the caller; what is missing or forbidden is left out of the answer. */
import type { Json } from '../../domain/objects.ts';
import { instantOf } from '../rows.ts';
import type { Statement } from '../statement.ts';

export interface DeletedObject {
  readonly id: string;
  readonly bucket: string;
  readonly name: string;
  readonly owner: string | null;
  readonly ownerId: string | null;
  readonly version: string | null;
  readonly metadata: Json | null;
  readonly userMetadata: Json | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly lastAccessedAt: string;
}

export const deleteObjects: Statement<{ readonly bucket: string; readonly names: readonly string[] }, DeletedObject> = {
  name: 'delete_objects',
  runs: 'caller-writes',
  text: `delete from storage.objects o where o.bucket_id = $1 and o.name = any ($2::text[])
    returning o.id, o.bucket_id, o.name, o.owner, o.owner_id, o.version, o.metadata, o.user_metadata,
      o.created_at, o.updated_at, o.last_accessed_at`,
  values: ({ bucket, names }) => [bucket, names],
  row: row => ({
    id: row.id as string,
    bucket: row.bucket_id as string,
    name: row.name as string,
    owner: row.owner as string | null,
    ownerId: row.owner_id as string | null,
    version: row.version as string | null,
    metadata: row.metadata as Json | null,
    userMetadata: row.user_metadata as Json | null,
    createdAt: instantOf(row.created_at),
    updatedAt: instantOf(row.updated_at),
    lastAccessedAt: instantOf(row.last_accessed_at),
  }),
};
