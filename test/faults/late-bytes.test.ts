/** An engine that finishes an upload long after the gateway has given it up; and a sweep of many unfinished uploads. */
import { Readable } from 'node:stream';
import { type BlobStore, BlobStoreError, type PutBlob } from '../../src/blobs/blob-store.ts';
import { type Gateway, SERVICE_TOKEN, SILENT_LOG, startGateway } from '../support/gateway.ts';
import { expectAgreement, sweep } from './agreement.ts';
import { send } from './door.ts';

const token = SERVICE_TOKEN;

describe('an engine that is late', () => {
  let gateway: Gateway;
  /** The uploads that the engine has taken and not yet stored. */
  const taken: (() => Promise<unknown>)[] = [];
  let sweptMeanwhile = false;
  let abandonedAtOnce = 0;
  let mostAtOnce = 0;

  const wrapStore = (store: BlobStore): BlobStore => ({
    ...store,
    async put(blob: PutBlob) {
      const bytes = Buffer.concat(await blob.body.toArray());
      const signal = new AbortController().signal;
      taken.push(() => store.put({ ...blob, body: Readable.from([bytes]), signal }));
      if (sweptMeanwhile) await sweep(gateway);
      throw new BlobStoreError('unavailable', 'the connection broke before the answer came');
    },
    async abandon(key) {
      abandonedAtOnce += 1;
      mostAtOnce = Math.max(mostAtOnce, abandonedAtOnce);
      await store.abandon(key);
      abandonedAtOnce -= 1;
    },
  });

  beforeAll(async () => {
    gateway = await startGateway({ wrapStore, log: SILENT_LOG });
    await send(gateway.url, 'POST', '/bucket', { token, json: { name: 'b' } });
  });
  afterAll(() => gateway.stop());

  it('leaves no bytes behind that arrive after the sweeper has been there', async () => {
    const got = await send(gateway.url, 'POST', '/object/b/late', { token, body: new Uint8Array(1000) });
    expect(got.status).toBe(503);
    await gateway.app.sweeper.run();
    for (const arrive of taken) await arrive();
    await sweep(gateway);
    await expectAgreement(gateway);
  });

  it('leaves no bytes behind either when a sweeper took the upload for dead before', async () => {
    sweptMeanwhile = true;
    taken.length = 0;
    const got = await send(gateway.url, 'POST', '/object/b/later', { token, body: new Uint8Array(1000) });
    expect(got.status).toBe(503);
    await gateway.app.sweeper.run();
    for (const arrive of taken) await arrive();
    await sweep(gateway);
    await expectAgreement(gateway);
  });

  it('sweeps a thousand unfinished uploads a few at a time', async () => {
    await gateway.db.sql(`insert into sluice.blobs (version, store_key, state, lease_until)
      select '00-' || n, '00/00-' || n, 'pending', now() - interval '1 s' from generate_series(1, 1000) as n`);
    await sweep(gateway);
    await expectAgreement(gateway);
    expect(mostAtOnce).toBe(8);
  });
});
