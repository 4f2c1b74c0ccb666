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

export interface DeleteObjects {
  readonly role: string;
  readonly bucket: string;
  readonly names: readonly string[];
}

export const deleteObjects: Statement<DeleteObjects, DeletedObject> = {
  name: 'delete_objects',
  runs: 'gateway',
  text: 'select * from sluice.delete_objects($1, $2, $3)',
  values: ({ role, bucket, names }) => [role, bucket, names],
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
