/**
 * What every BlobStore promises, as one function that declares the tests. A driver's test file only says how to make
 * one. An implementation may opt out of a named case, and only with a reason.
 */
import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { BlobLabels, BlobStore, PutBlob } from '../../src/blobs/blob-store.ts';

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
  readonly optOut?: { readonly labels?: string };
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
    describe('stat', () => declareStat(use, options));
    describe('delete', () => declareDelete(use));
    describe('list', () => declareList(use));
    describe('abandon', () => declareAbandon(use));
    describe('memory', () => declareMemory(use));
  });
}

type Use = () => BlobStoreUnderTest;

function declareRefusals(use: Use): void {
  const partSizes = ['10 bytes', 'one part', 'more than one part'] as const;
  const sizeOf = (size: (typeof partSizes)[number]) =>
    ({ '10 bytes': 10, 'one part': use().partSizeBytes, 'more than one part': use().partSizeBytes + 70_000 })[size];

  describe.each(partSizes)('of %s', size => {
    it.each([
      ['ends one byte early', -1],
      ['goes on for one byte', 1],
      ['goes on for a whole piece', 64 * 1024],
    ])('refuses a body that %s', async (_case, extraBytes) => {
      const { store } = use();
      const sizeBytes = sizeOf(size);
      const body = Readable.from(
        piecesOf([patternedBytes(sizeBytes + Math.min(0, extraBytes)), Buffer.alloc(Math.max(0, extraBytes))]),
      );
      const blob = blobOf(body, sizeBytes);
      await expect(store.put(blob)).rejects.toMatchObject({ failure: 'failed' });
      expect(body.destroyed).toBe(true);
      await expectNothing(blob.key);
    });

    it.each([
      ['half way', 0.5],
      ['after its last byte', 1],
    ])('rejects with the very error of a body that fails %s', async (_case, fraction) => {
      const { store } = use();
      for (const declared of [sizeOf(size), null]) {
        const failure = new RangeError('the sender is to blame');
        const blob = blobOf(failingBody(patternedBytes(Math.floor(sizeOf(size) * fraction)), failure), declared);
        expect(await rejection(store.put(blob))).toBe(failure);
        await expectNothing(blob.key);
      }
    });

    it('stops at once when it is aborted while the sender is silent', async () => {
      const { store } = use();
      for (const declared of [sizeOf(size), null]) {
        const abort = new AbortController();
        const { body, silent } = stallingBody(patternedBytes(Math.floor(sizeOf(size) / 2)));
        const blob = { ...blobOf(body, declared), signal: abort.signal };
        const outcome = rejection(store.put(blob));
        await silent;
        abort.abort();
        expect(await outcome).toMatchObject({ failure: 'aborted' });
        expect(body.destroyed).toBe(true);
        await expectNothing(blob.key);
      }
    });
  });

  it('does nothing under a signal that has fired before', async () => {
    const body = Readable.from([Buffer.from('x')]);
    const blob = { ...blobOf(body, 1), signal: AbortSignal.abort() };
    expect(await rejection(use().store.put(blob))).toMatchObject({ failure: 'aborted' });
    expect(body.destroyed).toBe(true);
    await expectNothing(blob.key);
  });

  async function expectNothing(key: string): Promise<void> {
    expect(await rejection(openAll(use().store, key))).toMatchObject({ failure: 'absent' });
    expect(await use().countUnfinished(key)).toBe(0);
  }
}

