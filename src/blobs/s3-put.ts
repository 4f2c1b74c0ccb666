/**
 * Decides how a body goes to S3, and what its MD5 is. A declared length within one part streams as one PUT; an unknown
 * length is read up to one part to see whether it ends there; everything else goes in parts. What the engine hashes whole
 * is not hashed here as long as its word is good.
 */
import { createHash } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { makeBlockPool } from '../streams/block-pool.ts';
import type { BlockMemory } from '../streams/gather-blocks.ts';
import { type Md5, type Md5Thread, makeMd5 } from '../streams/md5.ts';
import { type BlobBody, readBlobBody, restOf, streamRest } from './blob-body.ts';
import { BlobStoreError, type PutBlob, type StoredBlob } from './blob-store.ts';
import type { EtagTrust } from './s3-etag-trust.ts';
import { toS3Failure } from './s3-failure.ts';
import { labelMetadata } from './s3-labels.ts';
import { partSizeFor, uploadInParts } from './s3-multipart.ts';
import type { S3Objects } from './s3-objects.ts';

export interface S3PutSettings {
  readonly objects: S3Objects;
  readonly client: S3Client;
  readonly bucket: string;
  readonly trust: EtagTrust;
  readonly md5Thread: Md5Thread;
  /** Memory for parts of the usual size. */
  readonly blockPool: BlockMemory;
  readonly partSizeBytes: number;
  readonly singlePutMaxBytes: number;
  readonly maxObjectSizeBytes: number;
}

/** What is hashed without the thread. */
const HASHED_AT_ONCE_BYTES = 1024 * 1024;
/**
 * What is put into one piece for sending. Pieces of a longer body are let go of as they are sent: kept until the answer,
 * whole or copied, they grow old, and the garbage collector marks the heap for every 64 MiB of them.
 */
const IN_HAND_BYTES = 64 * 1024;

/** The `put` of the S3 driver. */
export function makeS3Put(settings: S3PutSettings): (blob: PutBlob) => Promise<StoredBlob> {
  return blob => withBody(blob, body => putBody(settings, { blob, body }));
}

async function putBody(settings: S3PutSettings, { blob, body }: { blob: PutBlob; body: BlobBody }): Promise<string> {
  const { partSizeBytes, singlePutMaxBytes } = settings;
  const readAhead = blob.sizeBytes === null ? await readPart(body, partSizeBytes) : ((await body.next()) ?? []);
  const isOnePut = blob.sizeBytes === null ? body.ended : blob.sizeBytes <= singlePutMaxBytes;
  const upload = { blob, body, readAhead };
  if (!isOnePut) return putInParts(settings, upload);
  return settings.trust.areMd5() ? putTrusting(settings, upload) : putHashing(settings, upload);
}

/** One PUT, hashed by the engine alone. */
async function putTrusting({ objects, trust }: S3PutSettings, upload: Upload): Promise<string> {
  const { md5 } = await putWhole(objects, upload);
  if (md5 !== null) return md5;
  trust.withdraw();
  return hashStored(objects, upload.blob);
}

/** One PUT, hashed here as it passes. */
async function putHashing({ objects, trust, md5Thread }: S3PutSettings, upload: Upload): Promise<string> {
  const { blob, body } = upload;
  const hash = (blob.sizeBytes ?? body.sizeBytes) <= HASHED_AT_ONCE_BYTES ? makeMd5() : md5Thread.begin();
  const hashed = hashedBody(body, hash);
  try {
    await hashed.take(upload.readAhead);
    const { md5 } = await putWhole(objects, { ...upload, body: hashed });
    await hashed.take([]);
    const own = await hash.digest();
    trust.compare(md5, own);
    return own;
  } finally {
    hash.drop();
  }
}

/** One batch is hashed while the next one is awaited. */
function hashedBody(body: Upload['body'], hash: Md5) {
  let hashing = Promise.resolve();
  const take = async (batch: Buffer[]) => {
    await hashing;
    if (batch.length === 0) return;
    hashing = hash.update(...batch);
    hashing.catch(() => {}); // Whoever asks next hears of it.
  };
  return {
    take,
    next: async () => {
      const batch = await body.next();
      await take(batch ?? []);
      return batch;
    },
    get ended() {
      return body.ended;
    },
    get sizeBytes() {
      return body.sizeBytes;
    },
  };
}

