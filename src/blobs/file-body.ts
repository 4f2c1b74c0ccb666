/**
 * The bytes of an open file as a stream, read into memory that is used again. Closes the file when it ends: at once, in this
 * thread, because closing what was only read writes nothing, and asking the thread pool costs many times as much.
 */
import { closeSync, read } from 'node:fs';
import type { BufferPool } from '../streams/buffer-pool.ts';
import { LendingStream } from '../streams/lending-stream.ts';

export class FileBody extends LendingStream {
  readonly #descriptor: number;
  #position: number;
  /** After the last byte. */
  readonly #end: number;
  #isReading = false;
  /** What waits for the read under way. */
  #afterRead: (() => void) | null = null;

  /** Takes the descriptor over. */
  constructor(descriptor: number, bytes: { start: number; end: number; pool: BufferPool }) {
    super(bytes.pool);
    this.#descriptor = descriptor;
    this.#position = bytes.start;
    this.#end = bytes.end;
  }

  protected override pull(): void {
    const wantedBytes = this.#end - this.#position;
    if (wantedBytes <= 0) {
      this.offerEnd();
      return;
    }
    const buffer = this.bufferFor(wantedBytes);
    const length = Math.min(buffer.length, wantedBytes);
    this.#isReading = true;
    read(this.#descriptor, buffer, 0, length, this.#position, (error, bytesRead) => {
      this.#isReading = false;
      if (this.#afterRead !== null) this.#afterRead();
      else if (error !== null) this.destroy(error);
      else if (bytesRead === 0) this.destroy(new Error('the file became shorter while it was read'));
      else this.#give(buffer.subarray(0, bytesRead));
    });
  }

  #give(piece: Buffer): void {
    this.#position += piece.length;
    this.offer(piece);
  }

  /** A read that is under way still needs the file, and its memory. */
  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (this.#isReading) this.#afterRead = () => this.#close(error, callback);
    else this.#close(error, callback);
  }

  #close(error: Error | null, callback: (error: Error | null) => void): void {
    let failure = error;
    try {
      closeSync(this.#descriptor);
    } catch (closing) {
      failure ??= closing as Error;
    }
    super._destroy(failure, callback);
  }
}
