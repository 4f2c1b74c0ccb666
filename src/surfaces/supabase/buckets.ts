/** Bucket routes: wire to operation and back. */
import type { RequestBodies, RequestQueries } from '../../contract/types.generated.ts';
import { type Bucket, type BucketRules, parseFileSizeLimit, parseMimePatterns } from '../../domain/buckets.ts';
import { sendJson } from '../../http/send-json.ts';
import {
  addBucket,
  changeBucket,
  clearBucket,
  getBucket,
  getBuckets,
  removeBucket,
} from '../../operations/manage-buckets.ts';
import type { Asked, SupabaseHandlers } from './handlers.ts';

type RulesBody = RequestBodies['updateBucket'];

export const bucketHandlers = {
  async createBucket({ core, scope, body, res }: Asked) {
    const { name, id, ...rules } = body as RequestBodies['createBucket'];
    await addBucket(core, scope, { id: id ?? name, name, ...rulesOf(rules, core.maxUploadSizeBytes) });
    sendJson({ res, status: 200, body: { name } });
  },

  async listBuckets({ core, scope, query, res }: Asked) {
    const { limit, offset, sortColumn, sortOrder, search } = query as RequestQueries['listBuckets'];
    const buckets = await getBuckets(core, scope, {
      column: sortColumn ?? 'name',
      order: sortOrder ?? 'asc',
      limit: limit ?? null,
      offset: offset ?? 0,
      search: search ?? null,
    });
    sendJson({ res, status: 200, body: buckets.map(wireBucket) });
  },

  async getBucket({ core, scope, params, res }: Asked) {
    sendJson({ res, status: 200, body: wireBucket(await getBucket(core, scope, params.bucketId ?? '')) });
  },

  async updateBucket({ core, scope, params, body, res }: Asked) {
    await changeBucket(core, scope, params.bucketId ?? '', rulesOf(body as RulesBody, core.maxUploadSizeBytes));
    sendJson({ res, status: 200, body: { message: 'Successfully updated' } });
  },

  async emptyBucket({ core, scope, params, res }: Asked) {
    await clearBucket(core, scope, params.bucketId ?? '');
    sendJson({ res, status: 200, body: { message: 'Successfully emptied' } });
  },

  async deleteBucket({ core, scope, params, res }: Asked) {
    await removeBucket(core, scope, params.bucketId ?? '');
    sendJson({ res, status: 200, body: { message: 'Successfully deleted' } });
  },
} satisfies SupabaseHandlers;

function rulesOf(body: RulesBody, maxUploadSizeBytes: number): BucketRules {
  const { file_size_limit: limit, allowed_mime_types: types } = body;
  return {
    public: body.public,
    fileSizeLimit: limit == null ? limit : parseFileSizeLimit(limit, maxUploadSizeBytes),
    allowedMimeTypes: types == null ? types : parseMimePatterns(types),
    delivery: body.delivery,
  };
}

/** A missing owner is written as the empty string, as clients of this API expect. */
function wireBucket(bucket: Bucket) {
  return {
    id: bucket.id,
    name: bucket.name,
    owner: bucket.owner ?? '',
    public: bucket.public,
    type: 'STANDARD',
    file_size_limit: bucket.fileSizeLimit,
    allowed_mime_types: bucket.allowedMimeTypes,
    delivery: bucket.delivery,
    created_at: bucket.createdAt,
    updated_at: bucket.updatedAt,
  };
}
