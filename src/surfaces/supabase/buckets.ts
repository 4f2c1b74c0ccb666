/** Bucket routes: wire to operation and back. */
import type { RequestBodies, RequestQueries } from '../../contract/types.generated.ts';
import { type Bucket, type BucketRules, parseFileSizeLimit, parseMimePatterns } from '../../domain/buckets.ts';
import {
  addBucket,
  changeBucket,
  clearBucket,
  getBucket,
  getBuckets,
  removeBucket,
} from '../../operations/manage-buckets.ts';
import type { Asked } from './asked.ts';
import { knowsTypeOfBucket } from './old-python-clients.ts';

type RulesBody = RequestBodies['updateBucket'];

export async function createBucket({ core, scope, body }: Asked) {
  const { name, id, ...rules } = body as RequestBodies['createBucket'];
  await addBucket(core, scope, { id: id ?? name, name, ...rulesOf(rules, core.maxUploadSizeBytes) });
  return { name };
}

export async function listBuckets({ core, scope, query, req }: Asked) {
  const { limit, offset, sortColumn, sortOrder, search } = query as RequestQueries['listBuckets'];
  const buckets = await getBuckets(core, scope, {
    column: sortColumn ?? 'name',
    order: sortOrder ?? 'asc',
    limit: limit ?? null,
    offset: offset ?? 0,
    search: search ?? null,
  });
  const type = knowsTypeOfBucket(req.headers) ? { type: 'STANDARD' } : {};
  return buckets.map(bucket => ({ ...wireBucket(bucket), ...type }));
}

export async function readBucket({ core, scope, params }: Asked) {
  return wireBucket(await getBucket(core, scope, params.bucketId ?? ''));
}

export async function updateBucket({ core, scope, params, body }: Asked) {
  await changeBucket(core, scope, params.bucketId ?? '', rulesOf(body as RulesBody, core.maxUploadSizeBytes));
  return { message: 'Successfully updated' };
}

export async function emptyBucket({ core, scope, params }: Asked) {
  await clearBucket(core, scope, params.bucketId ?? '');
  return { message: 'Successfully emptied' };
}

export async function deleteBucket({ core, scope, params }: Asked) {
  await removeBucket(core, scope, params.bucketId ?? '');
  return { message: 'Successfully deleted' };
}

function rulesOf(body: RulesBody, maxUploadSizeBytes: number): BucketRules {
  const { file_size_limit: limit, allowed_mime_types: types } = body;
  return {
    public: body.public,
    fileSizeLimit: limit == null ? limit : parseFileSizeLimit(limit, maxUploadSizeBytes),
    allowedMimeTypes: types == null ? types : parseMimePatterns(types),
    delivery: body.delivery,
  };
}

/**
 * What clients of this API expect: a missing owner is written as the empty string, and a bucket of the ordinary delivery has
 * no property that theirs do not have, because the Python clients that check types refuse any other.
 */
function wireBucket(bucket: Bucket) {
  return {
    id: bucket.id,
    name: bucket.name,
    owner: bucket.owner ?? '',
    public: bucket.public,
    file_size_limit: bucket.fileSizeLimit,
    allowed_mime_types: bucket.allowedMimeTypes,
    ...(bucket.delivery === 'proxy' ? {} : { delivery: bucket.delivery }),
    created_at: bucket.createdAt,
    updated_at: bucket.updatedAt,
  };
}
