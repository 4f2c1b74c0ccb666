/** The part of the suite about reading: as a stream, a small blob as a whole, and what is known of one. */
import { Readable } from 'node:stream';
import type { BlobLabels } from '../../src/blobs/blob-store.ts';
import {
  blobOf,
  neverAborted,
  newKey,
  openAll,
  patternedBytes,
  piecesOf,
  putBytes,
  rejection,
} from '../support/blobs.ts';
import type { BlobStoreOptions, Use } from './blob-store-suite.ts';

const MIB = 1024 * 1024;

export function declareReading(use: Use): void {
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

export function declareReadingWhole(use: Use, { optOut }: BlobStoreOptions): void {
  if (optOut?.readWhole !== undefined) {
    it(`reads no blob whole: ${optOut.readWhole}`, () => {
      expect(use().store.readWhole).toBeUndefined();
    });
    return;
  }
  const readWhole = async (key: string, sizeBytes: number, signal = neverAborted()) =>
    use().store.readWhole?.(key, { sizeBytes, signal });

  it('says absent of a key that was never put', async () => {
    expect(await rejection(readWhole(newKey(), 10))).toMatchObject({ failure: 'absent' });
  });

  it('says aborted under a signal that has fired before, of what is not in memory', async () => {
    const key = await putBytes(use().store, patternedBytes(10));
    expect(await rejection(readWhole(key, 10, AbortSignal.abort()))).toMatchObject({ failure: 'aborted' });
  });

  it('says aborted when the signal fires before all is read, and keeps nothing of it', async () => {
    const bytes = patternedBytes(60_000);
    const key = await putBytes(use().store, bytes);
    const abort = new AbortController();
    const reading = rejection(readWhole(key, bytes.length, abort.signal));
    abort.abort();
    expect(await reading).toMatchObject({ failure: 'aborted' });
    expect((await readWhole(key, bytes.length))?.equals(bytes)).toBe(true);
  });

  it.each([
    ['longer', 999],
    ['shorter', 1_001],
  ])('refuses bytes that are %s than was said, and gives them for their true size', async (_case, said) => {
    const bytes = patternedBytes(1_000);
    const key = await putBytes(use().store, bytes);
    expect(await rejection(readWhole(key, said))).toMatchObject({ failure: 'failed' });
    expect((await readWhole(key, 1_000))?.equals(bytes)).toBe(true);
    expect(await rejection(readWhole(key, said))).toMatchObject({ failure: 'failed' });
  });

  it('leaves what is too large to be streamed', async () => {
    const key = await putBytes(use().store, patternedBytes(10));
    expect(await readWhole(key, 1024 * MIB)).toBeNull();
  });

  it.each([0, 1, 1_000, 64 * 1024])('gives the same %d bytes the first time and every other', async sizeBytes => {
    const bytes = patternedBytes(sizeBytes);
    const key = await putBytes(use().store, bytes);
    const atOnce = await Promise.all([1, 2, 3].map(() => readWhole(key, sizeBytes)));
    for (const read of [...atOnce, await readWhole(key, sizeBytes)]) expect(read?.equals(bytes)).toBe(true);
  });

  it('says absent of bytes that were deleted, and of those that were deleted while they were read', async () => {
    const { store } = use();
    const keys = await Promise.all(Array.from({ length: 20 }, () => putBytes(store, patternedBytes(1_000))));
    await Promise.all(keys.slice(10).map(key => readWhole(key, 1_000)));
    const readAll = () => keys.map(key => readWhole(key, 1_000).catch(() => {}));
    await Promise.all([...readAll(), store.delete(keys), ...readAll()]);
    for (const key of keys) expect(await rejection(readWhole(key, 1_000))).toMatchObject({ failure: 'absent' });
  });
}

export function declareStat(use: Use, { optOut }: BlobStoreOptions): void {
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
