/** S3 stores for the common suite, each in a bucket of its own on a real engine. */
import { randomUUID } from 'node:crypto';
import {
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  ListMultipartUploadsCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { S3Settings } from '../../src/blobs/s3-settings.ts';
import { makeS3Store } from '../../src/blobs/s3-store.ts';
import type { S3EngineAddress } from '../support/s3-engine.ts';
import type { BlobStoreUnderTest } from './blob-store-suite.ts';

const MIB = 1024 * 1024;

/** A store in a bucket of its own, which does not exist yet. */
export function settingsFor(engine: S3EngineAddress, chosen: Partial<S3Settings> = {}): S3Settings {
  const bucket = `sluice-${randomUUID()}`;
  return { ...engine, bucket, forcePathStyle: true, partSizeBytes: 5 * MIB, maxObjectSizeBytes: 1024 * MIB, ...chosen };
}

export function clientFor(engine: S3EngineAddress): S3Client {
  const { endpoint, region, accessKeyId, secretAccessKey } = engine;
  return new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
}

export async function makeS3UnderTest(
  engine: S3EngineAddress,
  chosen: Partial<S3Settings> = {},
): Promise<BlobStoreUnderTest> {
  const settings = settingsFor(engine, chosen);
  const Bucket = settings.bucket;
  const client = clientFor(engine);
  const store = makeS3Store(settings);
  await store.prepare();
  return {
    store,
    partSizeBytes: 5 * MIB,
    leaveUnfinished: async Key => {
      const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'half' }));
    },
    countUnfinished: async Key => {
      const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: Key }));
      return (Uploads ?? []).filter(upload => upload.Key === Key).length;
    },
    remove: async () => {
      const cleaner = makeS3Store(settings);
      for (;;) {
        const keys: string[] = [];
        for await (const { key } of cleaner.list(null)) if (keys.push(key) === 1000) break;
        if (keys.length === 0) break;
        await cleaner.delete(keys);
      }
      await cleaner.close();
      await client.send(new DeleteBucketCommand({ Bucket }));
      client.destroy();
    },
  };
}
