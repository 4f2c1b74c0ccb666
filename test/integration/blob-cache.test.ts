/** Small objects in memory: what a reader notices of it (nothing), what the store does, and what policies still decide. */
import type { Readable } from 'node:stream';
import { type BlobStore, BlobStoreError } from '../../src/blobs/blob-store.ts';
import { LARGEST_WHOLE_BYTES, makeCachingStore } from '../../src/blobs/caching-store.ts';
import { storeKeyOf } from '../../src/domain/objects.ts';
import { putBytes } from '../support/blobs.ts';
import { type Gateway, SERVICE_TOKEN, STORES, startGateway, tokenFor } from '../support/gateway.ts';
import { ALICE } from '../support/scopes.ts';

const ALICE_TOKEN = tokenFor('authenticated', ALICE);

/** Counts what is read from the store, and may break the next read in its middle. */
function observe(store: BlobStore) {
  const reads: string[] = [];
  let breaksBy: Error | null = null;
  const observed: BlobStore = {
    ...store,
    async open(key, options) {
      reads.push(key);
      const stream: Readable = await store.open(key, options);
      const error = breaksBy;
      if (error !== null) stream.once('resume', () => stream.destroy(error));
      breaksBy = null;
      return stream;
    },
  };
  return {
    observed,
    take: () => reads.splice(0).length,
    breakNext: (error: Error) => {
      breaksBy = error;
    },
  };
}

