/**
 * Decides how a body goes to S3, and what its MD5 is. A declared length within one part streams as one PUT; an unknown
 * length is read up to one part to see whether it ends there; everything else goes in parts.
 */
import { createHash, type Hash } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { type BlobBody, readBlobBody, streamRest } from './blob-body.ts';
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
  readonly partSizeBytes: number;
  readonly singlePutMaxBytes: number;
  readonly maxObjectSizeBytes: number;
}

/** The `put` of the S3 driver. */
export function makeS3Put(settings: S3PutSettings): (blob: PutBlob) => Promise<StoredBlob> {
  const { trust } = settings;
  return blob => {
    const isOnePut = blob.sizeBytes !== null && blob.sizeBytes <= settings.singlePutMaxBytes;
    return isOnePut && trust.areMd5() ? putTrusting(settings, trust, blob) : putHashing(settings, trust, blob);
  };
}

/** One PUT, hashed by the engine alone. */
function putTrusting(settings: S3PutSettings, trust: EtagTrust, blob: PutBlob): Promise<StoredBlob> {
  return withBody(blob, null, async body => {
    const { md5 } = await putWhole(settings.objects, { blob, body, readAhead: await readPiece(body) });
    if (md5 !== null) return md5;
    trust.withdraw();
    return hashStored(settings.objects, blob);
  });
}

/** One PUT or several parts, hashed here as they pass. */
function putHashing(settings: S3PutSettings, trust: EtagTrust, blob: PutBlob): Promise<StoredBlob> {
  const { partSizeBytes, singlePutMaxBytes } = settings;
  const hash = createHash('md5');
  return withBody(blob, hash, async body => {
    const readAhead = blob.sizeBytes === null ? await readPart(body, partSizeBytes) : await readPiece(body);
    const isWhole = blob.sizeBytes === null ? body.ended : blob.sizeBytes <= singlePutMaxBytes;
    if (!isWhole) {
      await putInParts(settings, { blob, body, readAhead });
      return hash.digest('hex');
    }
    const { md5 } = await putWhole(settings.objects, { blob, body, readAhead });
    const hashed = hash.digest('hex');
    trust.compare(md5, hashed);
    return hashed;
  });
}

/** Lends the body to `put`, which returns the MD5; afterwards nothing of it is left open and every error is ours. */
async function withBody(
  blob: PutBlob,
  hash: Hash | null,
  put: (body: BlobBody) => Promise<string>,
): Promise<StoredBlob> {
  const body = readBlobBody({ ...blob, hash });
  try {
    const md5 = await put(body);
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
  readonly body: BlobBody;
  readonly readAhead: Buffer[];
}

/** No socket is taken before the sender's first piece is here. */
async function readPiece(body: BlobBody): Promise<Buffer[]> {
  const piece = await body.next();
  return piece === null ? [] : [piece];
}

/** Reads until the body has ended or is longer than one part. */
async function readPart(body: BlobBody, partSizeBytes: number): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  let gatheredBytes = 0;
  while (!body.ended && gatheredBytes <= partSizeBytes) {
    const piece = await body.next();
    if (piece === null) break;
    gatheredBytes += piece.length;
    pieces.push(piece);
  }
  return pieces;
}

/** Sends a body that is in hand in one piece as a Buffer: fewer system calls, and it can be sent again. */
function putWhole(objects: S3Objects, { blob, body, readAhead }: Upload): Promise<{ md5: string | null }> {
  const inHand = body.ended && readAhead.length <= 1;
  return objects.put({
    key: blob.key,
    bytes: inHand ? (readAhead[0] ?? Buffer.alloc(0)) : streamRest(readAhead, body),
    sizeBytes: blob.sizeBytes ?? body.sizeBytes,
    labels: blob.labels,
    signal: blob.signal,
  });
}

function putInParts(settings: S3PutSettings, { blob, body, readAhead }: Upload): Promise<void> {
  return uploadInParts(settings.client, settings.objects.putPart, {
    bucket: settings.bucket,
    key: blob.key,
    pieces: restOf(readAhead, body),
    partSizeBytes: partSizeFor(
      { bytes: blob.sizeBytes ?? settings.maxObjectSizeBytes, declared: blob.sizeBytes !== null },
      settings.partSizeBytes,
    ),
    metadata: labelMetadata(blob.labels),
    signal: blob.signal,
    stop: () => body.release(),
  });
}

/** Lets go of each piece as it is taken. */
async function* restOf(readAhead: Buffer[], body: BlobBody): AsyncGenerator<Buffer, void, undefined> {
  for (let piece = readAhead.shift(); piece !== undefined; piece = readAhead.shift()) yield piece;
  for (let piece = await body.next(); piece !== null; piece = await body.next()) yield piece;
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
