import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { limitBytes } from '../../../src/streams/limit-bytes.ts';
import { peekHead } from '../../../src/streams/peek-head.ts';
import { Relay } from '../../../src/streams/relay.ts';

const bytes = Buffer.from('the first bytes and all the rest of them');

/** In chunks of so many bytes. */
function streamOf(chunkBytes: number): Readable {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) chunks.push(bytes.subarray(at, at + chunkBytes));
  return Readable.from(chunks, { objectMode: false });
}

describe('peekHead', () => {
  it('rejects as the source fails', async () => {
    const source = new Readable({ read: () => source.destroy(new Error('gone')) });
    await expect(peekHead(source, 10)).rejects.toThrow('gone');
  });

  it.each([
    ['destroyed before', (source: Readable) => source.destroy()],
    ['closed on the way', (source: Readable) => setImmediate(() => source.destroy())],
  ])('rejects for a source that is %s', async (_, close) => {
    const source = new Readable({ read: () => {} });
    close(source);
    await expect(peekHead(source, 10)).rejects.toThrow('the stream closed before its end');
  });

  it('fails the rest where the source fails behind the head', async () => {
    const source = new Readable({ read: () => {} });
    source.push(bytes);
    const { whole } = await peekHead(source, 10);
    const read = buffer(whole);
    source.destroy(new Error('gone'));
    await expect(read).rejects.toThrow('gone');
  });

  it.each([
    ['many chunks', 3, 10],
    ['one chunk', 1000, 10],
    ['a chunk that ends where the head does', 10, 10],
    ['the whole stream', 7, bytes.length],
    ['more than there is', 7, 1000],
  ])('leaves every byte in the stream, of %s', async (_, chunkBytes, wanted) => {
    const { head, whole } = await peekHead(new Relay(streamOf(chunkBytes)), wanted);
    expect(bytes.indexOf(head)).toBe(0);
    expect(head.length).toBeGreaterThanOrEqual(Math.min(wanted, bytes.length));
    expect(await buffer(limitBytes(whole, 1000, () => new Error('too many')))).toEqual(bytes);
  });

  it('gives an empty head and an empty stream for an empty source', async () => {
    const { head, whole } = await peekHead(Readable.from([], { objectMode: false }), 10);
    expect(head).toEqual(Buffer.alloc(0));
    expect(await buffer(whole)).toEqual(Buffer.alloc(0));
  });
});
