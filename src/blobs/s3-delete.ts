/** Deletes many keys by one DeleteObjects call, or one by one where an engine does not take that call or answers it vaguely. */
import { DeleteObjectCommand, DeleteObjectsCommand, type S3Client } from '@aws-sdk/client-s3';
import { BlobStoreError, type DeletedBlob } from './blob-store.ts';
import { readS3Error, toS3Failure } from './s3-failure.ts';

/** S3 API, "DeleteObjects". */
const MOST_KEYS = 1000;
const SINGLE_DELETES_AT_ONCE = 8;
/** The call itself is refused: no such method, or a checksum the engine insists on in another form. */
const REFUSING_STATUSES = new Set([400, 405, 411, 501]);

/** One outcome per key. Rejects only when nothing is known of any key, because the store is away or refuses us. */
export async function deleteS3Objects(
  client: S3Client,
  bucket: string,
  keys: readonly string[],
): Promise<DeletedBlob[]> {
  if (keys.length === 0) return [];
  if (keys.length > MOST_KEYS) throw new BlobStoreError('failed', `more than ${MOST_KEYS} keys in one delete`);
  try {
    const outcomes = await deleteBatch(client, bucket, keys);
    if (outcomes !== null) return outcomes;
  } catch (error) {
    if (!REFUSING_STATUSES.has(readS3Error(error).status)) throw toS3Failure(error);
  }
  return deleteOneByOne(client, bucket, keys);
}

/** Null where the answer tells of an error and not of which key: any of them may still be there. */
async function deleteBatch(client: S3Client, bucket: string, keys: readonly string[]): Promise<DeletedBlob[] | null> {
  const { Errors } = await client.send(
    new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: keys.map(Key => ({ Key })), Quiet: true } }),
  );
  const codes = new Map((Errors ?? []).map(({ Key, Code }) => [Key, Code ?? '']));
  const outcomes = keys.map(key => ({ key, error: keyFailure(codes.get(key)) }));
  for (const key of keys) codes.delete(key);
  return codes.size === 0 ? outcomes : null;
}

function keyFailure(code: string | undefined): BlobStoreError | null {
  if (code === undefined) return null;
  const failure = toS3Failure(Object.assign(new Error(`S3 did not delete it: ${code}`), { name: code || 'Unknown' }));
  return failure.failure === 'absent' ? null : failure;
}

async function deleteOneByOne(client: S3Client, bucket: string, keys: readonly string[]): Promise<DeletedBlob[]> {
  const outcomes: DeletedBlob[] = [];
  for (let start = 0; start < keys.length; start += SINGLE_DELETES_AT_ONCE) {
    const group = keys.slice(start, start + SINGLE_DELETES_AT_ONCE);
    outcomes.push(...(await Promise.all(group.map(key => deleteOne(client, bucket, key)))));
  }
  return outcomes;
}

async function deleteOne(client: S3Client, bucket: string, key: string): Promise<DeletedBlob> {
  try {
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    return { key, error: null };
  } catch (error) {
    const failure = toS3Failure(error);
    return { key, error: failure.failure === 'absent' ? null : failure };
  }
}