describe.each(STORES)('small objects on the %s store', store => {
  let gateway: Gateway;
  let spy: ReturnType<typeof observe>;

  beforeAll(async () => {
    gateway = await startGateway({
      store,
      wrapStore: inner => {
        spy = observe(inner);
        return spy.observed;
      },
      log: { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} },
    });
    const json = JSON.stringify({ name: 'b' });
    await fetch(`${gateway.url}/bucket`, { method: 'POST', headers: headersOf(SERVICE_TOKEN), body: json });
  });
  afterAll(() => gateway.stop());

  beforeEach(async () => {
    await gateway.db.sql('drop policy if exists reading on storage.objects');
    await gateway.db.sql('create policy reading on storage.objects for select to authenticated using (true)');
  });

  const headersOf = (token: string, more: Record<string, string> = {}) => ({
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    ...more,
  });
  const upload = (name: string, body: Buffer | string) =>
    fetch(`${gateway.url}/object/b/${name}`, {
      method: 'POST',
      headers: headersOf(SERVICE_TOKEN, { 'content-type': 'text/plain', 'x-upsert': 'true' }),
      body: typeof body === 'string' ? body : new Uint8Array(body),
    });
  const read = async (name: string, more: Record<string, string> = {}) => {
    const reply = await fetch(`${gateway.url}/object/authenticated/b/${name}`, {
      headers: headersOf(ALICE_TOKEN, more),
    });
    return { status: reply.status, text: await reply.text(), length: reply.headers.get('content-length') };
  };

  it('are read from the store once', async () => {
    await upload('once', 'the bytes');
    spy.take();
    for (let time = 0; time < 3; time++) expect(await read('once')).toMatchObject({ status: 200, text: 'the bytes' });
    expect(spy.take()).toBe(1);
    const { values } = await metric(gateway);
    expect(values.find(({ labels }) => labels.from === 'memory')?.value).toBe(2);
  });

  it('give any part of themselves', async () => {
    await upload('part', '0123456789');
    expect(await read('part', { range: 'bytes=2-4' })).toEqual({ status: 206, text: '234', length: '3' });
    expect(await read('part', { range: 'bytes=-1' })).toEqual({ status: 206, text: '9', length: '1' });
    expect(await read('part')).toMatchObject({ status: 200, text: '0123456789' });
  });

  it('are judged by the policies at each request, in memory or not', async () => {
    await upload('judged', 'for some');
    expect(await read('judged')).toMatchObject({ status: 200 });
    await gateway.db.sql('drop policy reading on storage.objects');
    expect(await read('judged')).toMatchObject({ status: 400 });
  });

  it('are the new ones as soon as they are replaced, and gone as soon as they are deleted', async () => {
    await upload('changing', 'before');
    expect(await read('changing')).toMatchObject({ text: 'before' });
    await upload('changing', 'after!');
    expect(await read('changing')).toMatchObject({ text: 'after!' });
    await fetch(`${gateway.url}/object/b/changing`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${SERVICE_TOKEN}` },
    });
    expect(await read('changing')).toMatchObject({ status: 400 });
  });

  it('are whole for everybody who reads at once', async () => {
    const text = 'x'.repeat(LARGEST_WHOLE_BYTES);
    await upload('crowd', text);
    const replies = await Promise.all(Array.from({ length: 40 }, () => read('crowd')));
    expect(replies.filter(reply => reply.status === 200 && reply.text === text)).toHaveLength(40);
  });

  it('are not kept when the store breaks off, which is answered as a failure', async () => {
    await upload('broken', 'in the end');
    spy.breakNext(new BlobStoreError('failed', 'the disk has gone'));
    expect(await read('broken')).toMatchObject({ status: 500 });
    spy.breakNext(new Error('ECONNRESET'));
    expect(await read('broken')).toMatchObject({ status: store === 's3' ? 503 : 500 });
    expect(await read('broken')).toMatchObject({ status: 200, text: 'in the end' });
  });

  it('are refused when the store has more or less than the row says', async () => {
    await upload('resized', 'four');
    await gateway.db.sql(
      `update storage.objects set metadata = jsonb_set(metadata, '{size}', '3') where name = 'resized'`,
    );
    expect(await read('resized')).toMatchObject({ status: 500 });
    await gateway.db.sql(
      `update storage.objects set metadata = jsonb_set(metadata, '{size}', '5') where name = 'resized'`,
    );
    expect(await read('resized')).toMatchObject({ status: 500 });
  });

  it('are not read at all for a HEAD or a 304', async () => {
    await upload('head', 'the bytes');
    spy.take();
    await fetch(`${gateway.url}/object/authenticated/b/head`, { method: 'HEAD', headers: headersOf(ALICE_TOKEN) });
    expect(await read('head', { 'if-none-match': '*' })).toMatchObject({ status: 304 });
    expect(spy.take()).toBe(0);
  });

  it('are small: a longer one is streamed each time', async () => {
    await upload('long', Buffer.alloc(LARGEST_WHOLE_BYTES + 1, 'y'));
    spy.take();
    await read('long');
    await read('long');
    expect(spy.take()).toBe(2);
  });

  it('are forgotten with their bytes', async () => {
    await upload('swept', 'soon gone');
    expect(await read('swept')).toMatchObject({ status: 200 });
    const [row] = await gateway.db.sql(`select version from storage.objects where name = 'swept'`);
    await gateway.db.sql(`delete from storage.objects where name = 'swept'`);
    await gateway.app.sweeper.run();
    const reading = async () =>
      gateway.app.core.blobs.readWhole?.(storeKeyOf(String(row?.version)), {
        sizeBytes: 9,
        signal: AbortSignal.timeout(5_000),
      });
    await expect(reading()).rejects.toMatchObject({ failure: 'absent' });
  });
});

it('keeps no more than it may, and lets go what was not read for longest', async () => {
  const gateway = await startGateway({ env: { BLOB_CACHE_SIZE: '0' } });
  try {
    const { blobs } = gateway.app.core;
    expect(blobs.readWhole).toBeUndefined();
    const spy = observe(blobs);
    const cached = makeCachingStore(spy.observed, { maxBytes: 3 * (1000 + 512), onRead: () => {} });
    const keys = await Promise.all([1, 2, 3, 4].map(digit => putBytes(blobs, Buffer.alloc(1000, `${digit}`))));
    const signal = new AbortController().signal;
    const read = async (index: number) =>
      (await cached.readWhole?.(keys[index] ?? '', { sizeBytes: 1000, signal }))?.[0];
    for (const index of [0, 1, 2, 0, 3, 0]) expect(await read(index)).toBe('1234'.charCodeAt(index));
    expect(spy.take()).toBe(4);
    await read(1); // had to go for the fourth
    expect(spy.take()).toBe(1);
  } finally {
    await gateway.stop();
  }
});

async function metric({ app }: Gateway) {
  const found = app.metrics.registry.getSingleMetric('sluice_small_reads_total');
  if (found === undefined) throw new Error('there is no such metric');
  return (await found.get()) as { values: { labels: Record<string, string>; value: number }[] };
}
