/** The S3 driver against a real engine, by both of its clients: the common suite, and what only S3 has. */
import { Readable } from 'node:stream';
import { DeleteBucketCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import type { S3Settings } from '../../src/blobs/s3-settings.ts';
import { makeS3Store } from '../../src/blobs/s3-store.ts';
import { blobOf, newKey, rejection } from '../support/blobs.ts';
import { describeWithS3 } from '../support/s3-engine.ts';
import { behindMemory, describeBlobStore, NO_MEMORY } from './blob-store-suite.ts';
import { clientFor, makeS3UnderTest, settingsFor } from './s3-under-test.ts';

const MIB = 1024 * 1024;

describeWithS3('on S3', engine => {
  const options = { optOut: { readWhole: NO_MEMORY } };
  describeBlobStore('the S3 driver with its lean client', () => makeS3UnderTest(engine), options);
  describeBlobStore(
    'the S3 driver with the AWS SDK alone',
    () => makeS3UnderTest(engine, { leanClient: false }),
    options,
  );
  describeBlobStore(
    'the S3 driver behind memory',
    behindMemory(() => makeS3UnderTest(engine)),
  );

  describe.each([
    ['lean client', true],
    ['AWS SDK', false],
  ])('the S3 driver (%s)', (_client, leanClient) => {
    const open = (chosen: Partial<S3Settings>) => makeS3Store(settingsFor(engine, { leanClient, ...chosen }));

    it('says unavailable of everything while the bucket is missing, and absent of nothing', async () => {
      const store = open({});
      const signal = new AbortController().signal;
      const calls: (() => Promise<unknown>)[] = [
        () => store.open(newKey(), { range: null, signal }),
        () => store.stat(newKey()),
        () => store.check(),
        () => store.put(blobOf(Readable.from([Buffer.from('x')]), 1)),
        () => store.list(null)[Symbol.asyncIterator]().next(),
        () => store.delete([newKey()]),
        () => store.abandon(newKey()),
      ];
      for (const call of calls) expect(await rejection(call())).toMatchObject({ failure: 'unavailable' });
      await store.close();
    });

    it('says failed when the keys are wrong', async () => {
      const store = open({ secretAccessKey: 'not the secret' });
      const opening = store.open(newKey(), { range: null, signal: new AbortController().signal });
      expect(await rejection(opening)).toMatchObject({ failure: 'failed' });
      await store.close();
    });

    it('makes the bucket once when two processes start together', async () => {
      const settings = settingsFor(engine, { leanClient });
      const stores = [makeS3Store(settings), makeS3Store(settings)];
      await Promise.all(stores.map(store => store.prepare()));
      const [store] = stores;
      await store?.check();
      for (const each of stores) await each.close();
      await clientFor(engine).send(new DeleteBucketCommand({ Bucket: settings.bucket }));
    });

    it('sends a long body as one PUT where it is told to', async () => {
      const settings = settingsFor(engine, { leanClient, singlePutMaxBytes: 64 * MIB });
      const store = makeS3Store(settings);
      await store.prepare();
      const blob = blobOf(Readable.from(Array.from({ length: 160 }, () => Buffer.alloc(64 * 1024))), 10 * MIB);
      const { md5 } = await store.put(blob);
      const client = clientFor(engine);
      const { ETag } = await client.send(new HeadObjectCommand({ Bucket: settings.bucket, Key: blob.key }));
      expect(ETag).toBe(`"${md5}"`);
      await store.delete([blob.key]);
      await store.close();
      await client.send(new DeleteBucketCommand({ Bucket: settings.bucket }));
      client.destroy();
    });

    it('leaves out an endless owner and type, which S3 would refuse', async () => {
      const { store, remove } = await makeS3UnderTest(engine, { leanClient });
      const labels = {
        bucket: 'b'.repeat(100),
        name: '語'.repeat(341),
        owner: 'ö'.repeat(5000),
        contentType: 'x'.repeat(5000),
      };
      const blob = { ...blobOf(Readable.from([Buffer.from('x')]), 1), labels };
      await store.put(blob);
      const kept = (await store.stat(blob.key)).labels;
      expect(kept).toEqual({ ...labels, owner: null, contentType: '', leftOut: ['owner', 'contentType'] });
      await store.close();
      await remove();
    });
  });
});
