/** The body of an answer as a stream, fed by its connection, which it resumes for one piece at a time. */
import { type BufferPool, SMALL_BUFFER_BYTES } from '../streams/buffer-pool.ts';
import { LendingStream } from '../streams/lending-stream.ts';

/** What a body asks of its connection. */
export interface BodySource {
  resume(): void;
  /** The rest of the body is not wanted. */
  abandon(): void;
}

export class WireBody extends LendingStream {
  readonly #source: BodySource;
  /** What came with the head, in memory of our own. */
  #first: Buffer | null;
  #remainingBytes: number;
  #isWanted = false;

  /** Copies `first`, because the memory it lies in is for the next answer. */
  constructor(source: BodySource, body: { sizeBytes: number; first: Buffer; pool: BufferPool }) {
    super(body.pool);
    this.#source = source;
    this.#first = body.first.length === 0 ? null : this.#keep(body.first, body.sizeBytes);
    this.#remainingBytes = body.sizeBytes - body.first.length;
  }

  /** Not yet received. */
  get remainingBytes(): number {
    return this.#remainingBytes;
  }

  /** Whether the reader waits for a piece. */
  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** Memory for the next read of the connection. */
  nextBuffer(): Buffer {
    return this.bufferFor(this.#remainingBytes);
  }

  /** Takes a piece, which is no longer than the rest. */
  receive(piece: Buffer): void {
    this.#isWanted = false;
    this.#remainingBytes -= piece.length;
    this.offer(piece);
  }

  protected override pull(): void {
    if (this.#first !== null) {
      const first = this.#first;
      this.#first = null;
      this.offer(first);
    } else if (this.#remainingBytes === 0) {
      this.offerEnd();
    } else {
      this.#isWanted = true;
      this.#source.resume();
    }
  }

  #keep(bytes: Buffer, sizeBytes: number): Buffer {
    if (bytes.length > SMALL_BUFFER_BYTES) return Buffer.from(bytes);
    const memory = this.bufferFor(sizeBytes);
    bytes.copy(memory);
    return memory.subarray(0, bytes.length);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (this.#remainingBytes !== 0) this.#source.abandon();
    super._destroy(error, callback);
  }
}
