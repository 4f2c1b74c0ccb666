/**
 * A readable stream that can also lend its buffers: the reader hands each piece back, and the next bytes are read into
 * the same memory. A new buffer for every 64 KiB, copied once more on the way, is most of what moving bytes costs in
 * Node; lent buffers of a mebibyte cost a third of it. Read as any other stream, it gives copies.
 *
 * What the bytes come from is the subclass's business: it reads when `pull` asks, into what `bufferFor` gives.
 */
import { Readable } from 'node:stream';
import { type BufferPool, SMALL_BUFFER_BYTES } from './buffer-pool.ts';

/** Takes a piece and says once when its memory may be used again. */
export type TakeLoan = (piece: Buffer, giveBack: () => void) => void;

/** A reader that keeps a piece for longer is slow, and slow readers must not sit on the large buffers. */
const QUICK_MS = 100;

export abstract class LendingStream extends Readable {
  readonly #pool: BufferPool;
  #small: Buffer | null = null;
  #large: Buffer | null = null;
  #take: TakeLoan | null = null;
  #lentAtMs = 0;
  #isLent = false;
  /** Whether the reader gave the latest piece back at once. */
  #isQuick = false;

  protected constructor(pool: BufferPool) {
    super({ highWaterMark: SMALL_BUFFER_BYTES });
    this.#pool = pool;
    this.on('error', () => {}); // Destroying an unread stream must not end the process.
  }

  /**
   * Reads the stream by loans, from its beginning: call it before anything else reads. One piece is lent at a time.
   * `end`, `error` and `close` come as from any stream; no `data` does.
   */
  lendTo(take: TakeLoan): void {
    this.#take = take;
    this.resume();
  }

  /** Asks for exactly one `offer`, one `offerEnd`, or a `destroy`, now or later. */
  protected abstract pull(): void;

  /** Gives the reader what was read. The memory may be used again once `pull` asks for more. */
  protected offer(piece: Buffer): void {
    if (this.destroyed) return;
    if (this.#take === null) this.push(Buffer.from(piece));
    else this.#lend(this.#take, piece);
  }

  protected offerEnd(): void {
    this.push(null);
  }

  /**
   * The memory for the next read: small at first and for slow readers, else large. It may be another than before only
   * because the one before is full and on loan.
   */
  protected bufferFor(expectedBytes: number): Buffer {
    if (this.#isQuick && expectedBytes > SMALL_BUFFER_BYTES) this.#large ??= this.#pool.take();
    else this.#returnLarge();
    if (this.#large !== null) return this.#large;
    this.#small ??= this.#pool.takeSmall(expectedBytes);
    return this.#small;
  }

  override _read(): void {
    this.pull();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#returnLarge();
    if (this.#small !== null && !this.#isLent) this.#pool.giveBackSmall(this.#small);
    this.#small = null;
    callback(error);
  }

  #lend(take: TakeLoan, piece: Buffer): void {
    let isBack = false;
    this.#isLent = true;
    this.#lentAtMs = performance.now();
    take(piece, () => {
      if (isBack) return;
      isBack = true;
      this.#isLent = false;
      this.#isQuick = performance.now() - this.#lentAtMs < QUICK_MS;
      if (!this.destroyed) this.pull();
    });
  }

  /** A buffer that is on loan may still be on its way to a socket, so it is not used again. */
  #returnLarge(): void {
    if (this.#large === null) return;
    this.#pool.giveBack(this.#isLent ? null : this.#large);
    this.#large = null;
  }
}
