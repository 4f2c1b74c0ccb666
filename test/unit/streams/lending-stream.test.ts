import { once } from 'node:events';
import { makeBufferPool, SMALL_BUFFER_BYTES } from '../../../src/streams/buffer-pool.ts';
import { LendingStream } from '../../../src/streams/lending-stream.ts';

const LARGE_BYTES = 4 * SMALL_BUFFER_BYTES;
const poolOf = (most: number) => makeBufferPool({ bufferBytes: LARGE_BYTES, most, kept: most });

/** Fills every buffer it gets with the number of the read. */
class Counting extends LendingStream {
  readonly buffers: Buffer[] = [];
  readonly #reads: number;

  constructor(reads: number, pool = poolOf(1)) {
    super(pool);
    this.#reads = reads;
  }

  protected override pull(): void {
    if (this.buffers.length === this.#reads) {
      this.offerEnd();
      return;
    }
    const buffer = this.bufferFor(Number.POSITIVE_INFINITY);
    this.buffers.push(buffer);
    this.offer(buffer.fill(this.buffers.length));
  }
}

/** Gives every piece back in a later turn, and keeps the first byte of each. */
async function borrow(stream: LendingStream): Promise<number[]> {
  const seen: number[] = [];
  stream.lendTo((piece, giveBack) => {
    setImmediate(() => {
      seen.push(piece[0] ?? -1);
      giveBack();
    });
  });
  await once(stream, 'close');
  return seen;
}

describe('a lending stream', () => {
  it('gives copies to those who read it as a stream', async () => {
    const pieces: Buffer[] = [];
    for await (const piece of new Counting(3)) pieces.push(piece);
    expect(pieces.map(piece => [piece[0], piece.at(-1)])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });

  it('leaves small memory to the next stream, unless it is still on loan', async () => {
    const pool = poolOf(0);
    const [first, second, third] = [new Counting(1, pool), new Counting(1, pool), new Counting(1, pool)];
    await borrow(first);
    second.lendTo(() => second.destroy());
    await once(second, 'close');
    await borrow(third);
    expect(second.buffers[0]).toBe(first.buffers[0]);
    expect(third.buffers[0]).not.toBe(second.buffers[0]);
  });

  it('lends one piece after the other, and the same memory again', async () => {
    const stream = new Counting(4);
    expect(await borrow(stream)).toEqual([1, 2, 3, 4]);
    expect(stream.buffers.map(buffer => buffer.length)).toEqual([
      SMALL_BUFFER_BYTES,
      LARGE_BYTES,
      LARGE_BYTES,
      LARGE_BYTES,
    ]);
    expect(new Set(stream.buffers).size).toBe(2);
  });

  it('makes do with little memory where the large buffers are out', async () => {
    const pool = poolOf(1);
    const taken = pool.take();
    const stream = new Counting(3, pool);
    expect(await borrow(stream)).toEqual([1, 2, 3]);
    expect(new Set(stream.buffers.map(buffer => buffer.length))).toEqual(new Set([SMALL_BUFFER_BYTES]));
    pool.giveBack(taken);
    expect(pool.take()).toBe(taken);
  });

  it('never again uses memory that was on loan when it was destroyed, and leaves room for other memory', async () => {
    const pool = poolOf(1);
    const stream = new Counting(9, pool);
    const lent: Buffer[] = [];
    stream.lendTo((piece, giveBack) => {
      lent.push(piece);
      if (lent.length === 1) setImmediate(giveBack);
      else stream.destroy();
    });
    await once(stream, 'close');
    const next = pool.take();
    expect(next).not.toBeNull();
    expect(next).not.toBe(lent[1]);
  });

  it('takes a piece that is given back twice as given back once', async () => {
    const stream = new Counting(3);
    const seen: number[] = [];
    stream.lendTo((piece, giveBack) => {
      seen.push(piece[0] ?? -1);
      setImmediate(giveBack);
      setImmediate(giveBack);
    });
    await once(stream, 'close');
    expect(seen).toEqual([1, 2, 3]);
  });
});
