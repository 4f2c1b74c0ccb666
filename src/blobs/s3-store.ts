/**
 * The BlobStore on any S3 engine. The requests that every transfer makes (GET, PUT, HEAD of one object,
 * PUT of a part) go through a lean client; the AWS SDK does what is rare or intricate: making the bucket, beginning and
 * completing uploads in parts, deleting, copying, listing.
 */
import type { Readable } from 'node:stream';
import {
  type BucketLocationConstraint,
  CreateBucketCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { makeBlockPool } from '../streams/block-pool.ts';
import { makeMd5Thread } from '../streams/md5.ts';
import { type BlobRange, type BlobStore, BlobStoreError, type ListedBlob } from './blob-store.ts';
import { makeLeanS3Client } from './lean-s3-client.ts';
import { makeS3Copy } from './s3-copy.ts';
import { deleteS3Objects } from './s3-delete.ts';
import { makePresignUpload } from './s3-direct-upload.ts';
import { makeEtagTrust } from './s3-etag-trust.ts';
import { readS3Error, toS3Failure } from './s3-failure.ts';
import { dropUploads } from './s3-multipart.ts';
import type { S3Objects } from './s3-objects.ts';
import { makeLocate, makePresignDownload, makeS3UrlSigner, type SignS3Url } from './s3-presign.ts';
import { makeS3Put, md5OfStored } from './s3-put.ts';
import { DEFAULT_MAX_SOCKETS, DEFAULT_PART_SIZE_BYTES, type S3Settings, s3Timeouts } from './s3-settings.ts';
import type { S3Credentials } from './s3-signer.ts';
import { makeSdkS3Client, makeSdkS3Objects } from './sdk-s3-client.ts';
import { errorName } from './system-code.ts';

/** Two uploads in parts at a time. */
const MOST_SHARED_PARTS = 6;

/** A store in one bucket. Makes no connection until it is used. */
export function makeS3Store(settings: S3Settings): BlobStore {
  const { bucket } = settings;
  const partSizeBytes = settings.partSizeBytes ?? DEFAULT_PART_SIZE_BYTES;
  const client = makeSdkS3Client(settings);
  const objects = settings.leanClient === false ? makeSdkS3Objects(client, bucket) : makeLeanObjects(settings, client);
  const sign = urlSigner(settings, client, settings.publicEndpoint ?? settings.endpoint);
  const signInside = urlSigner(settings, client, settings.endpoint);
  const trust = makeEtagTrust();
  const md5Thread = makeMd5Thread();
  const copies = makeS3Copy({ settings, client, md5Of: (said, blob) => md5OfStored({ objects, trust }, said, blob) });
  return {
    kind: 's3',
    presignDownload: makePresignDownload(sign),
    locate: makeLocate(signInside),
    presignUpload: makePresignUpload({
      bucket,
      endpoint: settings.endpoint,
      sign,
      signInside,
      remove: async keys => {
        for (const { error } of await deleteS3Objects(client, bucket, keys)) if (error !== null) throw error;
      },
      timeouts: s3Timeouts(settings),
    }),
    copy: copies.copy,
    put: makeS3Put({
      objects,
      client,
      bucket,
      trust,
      md5Thread,
      blockPool: makeBlockPool({ blockBytes: partSizeBytes, mostShared: MOST_SHARED_PARTS }),
      partSizeBytes,
      singlePutMaxBytes: settings.singlePutMaxBytes ?? partSizeBytes,
      maxObjectSizeBytes: settings.maxObjectSizeBytes,
    }),
    open: (key, options) => openObject(objects, key, options),
    stat: key => statObject(objects, key),
    delete: keys => deleteS3Objects(client, bucket, keys),
    abandon: key => asS3Failure(() => dropUploads(client, bucket, key)),
    list: after => listObjects(client, bucket, after),
    check: signal => asBucketFailure(() => objects.headBucket(signal)),
    prepare: () => asBucketFailure(() => makeBucket(client, settings)),
    close: async () => {
      await objects.close();
      client.destroy();
      copies.close();
      await md5Thread.close();
    },
  };
}

function urlSigner(settings: S3Settings, client: S3Client, endpoint: string | null): SignS3Url {
  return makeS3UrlSigner({
    bucketUrl: bucketUrl({ ...settings, endpoint }, client),
    region: settings.region,
    credentials: credentialsOf(settings, client),
    now: settings.now ?? Date.now,
  });
}

function makeLeanObjects(settings: S3Settings, client: S3Client): S3Objects {
  return makeLeanS3Client({
    bucketUrl: bucketUrl(settings, client),
    region: settings.region,
    credentials: credentialsOf(settings, client),
    maxSockets: settings.maxSockets ?? DEFAULT_MAX_SOCKETS,
    timeouts: s3Timeouts(settings),
    now: settings.now ?? Date.now,
  });
}

/** The SDK knows the host names of every AWS partition, and when a bucket's name must go into the path. */
function bucketUrl({ bucket, region, endpoint, forcePathStyle }: S3Settings, client: S3Client): URL {
  const { url } = client.config.endpointProvider({
    Bucket: bucket,
    Region: region,
    ForcePathStyle: forcePathStyle,
    ...(endpoint === null ? {} : { Endpoint: endpoint }),
    UseFIPS: false,
    UseDualStack: false,
    Accelerate: false,
    UseGlobalEndpoint: false,
    UseArnRegion: false,
    DisableMultiRegionAccessPoints: true,
  });
  return url;
}

/** Static keys as they are; else the SDK's chain, which keeps what it found until shortly before it expires. */
function credentialsOf(settings: S3Settings, client: S3Client): () => S3Credentials | Promise<S3Credentials> {
  const { accessKeyId, secretAccessKey } = settings;
  if (accessKeyId === null || secretAccessKey === null) return () => client.config.credentials();
  const keys = { accessKeyId, secretAccessKey };
  return () => keys;
}

async function openObject(
  objects: S3Objects,
  key: string,
  options: { range: BlobRange | null; signal: AbortSignal },
): Promise<Readable> {
  try {
    return await objects.get(key, options);
  } catch (error) {
    throw toS3Failure(error, options.signal);
  }
}

/** A HEAD that finds nothing cannot say what is missing, object or bucket, so the bucket is asked for. */
function statObject(objects: S3Objects, key: string): ReturnType<BlobStore['stat']> {
  return asS3Failure(async () => {
    try {
      return await objects.head(key);
    } catch (error) {
      if (toS3Failure(error).failure === 'absent') await asBucketFailure(() => objects.headBucket());
      throw error;
    }
  });
}

/** S3 lists in the byte order of UTF-8, a thousand keys a page. */
async function* listObjects(
  client: S3Client,
  bucket: string,
  after: string | null,
): AsyncGenerator<ListedBlob, void, undefined> {
  let start: { StartAfter?: string; ContinuationToken?: string } | null = after === null ? {} : { StartAfter: after };
  while (start !== null) {
    const request: ListObjectsV2Command = new ListObjectsV2Command({ Bucket: bucket, ...start });
    const page: ListObjectsV2CommandOutput = await asS3Failure(() => client.send(request));
    for (const { Key, Size, LastModified } of page.Contents ?? []) {
      if (Key !== undefined) yield { key: Key, sizeBytes: Size ?? 0, modifiedAt: LastModified ?? new Date(0) };
    }
    start = page.NextContinuationToken === undefined ? null : { ContinuationToken: page.NextContinuationToken };
  }
}

async function makeBucket(client: S3Client, { bucket, region, endpoint }: S3Settings): Promise<void> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
    return;
  } catch (error) {
    if (readS3Error(error).status !== 404) throw error;
  }
  // AWS wants the region named except in us-east-1, where it must not be; other engines need no location.
  const isElsewhere = endpoint === null && region !== 'us-east-1';
  try {
    await client.send(
      new CreateBucketCommand({
        Bucket: bucket,
        ...(isElsewhere
          ? { CreateBucketConfiguration: { LocationConstraint: region as BucketLocationConstraint } }
          : {}),
      }),
    );
  } catch (error) {
    // Another process was faster.
    if (errorName(error) !== 'BucketAlreadyOwnedByYou') throw error;
  }
}

async function asS3Failure<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toS3Failure(error);
  }
}

/** A missing bucket is a store that is away; no single blob is absent. */
async function asBucketFailure<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const failure = toS3Failure(error);
    if (failure.failure !== 'absent') throw failure;
    throw new BlobStoreError('unavailable', 'the S3 bucket does not exist', failure.cause);
  }
}
