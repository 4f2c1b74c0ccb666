/** An engine that finishes an upload long after the gateway has given it up; and a sweep of many unfinished uploads. */
import { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { type BlobStore, BlobStoreError, type PutBlob } from '../../src/blobs/blob-store.ts';
import { addPeople, openSessionFor } from '../support/accounts.ts';
import { type Gateway, SERVICE_TOKEN, SILENT_LOG, startGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';
import { expectAgreement, sweep } from './agreement.ts';
import { send } from './door.ts';

const token = SERVICE_TOKEN;
const REFUSED = 400;

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

describe('an upload whose session ends under way', () => {
  let gateway: Gateway;
  let arrived = () => {};
  let goOn = () => {};
  let letOn: Promise<void>;

  const wrapStore = (store: BlobStore): BlobStore => ({
    ...store,
    async put(blob: PutBlob) {
      arrived();
      await letOn;
      return store.put({ ...blob, signal: new AbortController().signal });
    },
  });

  /** An upload of Alice's that is at the engine until `goOn`, with her session ended meanwhile. */
  async function uploadAfterLogout() {
    const alice = await openSessionFor(gateway.db, 'alice');
    const isThere = new Promise<void>(resolve => {
      arrived = resolve;
    });
    letOn = new Promise(resolve => {
      goOn = resolve;
    });
    const reply = send(gateway.url, 'POST', '/object/home/alice/f', { token: alice.token, body: new Uint8Array(1000) });
    await isThere;
    await gateway.db.sql('update sluice.sessions set revoked_at = now() where id = $1', [alice.id]);
    return { reply };
  }

  beforeAll(async () => {
    gateway = await startGateway({ wrapStore, log: SILENT_LOG, env: { UPLOAD_LEASE: '300ms' } });
    await addPeople(gateway.db);
  });
  afterAll(() => {
    goOn();
    return gateway.stop();
  });

  it('keeps its entry in the ledger, and is refused in the end', async () => {
    const { reply } = await uploadAfterLogout();
    const lease = () =>
      gateway.db.sql<{ until: number }>('select extract(epoch from lease_until)::float8 as until from sluice.blobs');
    const [before] = await lease();
    await until('the lease is renewed', async () => (await lease())[0]?.until !== before?.until);
    goOn();
    expect((await reply).status).toBe(REFUSED);
    await sweep(gateway);
    await expectAgreement(gateway);
  });

  it('leaves no bytes behind where a sweeper has forgotten it before they came', async () => {
    const { reply } = await uploadAfterLogout();
    await sweep(gateway);
    expect(await gateway.db.sql('select from sluice.blobs')).toEqual([]);
    goOn();
    expect((await reply).status).toBe(REFUSED);
    await sweep(gateway);
    await expectAgreement(gateway);
  });
});

it('a form whose last field is late keeps its entry while it is awaited', async () => {
  let stored = () => {};
  const isStored = new Promise<void>(resolve => {
    stored = resolve;
  });
  const wrapStore = (store: BlobStore): BlobStore => ({ ...store, put: blob => store.put(blob).finally(stored) });
  const gateway = await startGateway({ wrapStore, log: SILENT_LOG, env: { UPLOAD_LEASE: '300ms' } });
  try {
    await send(gateway.url, 'POST', '/bucket', { token, json: { name: 'b' } });
    const lease = async () => (await gateway.db.sql('select lease_until from sluice.blobs'))[0];
    async function* form() {
      yield Buffer.from('--x\r\ncontent-disposition: form-data; name=""; filename="f"\r\n\r\nbytes\r\n--x\r\n');
      await isStored;
      const before = await lease();
      await until('the lease is renewed', async () => !isDeepStrictEqual(await lease(), before));
      yield Buffer.from('content-disposition: form-data; name="cacheControl"\r\n\r\n60\r\n--x--\r\n');
    }
    const got = await send(gateway.url, 'POST', '/object/b/f', {
      token,
      body: ReadableStream.from(form()),
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
    });
    expect(got.status).toBe(200);
    await expectAgreement(gateway);
  } finally {
    await gateway.stop();
  }
});
