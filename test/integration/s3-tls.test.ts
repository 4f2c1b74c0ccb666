/** The S3 driver over TLS, where its requests go through undici: the way to every engine that is not beside the gateway. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import tls from 'node:tls';
import { makeS3Store } from '../../src/blobs/s3-store.ts';
import { blobOf, newKey, openAll, rejection } from '../support/blobs.ts';
import { describeWithS3 } from '../support/s3-engine.ts';
import { makeSelfSigned } from '../support/self-signed.ts';
import { startTlsFront } from '../support/tls-front.ts';
import { describeBlobStore, NO_MEMORY } from './blob-store-suite.ts';
import { makeS3UnderTest } from './s3-under-test.ts';

const certified = makeSelfSigned();

// Node reads NODE_EXTRA_CA_CERTS once, before any test has begun; everything else about the connections is as ever.
const { connect } = tls;
const trusting = jest.spyOn(tls, 'connect');
beforeAll(() => {
  trusting.mockImplementation(((options: tls.ConnectionOptions) =>
    connect({ ...options, ca: certified.cert })) as typeof connect);
});
afterAll(() => trusting.mockRestore());

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
});

async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

describe('an answer over TLS that is no success', () => {
  it('leaves its place to the next request', async () => {
    const server = createServer(certified, (request, response) => {
      request.resume();
      if (request.method === 'PUT') response.writeHead(200, { 'content-length': '0' }).end();
      else response.writeHead(503).end('<Error><Code>SlowDown</Code></Error>');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const store = makeS3Store({
      endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'us-east-1',
      bucket: 'bucket',
      accessKeyId: 'id',
      secretAccessKey: 'secret',
      forcePathStyle: true,
      maxObjectSizeBytes: 1024 ** 3,
      maxSockets: 2,
      timeouts: { headersMs: 800 }, // Sooner than a place is taken from whoever is slow.,
    });
    opened.push({ close: () => stop(server) }, store);
    for (let turn = 0; turn < 2; turn += 1)
      expect(await rejection(openAll(store, newKey()))).toMatchObject({ failure: 'unavailable' });
    const put = store.put(blobOf(Readable.from([Buffer.from('x')]), 1));
    await expect(put).resolves.toMatchObject({ sizeBytes: 1 });
  });
});

describeWithS3('on S3 over TLS', engine => {
  // So few that a place which is not given back holds up the rest.
  const makeUnderTest = async () => {
    const front = await startTlsFront(engine.endpoint, certified);
    const place = await makeS3UnderTest({ ...engine, endpoint: front.endpoint }, { maxSockets: 2 });
    const remove = async () => {
      await place.remove();
      await front.stop();
    };
    return { ...place, remove };
  };
  describeBlobStore('the S3 driver with two connections', makeUnderTest, { optOut: { readWhole: NO_MEMORY } });
});
