/** Delete, move and copy of one object. */
import type { Json } from '../../domain/objects.ts';
import type { BatchRow } from '../batch.ts';
import { instantOf } from '../rows.ts';
import { noRow, type Statement } from '../statement.ts';

export interface DeleteObject {
  readonly role: string;
  readonly bucket: string;
  readonly name: string;
}

export const deleteObject: Statement<DeleteObject, undefined> = {
  name: 'delete_object',
  runs: 'gateway',
  text: 'select sluice.delete_object($1, $2, $3)',
  values: ({ role, bucket, name }) => [role, bucket, name],
  row: noRow,
};

export interface MoveObject {
  readonly role: string;
  readonly sourceBucket: string;
  readonly sourceName: string;
  readonly bucket: string;
  readonly name: string;
  readonly maxSizeBytes: number;
}

export const moveObject: Statement<MoveObject, undefined> = {
  name: 'move_object',
  runs: 'gateway',
  text: 'select sluice.move_object($1, $2, $3, $4, $5, $6)',
  values: move => [move.role, move.sourceBucket, move.sourceName, move.bucket, move.name, move.maxSizeBytes],
  row: noRow,
};

export interface CopyObject extends MoveObject {
  readonly id: string;
  readonly ownerId: string | null;
  /** Merged over the source's metadata. */
  readonly metadata: Json;
  /** Replaces the source's user metadata, unless null. */
  readonly userMetadata: Json | null;
  readonly upsert: boolean;
}

export interface CopiedObject {
  readonly id: string;
  readonly version: string;
  readonly metadata: Json;
  readonly userMetadata: Json | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly lastAccessedAt: string;
}

export const copyObject: Statement<CopyObject, CopiedObject> = {
  name: 'copy_object',
  runs: 'gateway',
  text: 'select * from sluice.copy_object($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)',
  values: copy => [
    copy.role,
    copy.sourceBucket,
    copy.sourceName,
    copy.bucket,
    copy.name,
    copy.id,
    copy.ownerId,
    JSON.stringify(copy.metadata),
    copy.userMetadata === null ? null : JSON.stringify(copy.userMetadata),
    copy.upsert,
    copy.maxSizeBytes,
  ],
  row: copiedOf,
};

function copiedOf(row: BatchRow): CopiedObject {
  return {
    id: row.id as string,
    version: row.version as string,
    metadata: row.metadata as Json,
    userMetadata: row.user_metadata as Json | null,
    createdAt: instantOf(row.created_at),
    updatedAt: instantOf(row.updated_at),
    lastAccessedAt: instantOf(row.last_accessed_at),
  };
}
