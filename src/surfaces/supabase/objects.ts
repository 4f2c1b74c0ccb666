/** Delete, move, copy. */
import type { RequestBodies } from '../../contract/types.generated.ts';
import type { DeletedObject } from '../../database/queries/delete-objects.ts';
import { malformed } from '../../domain/errors.ts';
import { legalHeader } from '../../domain/legal-header.ts';
import { conditionOf } from '../../http/write-conditions.ts';
import { copyObjectTo, deleteManyObjects, deleteOneObject, moveObjectTo } from '../../operations/change-object.ts';
import { type Asked, addressOf } from './asked.ts';
import { userMetadataHeader } from './user-metadata.ts';
import { heedingNoneMatch, refusePartiality } from './write-once.ts';

export async function deleteObject(asked: Asked) {
  const { bucket, name } = addressOf(asked);
  const condition = conditionOf(asked.req.headers);
  if (condition !== null) throw malformed(`an object is deleted as it is, without ${condition}`);
  await deleteOneObject(asked.core, asked.scope, bucket, name);
  return { message: 'Successfully deleted' };
}

export async function deleteObjects({ core, scope, params, body }: Asked) {
  const { prefixes } = body as RequestBodies['deleteObjects'];
  const deleted = await deleteManyObjects(core, scope, params.bucketName ?? '', prefixes);
  return deleted.map(wireDeleted);
}

export async function moveObject({ core, scope, req, body }: Asked) {
  const condition = conditionOf(req.headers);
  if (condition !== null) throw malformed(`an object is moved as it is, without ${condition}`);
  await moveObjectTo(core, scope, relocationOf(body as RequestBodies['moveObject']));
  return { message: 'Successfully moved' };
}

export async function copyObject({ core, scope, req, body }: Asked) {
  const copy = body as RequestBodies['copyObject'];
  const addresses = relocationOf(copy);
  const replace = !copy.copyMetadata;
  const facts = {
    contentType: (replace && legalHeader('mimetype', copy.metadata?.mimetype)) || undefined,
    cacheControl: (replace && legalHeader('cacheControl', copy.metadata?.cacheControl)) || undefined,
    userMetadata: replace ? (userMetadataHeader(req.headers) ?? {}) : undefined,
  };
  refusePartiality(req);
  const copied = await heedingNoneMatch(req, req.headers['x-upsert'] === 'true', upsert =>
    copyObjectTo(core, scope, { ...addresses, ...facts, upsert }),
  );
  return {
    Id: copied.id,
    Key: `${addresses.bucket}/${addresses.name}`,
    id: copied.id,
    name: addresses.name,
    bucket_id: addresses.bucket,
    owner: copied.owner ?? '',
    owner_id: copied.ownerId ?? '',
    version: copied.version,
    created_at: copied.createdAt,
    updated_at: copied.updatedAt,
    last_accessed_at: copied.lastAccessedAt,
    metadata: copied.metadata,
    user_metadata: copied.userMetadata ?? {},
  };
}

function relocationOf(body: RequestBodies['moveObject']) {
  return {
    sourceBucket: body.bucketId,
    sourceName: body.sourceKey,
    // Clients say null, which arrives as the empty text, where they mean none.
    bucket: body.destinationBucket || body.bucketId,
    name: body.destinationKey,
  };
}

function wireDeleted(object: DeletedObject) {
  return {
    name: object.name,
    bucket_id: object.bucket,
    owner: object.owner ?? '',
    owner_id: object.ownerId ?? '',
    version: object.version ?? '',
    id: object.id,
    updated_at: object.updatedAt,
    created_at: object.createdAt,
    last_accessed_at: object.lastAccessedAt,
    metadata: object.metadata ?? {},
    user_metadata: object.userMetadata ?? {},
  };
}
