/** The part of the suite about putting: what is refused leaves nothing, and what is taken comes back. */
import { Readable } from 'node:stream';
import {
  blobOf,
  failingBody,
  md5,
  openAll,
  patternedBytes,
  piecesOf,
  putBytes,
  rejection,
  stallingBody,
} from '../support/blobs.ts';
import type { Use } from './blob-store-suite.ts';

export function declareRefusals(use: Use): void {
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

export function declareRoundTrips(use: Use): void {
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
