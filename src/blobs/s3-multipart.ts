/**
 * Uploads in parts, and the removal of what such an upload left behind. The parts go through the lean client, or through
 * lib-storage where there is none.
 */
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { BlockMemory } from '../streams/gather-blocks.ts';
import type { Md5 } from '../streams/md5.ts';
import { BlobStoreError } from './blob-store.ts';
import type { PutS3Part } from './s3-objects.ts';
import { sendParts } from './s3-part-sender.ts';
import { errorName } from './system-code.ts';

/** S3 API, "Multipart upload limits". */
const MOST_PARTS = 10_000;
/** Of lib-storage; with the one being gathered and its copy it makes about four in memory. */
const PARTS_AT_ONCE = 2;

/** What a body of unknown length may hold in memory as one part; it ends such bodies at 625 GiB. */
const LARGEST_UNDECLARED_PART_BYTES = 64 * 1024 * 1024;

/**
 * The smallest part, not below the configured one, with which so many bytes fit into S3's 10,000 parts. Where the length
 * is only a limit, the part has one too: memory must not grow with what might come.
 */
export function partSizeFor(size: { readonly bytes: number; readonly declared: boolean }, leastBytes: number): number {
  const fitting = Math.max(leastBytes, Math.ceil(size.bytes / MOST_PARTS));
  return size.declared ? fitting : Math.min(fitting, Math.max(leastBytes, LARGEST_UNDECLARED_PART_BYTES));
}

export interface PartedObject {
  readonly bucket: string;
  readonly key: string;
  readonly batches: AsyncIterable<Buffer[]>;
  /** All parts but the last are as long as its blocks. */
  readonly memory: BlockMemory;
  readonly metadata: Record<string, string>;
  /** Fed with every byte. */
  readonly md5: Md5;
  readonly signal: AbortSignal;
  /** Makes `batches` fail. */
  readonly stop: () => void;
}

/**
 * Uploads the bytes in parts of exactly one block. On failure or abort it rejects after having asked the engine
 * to drop the parts. The error is the first one met, except that a failing clean-up takes its place. Starting,
 * completing and dropping are not aborted: their outcome must be known.
 */
export async function uploadInParts(
  client: S3Client,
  putPart: PutS3Part | undefined,
  object: PartedObject,
): Promise<void> {
  if (putPart === undefined) {
    await uploadByLibStorage(client, object);
    return;
  }
  const place = { Bucket: object.bucket, Key: object.key };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...place, Metadata: object.metadata }));
  if (UploadId === undefined) throw new BlobStoreError('failed', 'S3 began an upload without a name for it');
  try {
    const etags = await sendParts(putPart, { ...object, uploadId: UploadId });
    const Parts = etags.map((ETag, index) => ({ ETag, PartNumber: index + 1 }));
    await client.send(new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } }));
  } catch (error) {
    await dropUpload(client, { ...place, UploadId });
    throw error;
  }
}

async function uploadByLibStorage(client: S3Client, object: PartedObject): Promise<void> {
  const upload = new Upload({
    client: abortingParts(client, object.signal),
    params: {
      Bucket: object.bucket,
      Key: object.key,
      Body: Readable.from(hashedPieces(object), { objectMode: false }),
      Metadata: object.metadata,
    },
    partSize: object.memory.blockBytes,
    queueSize: PARTS_AT_ONCE,
  });
  await upload.done();
}

async function* hashedPieces({ batches, md5 }: PartedObject): AsyncGenerator<Buffer, void, undefined> {
  for await (const batch of batches) {
    await md5.update(...batch);
    yield* batch;
  }
}

/**
 * The client, with the signal on every part. Upload's own abort would reject at once, leave the part on the wire and
 * drop the upload behind our back.
 */
function abortingParts(client: S3Client, signal: AbortSignal): S3Client {
  const send = (command: Parameters<S3Client['send']>[0]) =>
    client.send(command, command instanceof UploadPartCommand ? { abortSignal: signal } : {});
  return Object.create(client, { send: { value: send } });
}

/** Drops every unfinished upload of exactly this key. */
export async function dropUploads(client: S3Client, bucket: string, key: string): Promise<void> {
  let marker: { KeyMarker?: string; UploadIdMarker?: string } | null = {};
  while (marker !== null) {
    const page: ListMultipartUploadsCommandOutput = await client.send(
      new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key, ...marker }),
    );
    for (const { UploadId } of (page.Uploads ?? []).filter(upload => upload.Key === key)) {
      if (UploadId !== undefined) await dropUpload(client, { Bucket: bucket, Key: key, UploadId });
    }
    const { NextKeyMarker, NextUploadIdMarker } = page;
    marker =
      page.IsTruncated && NextKeyMarker !== undefined
        ? {
            KeyMarker: NextKeyMarker,
            ...(NextUploadIdMarker === undefined ? {} : { UploadIdMarker: NextUploadIdMarker }),
          }
        : null;
  }
}

async function dropUpload(client: S3Client, upload: { Bucket: string; Key: string; UploadId: string }): Promise<void> {
  try {
    await client.send(new AbortMultipartUploadCommand(upload));
  } catch (error) {
    if (errorName(error) !== 'NoSuchUpload') throw error; // Somebody else dropped it.
  }
}
