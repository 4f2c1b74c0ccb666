/**
 * What every BlobStore promises, as one function that declares the tests. A driver's test file only says how to make
 * one, and runs it once more behind the wrappers of the gateway. An implementation may opt out of a named case, and only
 * with a reason.
 */
import { Readable } from 'node:stream';
import type { BlobStore } from '../../src/blobs/blob-store.ts';
import { makeCachingStore } from '../../src/blobs/caching-store.ts';
import { makeMeasuredStore } from '../../src/blobs/measured-store.ts';
import {
  blobOf,
  collect,
  endlessBody,
  listAll,
  md5,
  neverAborted,
  newKey,
  openAll,
  patternedBytes,
  putBytes,
  rejection,
  stallingBody,
} from '../support/blobs.ts';
import { declareRefusals, declareRoundTrips } from './blob-store-suite-put.ts';
import { declareReading, declareReadingWhole, declareStat } from './blob-store-suite-read.ts';

export interface BlobStoreUnderTest {
  readonly store: BlobStore;
  /** The length beyond which the store works in parts; any for a store that does not. */
  readonly partSizeBytes: number;
  /** Leaves behind what a process that dies in the middle of a `put` would. */
  leaveUnfinished(key: string): Promise<void>;
  countUnfinished(key: string): Promise<number>;
  /** Removes everything; the store is closed by the suite. */
  remove(): Promise<void>;
}

export interface BlobStoreOptions {
  /** Case to reason. */
  readonly optOut?: { readonly labels?: string; readonly readWhole?: string };
}

const MIB = 1024 * 1024;
/** Garbage included: what a store keeps is far less, and what does not stream shows as 200 MiB and more. */
const RSS_GROWTH_BYTES = 128 * MIB;

/** Declares the whole suite under the name of the store. `make` is called once and returns a prepared store. */
export function describeBlobStore(
  name: string,
  make: () => Promise<BlobStoreUnderTest>,
  options: BlobStoreOptions = {},
): void {
  describe(name, () => {
    const place: { current: BlobStoreUnderTest | null } = { current: null };
    const use: Use = () => {
      if (place.current === null) throw new Error('the store was not made');
      return place.current;
    };
    beforeAll(async () => {
      place.current = await make();
    }, 60_000);
    afterAll(async () => {
      await place.current?.store.close();
      await place.current?.store.close();
      await place.current?.remove();
    });
    describe('put', () => declareRefusals(use));
    describe('put and open', () => declareRoundTrips(use));
    describe('open', () => declareReading(use));
    describe('readWhole', () => declareReadingWhole(use, options));
    describe('stat', () => declareStat(use, options));
    describe('delete', () => declareDelete(use));
    describe('list', () => declareList(use));
    describe('abandon', () => declareAbandon(use));
    describe('memory', () => declareMemory(use));
  });
}

export type Use = () => BlobStoreUnderTest;

/** For the drivers. */
export const NO_MEMORY = 'a driver keeps no bytes in memory';

/** The same store as the gateway has it: measured, and with small blobs in memory. */
export function behindMemory(make: () => Promise<BlobStoreUnderTest>): () => Promise<BlobStoreUnderTest> {
  return async () => {
    const place = await make();
    const store = makeCachingStore(
      makeMeasuredStore(place.store, () => {}),
      { maxBytes: MIB, onRead: () => {} },
    );
    return { ...place, store };
  };
}

function declareDelete(use: Use): void {
  it('removes a thousand keys in one call, most of them absent', async () => {
    const { store } = use();
    const present = await Promise.all([1, 2, 3].map(size => putBytes(store, Buffer.alloc(size))));
    const keys = [...present, ...Array.from({ length: 997 }, newKey)];
    const outcomes = await store.delete(keys);
    expect(outcomes.map(({ key }) => key).sort()).toEqual([...keys].sort());
    expect(outcomes.filter(({ error }) => error !== null)).toEqual([]);
    for (const key of present) expect(await rejection(store.stat(key))).toMatchObject({ failure: 'absent' });
  });

  it('leaves other keys alone', async () => {
    const { store } = use();
    const [kept, removed] = await Promise.all([
      putBytes(store, Buffer.from('kept')),
      putBytes(store, Buffer.from('x')),
    ]);
    await store.delete([removed]);
    expect(String(await openAll(store, kept))).toBe('kept');
  });

  it('takes an empty batch', async () => {
    expect(await use().store.delete([])).toEqual([]);
  });
}

