/** Copies within the engine, by the AWS SDK: no byte passes here, but the answer may take minutes. */
import { CopyObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { BlobStoreError, type CopyBlob, type StoredBlob } from './blob-store.ts';
import { toS3Failure } from './s3-failure.ts';
import { labelMetadata } from './s3-labels.ts';
import { md5OfEtag } from './s3-objects.ts';
import type { S3Settings } from './s3-settings.ts';
import { makeSdkS3Client } from './sdk-s3-client.ts';

/** CopyObject takes 5 GiB, which a slow disk needs a while for, and some engines say nothing before the end. */
const LONGEST_COPY_MS = 15 * 60_000;

export interface S3Copy {
  copy(blob: CopyBlob): Promise<StoredBlob>;
  close(): void;
}

export interface S3CopyParts {
  readonly settings: S3Settings;
  readonly client: S3Client;
  /** What the engine's ETag is worth: the MD5 it says, or the one that reading the bytes gives. */
  readonly md5Of: (
    said: string | null,
    blob: { readonly key: string; readonly signal: AbortSignal },
  ) => Promise<string>;
}

export function makeS3Copy({ settings, client, md5Of }: S3CopyParts): S3Copy {
  const { bucket } = settings;
  let patient: S3Client | null = null;
  return {
    async copy({ from, key, labels, signal }) {
      patient ??= makeSdkS3Client({ ...settings, timeouts: { ...settings.timeouts, headersMs: LONGEST_COPY_MS } });
      try {
        const copying = new CopyObjectCommand({
          Bucket: bucket,
          Key: key,
          CopySource: `${bucket}/${from}`,
          MetadataDirective: 'REPLACE',
          Metadata: labelMetadata(labels),
        });
        await patient.send(copying, { abortSignal: signal });
        // Of the copy, not of what it was made from: that may have been written again in between.
        const facts = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), { abortSignal: signal });
        const md5 = await md5Of(md5OfEtag(facts.ETag, facts.ServerSideEncryption), { key, signal });
        return { sizeBytes: facts.ContentLength ?? 0, md5 };
      } catch (error) {
        throw mayArrive(toS3Failure(error, signal));
      }
    },
    close: () => patient?.destroy(),
  };
}

/** An engine that was asked to copy goes on when nobody waits for it any more. */
function mayArrive(failure: BlobStoreError): BlobStoreError {
  if (failure.failure !== 'aborted') return failure;
  return new BlobStoreError('unavailable', 'The copy was given up before the store had answered', failure);
}
