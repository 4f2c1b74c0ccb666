/** Delete, move, copy. */
import type { RequestBodies } from '../../contract/types.generated.ts';
import type { DeletedObject } from '../../database/queries/delete-objects.ts';
import { sendJson } from '../../http/send-json.ts';
import { copyObjectTo, deleteManyObjects, deleteOneObject, moveObjectTo } from '../../operations/change-object.ts';
import { addressOf } from './addresses.ts';
import type { Asked, SupabaseHandlers } from './handlers.ts';
import { legalHeader } from './legal-header.ts';
import { userMetadataHeader } from './user-metadata.ts';

export const objectHandlers = {
  async deleteObject(asked: Asked) {
    const { bucket, name } = addressOf(asked);
    await deleteOneObject(asked.core, asked.scope, bucket, name);
    sendJson({ res: asked.res, status: 200, body: { message: 'Successfully deleted' } });
  },

  async deleteObjects({ core, scope, params, body, res }: Asked) {
    const { prefixes } = body as RequestBodies['deleteObjects'];
    const deleted = await deleteManyObjects(core, scope, params.bucketName ?? '', prefixes);
    sendJson({ res, status: 200, body: deleted.map(wireDeleted) });
  },

  async moveObject({ core, scope, body, res }: Asked) {
    await moveObjectTo(core, scope, relocationOf(body as RequestBodies['moveObject']));
    sendJson({ res, status: 200, body: { message: 'Successfully moved' } });
  },

  async copyObject({ core, scope, req, body, res }: Asked) {
    const copy = body as RequestBodies['copyObject'];
    const addresses = relocationOf(copy);
    const replace = !copy.copyMetadata;
    const copied = await copyObjectTo(core, scope, {
      ...addresses,
      upsert: req.headers['x-upsert'] === 'true',
      contentType: replace ? legalHeader(copy.metadata?.mimetype) : undefined,
      cacheControl: replace ? legalHeader(copy.metadata?.cacheControl) : undefined,
      userMetadata: replace ? (userMetadataHeader(req.headers) ?? {}) : undefined,
    });
    sendJson({
      res,
      status: 200,
      body: {
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
      },
    });
  },
} satisfies SupabaseHandlers;

function relocationOf(body: RequestBodies['moveObject']) {
  return {
    sourceBucket: body.bucketId,
    sourceName: body.sourceKey,
    bucket: body.destinationBucket ?? body.bucketId,
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