function declareList(use: Use): void {
  it('gives every key in byte order, beyond one page, with sizes and times', async () => {
    const { store } = use();
    const startedAt = Date.now();
    const keys = Array.from({ length: 1_005 }, newKey);
    for (let start = 0; start < keys.length; start += 32)
      await Promise.all(
        keys
          .slice(start, start + 32)
          .map(key => store.put({ ...blobOf(Readable.from([Buffer.from('12345')]), 5), key })),
      );
    const listed = await listAll(store, null);
    const order = listed.map(({ key }) => key);
    expect(order).toEqual([...order].sort());
    expect(new Set(order).size).toBe(order.length);
    expect(order).toEqual(expect.arrayContaining(keys));
    const one = listed.find(({ key }) => key === keys[0]);
    expect(one?.sizeBytes).toBe(5);
    expect(Math.abs((one?.modifiedAt.getTime() ?? 0) - startedAt)).toBeLessThan(60_000);

    const middle = order[500] ?? '';
    expect((await listAll(store, middle)).map(({ key }) => key)).toEqual(order.slice(501));
    expect(await listAll(store, order.at(-1) ?? '')).toEqual([]);
    for (let start = 0; start < keys.length; start += 1_000) await store.delete(keys.slice(start, start + 1_000));
  });

  it('does not show an upload that is under way', async () => {
    const { store, partSizeBytes } = use();
    const abort = new AbortController();
    const { body, silent } = stallingBody(patternedBytes(partSizeBytes + 10));
    const blob = { ...blobOf(body, 2 * partSizeBytes), signal: abort.signal };
    const outcome = rejection(store.put(blob));
    await silent;
    expect((await listAll(store, null)).map(({ key }) => key)).not.toContain(blob.key);
    abort.abort();
    await outcome;
  });
}

function declareAbandon(use: Use): void {
  it('removes what an interrupted upload of the key left, and only that', async () => {
    const { store, leaveUnfinished, countUnfinished } = use();
    const [key, other] = [newKey(), newKey()];
    await Promise.all([key, key, other].map(leaveUnfinished));
    expect(await countUnfinished(key)).toBe(2);
    await store.abandon(key);
    expect([await countUnfinished(key), await countUnfinished(other)]).toEqual([0, 1]);
    await store.abandon(other);
  });

  it('leaves finished bytes alone and is content with a key it never saw', async () => {
    const { store } = use();
    const key = await putBytes(store, Buffer.from('whole'));
    await store.abandon(key);
    await store.abandon(newKey());
    expect(String(await openAll(store, key))).toBe('whole');
  });
}

function declareMemory(use: Use): void {
  it.each([
    ['with a declared length', true],
    ['without', false],
  ])(
    'stays bounded while 200 MiB go in and out, %s',
    async (_case, declared) => {
      const { store } = use();
      const sizeBytes = 200 * MIB;
      const growth = watchRss();
      const blob = blobOf(endlessBody(sizeBytes), declared ? sizeBytes : null);
      await store.put(blob);
      let readBytes = 0;
      for await (const piece of await store.open(blob.key, { range: null, signal: neverAborted() })) {
        readBytes += piece.length;
      }
      expect(readBytes).toBe(sizeBytes);
      expect(growth.end()).toBeLessThan(RSS_GROWTH_BYTES);
      await store.delete([blob.key]);
    },
    60_000,
  );

  it('reads no further ahead than a reader takes', async () => {
    const { store } = use();
    const bytes = patternedBytes(32 * MIB);
    const key = await putBytes(store, bytes);
    const stream = await store.open(key, { range: null, signal: neverAborted() });
    await new Promise(resolve => stream.once('readable', resolve));
    // Calls to the store give the other side the turns in which it would push on.
    for (let turn = 0; turn < 50; turn += 1) await store.check();
    expect(stream.readableLength).toBeLessThan(MIB);
    expect(md5(await collect(stream))).toBe(md5(bytes));
  });

  it('is ready', async () => {
    await expect(use().store.check()).resolves.toBeUndefined();
  });

  it('can be prepared again', async () => {
    await expect(use().store.prepare()).resolves.toBeUndefined();
  });
}

function watchRss() {
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 20);
  return {
    end: () => {
      clearInterval(timer);
      return most - before;
    },
  };
}
