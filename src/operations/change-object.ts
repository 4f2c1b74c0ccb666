/** Move, copy and delete: one round trip each, no byte touched, whatever the size. */
import { copyObject, deleteObject, moveObject } from '../database/queries/change-object.ts';
import { type DeletedObject, deleteObjects } from '../database/queries/delete-objects.ts';
import type { RequestScope } from '../domain/caller.ts';
import { isObjectName, isUuid, parseObjectName } from '../domain/names.ts';
import { makeObjectId } from '../domain/object-id.ts';
import type { Json } from '../domain/objects.ts';
import { type Core, onlyRow } from './core.ts';

export interface Relocation {
  readonly sourceBucket: string;
  readonly sourceName: string;
  readonly bucket: string;
  readonly name: string;
}

/**
 * Renames an object, across buckets too. Id, owner and bytes stay; onto itself it changes nothing. Throws
 * `invalid-object-name`, `bucket-not-found`, `object-not-found`, `object-exists`, `access-denied`, and the target
 * bucket's `too-large` and `mime-type-not-allowed`.
 */
export async function moveObjectTo(core: Core, scope: RequestScope, move: Relocation): Promise<void> {
  parseObjectName(move.sourceName);
  parseObjectName(move.name);
  await core.database.run(scope, moveObject, {
    ...move,
    role: scope.caller.role,
    maxSizeBytes: core.maxUploadSizeBytes,
  });
}

export interface CopyRequest extends Relocation {
  readonly upsert: boolean;
  /** Where given, these replace the source's. */
  readonly contentType?: string | undefined;
  readonly cacheControl?: string | undefined;
  readonly userMetadata?: Json | undefined;
}

export interface CopyResult {
  readonly id: string;
  readonly version: string;
  readonly owner: string | null;
  readonly ownerId: string | null;
  readonly metadata: Json;
  readonly userMetadata: Json | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly lastAccessedAt: string;
}

/** Adds a row that names the same bytes, owned by the caller. Throws what `moveObjectTo` throws. */
export async function copyObjectTo(core: Core, scope: RequestScope, copy: CopyRequest): Promise<CopyResult> {
  parseObjectName(copy.sourceName);
  parseObjectName(copy.name);
  const { contentType, cacheControl, userMetadata, ...addresses } = copy;
  const copied = onlyRow(
    await core.database.run(scope, copyObject, {
      ...addresses,
      role: scope.caller.role,
      id: makeObjectId(core.now().getTime()),
      ownerId: scope.caller.subject,
      metadata: {
        lastModified: core.now().toISOString(),
        ...(contentType === undefined ? {} : { mimetype: contentType }),
        ...(cacheControl === undefined ? {} : { cacheControl }),
      },
      userMetadata: userMetadata ?? null,
      maxSizeBytes: core.maxUploadSizeBytes,
    }),
  );
  const { subject } = scope.caller;
  // As in db/functions/put-row.sql: the column `owner` holds UUIDs alone, `owner_id` any text.
  return { ...copied, owner: subject !== null && isUuid(subject) ? subject : null, ownerId: subject };
}

/** Throws `object-not-found` (absent or hidden), `bucket-not-found`, `delete-denied` (visible, but not the caller's to remove). */
export async function deleteOneObject(core: Core, scope: RequestScope, bucket: string, name: string): Promise<void> {
  await core.database.run(scope, deleteObject, { role: scope.caller.role, bucket, name: parseObjectName(name) });
}

/** Removes up to 1000 objects by exact name; what is missing, hidden or not the caller's to remove is left out. */
export async function deleteManyObjects(
  core: Core,
  scope: RequestScope,
  bucket: string,
  names: readonly string[],
): Promise<DeletedObject[]> {
  const { role } = scope.caller;
  return core.database.run(scope, deleteObjects, { role, bucket, names: names.filter(isObjectName) });
}