/** Lends the body to `put`, which returns the MD5; afterwards nothing of it is left open and every error is ours. */
async function withBody(blob: PutBlob, put: (body: BlobBody) => Promise<string>): Promise<StoredBlob> {
  const body = readBlobBody(blob);
  try {
    const md5 = await put(body);
    if (!body.ended) throw new BlobStoreError('failed', 'S3 called stored what it had not received whole');
    return { sizeBytes: body.sizeBytes, md5 };
  } catch (error) {
    throw body.blame(afterLastByte(body, toPutFailure(error, blob.signal)));
  } finally {
    body.release();
  }
}

/** Once every byte is on its way, an abort comes too late to be sure: the engine may store them all the same. */
function afterLastByte(body: BlobBody, failure: BlobStoreError): BlobStoreError {
  if (failure.failure !== 'aborted' || !body.ended) return failure;
  return new BlobStoreError('unavailable', 'The upload was given up before the store had answered', failure);
}

/** An upload that vanished in mid-way (NoSuchUpload) is no absent blob. */
function toPutFailure(error: unknown, signal: AbortSignal): BlobStoreError {
  const failure = toS3Failure(error, signal);
  return failure.failure === 'absent' ? new BlobStoreError('failed', failure.message, failure.cause) : failure;
}

/** A body of which some pieces have been read already. */
interface Upload {
  readonly blob: PutBlob;
  readonly body: Pick<BlobBody, 'next' | 'ended' | 'sizeBytes'>;
  readonly readAhead: Buffer[];
}

/** Reads until the body has ended or is longer than one part. */
async function readPart(body: BlobBody, partSizeBytes: number): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  while (!body.ended && body.sizeBytes <= partSizeBytes) pieces.push(...((await body.next()) ?? []));
  return pieces;
}

/** Sends a short body that is in hand in one piece: fewer system calls, and it can be sent again. */
function putWhole(objects: S3Objects, { blob, body, readAhead }: Upload): Promise<{ md5: string | null }> {
  const isInHand = body.ended && (readAhead.length <= 1 || body.sizeBytes <= IN_HAND_BYTES);
  return objects.put({
    key: blob.key,
    bytes: isInHand ? inOnePiece(readAhead) : streamRest(readAhead, body),
    sizeBytes: blob.sizeBytes ?? body.sizeBytes,
    labels: blob.labels,
    signal: blob.signal,
  });
}

function inOnePiece(pieces: readonly Buffer[]): Buffer {
  const [first] = pieces;
  return first !== undefined && pieces.length === 1 ? first : Buffer.concat(pieces);
}

async function putInParts(settings: S3PutSettings, upload: Upload & { body: BlobBody }): Promise<string> {
  const { blob, body, readAhead } = upload;
  const { blockPool, partSizeBytes, maxObjectSizeBytes } = settings;
  const size = { bytes: blob.sizeBytes ?? maxObjectSizeBytes, declared: blob.sizeBytes !== null };
  const blockBytes = partSizeFor(size, partSizeBytes);
  const md5 = settings.md5Thread.begin();
  try {
    await uploadInParts(settings.client, settings.objects.putPart, {
      bucket: settings.bucket,
      key: blob.key,
      batches: restOf(readAhead, body),
      memory: blockBytes === blockPool.blockBytes ? blockPool : makeBlockPool({ blockBytes, mostShared: 0 }),
      metadata: labelMetadata(blob.labels),
      md5,
      signal: blob.signal,
      stop: () => body.release(),
    });
    return await md5.digest();
  } finally {
    md5.drop();
  }
}

type Stored = Pick<PutBlob, 'key' | 'signal'>;

/** The MD5 of bytes that never passed here: what the engine said, where its word has been good, else by reading them. */
export async function md5OfStored(
  { objects, trust }: { readonly objects: S3Objects; readonly trust: EtagTrust },
  said: string | null,
  blob: Stored,
): Promise<string> {
  if (said !== null && trust.areMd5()) return said;
  const hashed = await hashStored(objects, blob);
  trust.compare(said, hashed);
  return hashed;
}

/** The MD5 of what the engine holds, by reading it: once, when its ETags turn out to be no MD5 any more. */
async function hashStored(objects: S3Objects, { key, signal }: Stored): Promise<string> {
  const hash = createHash('md5');
  for await (const piece of await objects.get(key, { range: null, signal })) hash.update(piece);
  return hash.digest('hex');
}
