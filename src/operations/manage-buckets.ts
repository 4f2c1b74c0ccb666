/** Buckets: create, read, change, empty, delete. Each access is decided by the policies on `storage.buckets`. */
import { OBJECTS_BUCKET } from '../database/postgres-errors.ts';
import {
  type BucketSortColumn,
  type ChangedBucket,
  createBucket,
  deleteBucket,
  emptyBucket,
  findBucket,
  type ListBuckets,
  listBuckets,
  updateBucket,
} from '../database/queries/buckets.ts';
import type { Bucket, BucketRules } from '../domain/buckets.ts';
import type { RequestScope } from '../domain/caller.ts';
import { SluiceError } from '../domain/errors.ts';
import type { SortOrder } from '../domain/listing.ts';
import { parseBucketName } from '../domain/names.ts';
import { type Core, onlyRow } from './core.ts';

const EMPTY_STEP = 1000;

/** Throws `invalid-bucket-name`, `bucket-exists`, `access-denied`. The rules have been parsed (domain/buckets.ts). */
export async function addBucket(
  core: Core,
  scope: RequestScope,
  bucket: { readonly id: string; readonly name: string } & BucketRules,
): Promise<void> {
  parseBucketName(bucket.name);
  parseBucketName(bucket.id);
  await core.database.run(scope, createBucket, { ...bucket, ownerId: scope.caller.subject });
}

/** Throws `bucket-not-found` for a missing bucket and a hidden one alike. */
export async function getBucket(core: Core, scope: RequestScope, id: string): Promise<Bucket> {
  const [bucket] = await core.database.run(scope, findBucket, { id });
  if (bucket === undefined) throw bucketNotFound(id);
  return bucket;
}

/** The buckets that the caller sees. */
export async function getBuckets(
  core: Core,
  scope: RequestScope,
  query: { readonly column: BucketSortColumn; readonly order: SortOrder } & ListBuckets,
): Promise<Bucket[]> {
  return core.database.run(scope, listBuckets(query.column, query.order), query);
}

/** Throws `bucket-not-found`, and `access-denied` for a bucket that the caller sees but may not change. */
export async function changeBucket(core: Core, scope: RequestScope, id: string, rules: BucketRules): Promise<void> {
  await demandChange(id, async () => onlyRow(await core.database.run(scope, updateBucket, { ...rules, id })));
}

/** Throws `bucket-not-found`, `bucket-not-empty`, and `access-denied` for a bucket the caller sees but may not delete. */
export async function removeBucket(core: Core, scope: RequestScope, id: string): Promise<void> {
  try {
    await demandChange(id, async () => onlyRow(await core.database.run(scope, deleteBucket, { id })));
  } catch (error) {
    if (error instanceof SluiceError && error.facts.constraint === OBJECTS_BUCKET) {
      throw new SluiceError('bucket-not-empty', 'The bucket you tried to delete is not empty', {
        facts: { bucket: id },
      });
    }
    throw error;
  }
}

/**
 * Removes every object of a bucket; resolves when every row is gone. A caller under policies removes all or nothing.
 * Throws `bucket-not-found`, and `delete-denied` where an object remains that the caller may not remove.
 */
export async function clearBucket(core: Core, scope: RequestScope, id: string): Promise<void> {
  const step = { role: scope.caller.role, id, limit: EMPTY_STEP };
  for (let remaining = true; remaining && !scope.signal.aborted; ) {
    remaining = onlyRow(await core.database.run(scope, emptyBucket, step));
  }
}

/** A bucket that is still seen where it was not changed may just have been removed by somebody else: that shows the second time. */
async function demandChange(id: string, change: () => Promise<ChangedBucket>): Promise<void> {
  for (const isLast of [false, true]) {
    const { changed, visible } = await change();
    if (changed) return;
    if (!visible) throw bucketNotFound(id);
    if (isLast) break;
  }
  throw new SluiceError('access-denied', 'new row violates row-level security policy for table "buckets"');
}

function bucketNotFound(id: string): SluiceError {
  return new SluiceError('bucket-not-found', 'Bucket not found', { facts: { bucket: id } });
}