function declareRoundTrips(use: Use): void {
  const sizes: readonly [string, (partSizeBytes: number) => number][] = [
    ['0 bytes', () => 0],
    ['1 byte', () => 1],
    ['one part less a byte', part => part - 1],
    ['one part', part => part],
    ['one part and a byte', part => part + 1],
    ['three parts', part => 3 * part],
  ];
  describe.each(sizes)('of %s', (_size, sizeOf) => {
    it.each([
      ['with a declared length', true],
      ['without', false],
    ])('gives back the same bytes, %s', async (_case, declared) => {
      const { store, partSizeBytes } = use();
      const bytes = patternedBytes(sizeOf(partSizeBytes));
      const blob = blobOf(Readable.from(piecesOf([bytes])), declared ? bytes.length : null);
      expect(await store.put(blob)).toEqual({ sizeBytes: bytes.length, md5: md5(bytes) });
      expect((await openAll(store, blob.key)).equals(bytes)).toBe(true);
      expect(await use().countUnfinished(blob.key)).toBe(0);
    });
  });

  it('takes many uploads at once', async () => {
    const { store } = use();
    const bodies = Array.from({ length: 40 }, (_, index) => Buffer.alloc(1000 + index, index));
    const keys = await Promise.all(bodies.map(bytes => putBytes(store, bytes)));
    const read = await Promise.all(keys.map(key => openAll(store, key)));
    expect(read.map(md5)).toEqual(bodies.map(md5));
  });
}

function declareReading(use: Use): void {
  const bytes = patternedBytes(300_000);
  const kept: { key: string } = { key: '' };
  beforeAll(async () => {
    kept.key = await putBytes(use().store, bytes);
  });

  it('says absent of a key that was never put', async () => {
    expect(await rejection(openAll(use().store, newKey()))).toMatchObject({ failure: 'absent' });
  });

  it('says aborted under a signal that has fired before', async () => {
    const opening = use().store.open(kept.key, { range: null, signal: AbortSignal.abort() });
    expect(await rejection(opening)).toMatchObject({ failure: 'aborted' });
  });

  it.each([
    ['the first byte', 0, 0],
    ['the last byte', 299_999, 299_999],
    ['a middle piece', 65_530, 131_080],
    ['everything', 0, 299_999],
  ])('reads %s as a range', async (_case, start, end) => {
    const read = await openAll(use().store, kept.key, { start, end });
    expect(read.equals(bytes.subarray(start, end + 1))).toBe(true);
  });

  it('refuses a range beyond the end instead of ending early', async () => {
    const opening = openAll(use().store, kept.key, { start: 299_990, end: 300_010 });
    expect(await rejection(opening)).toMatchObject({ failure: 'failed' });
  });

  it('errors the stream when the signal fires in mid-body', async () => {
    const { store } = use();
    const key = await putBytes(store, patternedBytes(4 * MIB));
    const abort = new AbortController();
    const stream = await store.open(key, { range: null, signal: abort.signal });
    const reading = (async () => {
      for await (const _piece of stream) abort.abort();
    })();
    expect(await rejection(reading)).toHaveProperty('message');
    expect(stream.destroyed).toBe(true);
  });

  it('survives a stream that is destroyed unread', async () => {
    const { store } = use();
    const stream = await store.open(kept.key, { range: null, signal: neverAborted() });
    const closed = new Promise(resolve => stream.once('close', resolve));
    stream.destroy();
    await closed;
    expect((await openAll(store, kept.key)).length).toBe(bytes.length);
  });
}

function declareStat(use: Use, { optOut }: BlobStoreOptions): void {
  it('says absent of a key that was never put', async () => {
    expect(await rejection(use().store.stat(newKey()))).toMatchObject({ failure: 'absent' });
  });

  it.each([0, 12_345])('tells a size of %d bytes', async sizeBytes => {
    const key = await putBytes(use().store, Buffer.alloc(sizeBytes));
    expect((await use().store.stat(key)).sizeBytes).toBe(sizeBytes);
  });

  const labels: readonly [string, BlobLabels][] = [
    [
      'plain',
      { bucket: 'photos', name: 'a/b.png', owner: '7d4c5f1e-0000-4000-8000-000000000000', contentType: 'image/png' },
    ],
    ['no owner', { bucket: 'photos', name: 'a', owner: null, contentType: 'text/plain; charset=utf-8' }],
    ['emoji and accents', { bucket: 'été', name: '🏖️/naïve // %41+&=?.txt ', owner: 'Zoë', contentType: 'text/plain' }],
    [
      'all that a rebuild may want',
      {
        ...{ bucket: 'b', name: 'n', owner: 'o', contentType: 'text/css', contentEncoding: 'gzip' },
        ...{ cacheControl: 'max-age=1', robots: 'noindex', userMetadata: '{"é":"🏖️"}' },
      },
    ],
    ['a name of 1024 bytes', { bucket: 'b', name: `${'語'.repeat(341)}x`, owner: 'o'.repeat(150), contentType: 'a/b' }],
  ];
  if (optOut?.labels !== undefined) {
    it(`keeps no labels: ${optOut.labels}`, async () => {
      const key = await putBytes(use().store, Buffer.from('x'));
      expect((await use().store.stat(key)).labels).toBeNull();
    });
    return;
  }
  describe.each(labels)('with labels: %s', (_case, given) => {
    it.each([10, 'parts'])('gives them back (%s)', async size => {
      const { store, partSizeBytes } = use();
      const bytes = Buffer.alloc(size === 'parts' ? partSizeBytes + 1 : 10);
      const blob = { ...blobOf(Readable.from(piecesOf([bytes])), bytes.length), labels: given };
      await store.put(blob);
      expect((await store.stat(blob.key)).labels).toEqual(given);
    });
  });
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

export function newKey(): string {
  const version = randomUUID();
  return `${version.slice(0, 2)}/${version}`;
}

export function blobOf(body: Readable, sizeBytes: number | null): PutBlob {
  const labels = { bucket: 'photos', name: 'a.png', owner: null, contentType: 'image/png' };
  return { key: newKey(), body, sizeBytes, labels, signal: neverAborted() };
}

export async function putBytes(store: BlobStore, bytes: Buffer): Promise<string> {
  const blob = blobOf(Readable.from(piecesOf([bytes])), bytes.length);
  await store.put(blob);
  return blob.key;
}

export async function openAll(store: BlobStore, key: string, range: { start: number; end: number } | null = null) {
  return collect(await store.open(key, { range, signal: neverAborted() }));
}

/** What a promise is rejected with; fails when it is not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('the promise was not rejected');
}

async function collect(stream: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function listAll(store: BlobStore, after: string | null) {
  const listed = [];
  for await (const blob of store.list(after)) listed.push(blob);
  return listed;
}

function neverAborted(): AbortSignal {
  return new AbortController().signal;
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}

/** Bytes in which a shift by any small amount shows. */
function patternedBytes(sizeBytes: number): Buffer {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4));
  for (let index = 0; index < words.length; index += 1) words[index] = Math.imul(index, 2_654_435_761);
  return Buffer.from(words.buffer, 0, sizeBytes);
}

/** As a socket would give them: 64 KiB at most; never an empty piece. */
function* piecesOf(buffers: readonly Buffer[]): Generator<Buffer> {
  for (const bytes of buffers) {
    for (let start = 0; start < bytes.length; start += 64 * 1024) yield bytes.subarray(start, start + 64 * 1024);
  }
}

function failingBody(bytes: Buffer, failure: Error): Readable {
  return Readable.from(
    (function* () {
      yield* piecesOf([bytes]);
      throw failure;
    })(),
  );
}

/** A body that gives its bytes and then neither ends nor fails; `silent` resolves when more is asked for in vain. */
export function stallingBody(bytes: Buffer): { body: Readable; silent: Promise<void> } {
  const pieces = piecesOf([bytes]);
  let tellSilent = () => {};
  const silent = new Promise<void>(resolve => {
    tellSilent = resolve;
  });
  const body = new Readable({
    read() {
      const { done, value } = pieces.next();
      if (done) tellSilent();
      else this.push(value);
    },
  });
  return { body, silent };
}

/** Fresh memory for every piece, as from a socket. */
function endlessBody(sizeBytes: number): Readable {
  return Readable.from(
    (function* () {
      for (let left = sizeBytes; left > 0; left -= 64 * 1024) yield Buffer.alloc(Math.min(left, 64 * 1024), 7);
    })(),
  );
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
