/** The bytes of an open file as a stream, read into memory that is used again. Closes the file when it ends. */
import type { FileHandle } from 'node:fs/promises';
import type { BufferPool } from '../streams/buffer-pool.ts';
import { LendingStream } from '../streams/lending-stream.ts';

export class FileBody extends LendingStream {
  readonly #file: FileHandle;
  #position: number;
  /** After the last byte. */
  readonly #end: number;
  #reading: Promise<void> = Promise.resolve();

  constructor(file: FileHandle, bytes: { start: number; end: number; pool: BufferPool }) {
    super(bytes.pool);
    this.#file = file;
    this.#position = bytes.start;
    this.#end = bytes.end;
  }

  protected override pull(): void {
    this.#reading = this.#readPiece().catch(error => {
      this.destroy(error);
    });
  }

  async #readPiece(): Promise<void> {
    const wantedBytes = this.#end - this.#position;
    if (wantedBytes <= 0) {
      this.offerEnd();
      return;
    }
    const buffer = this.bufferFor(wantedBytes);
    const length = Math.min(buffer.length, wantedBytes);
    const { bytesRead } = await this.#file.read(buffer, 0, length, this.#position);
    if (bytesRead === 0) throw new Error('the file became shorter while it was read');
    this.#position += bytesRead;
    this.offer(buffer.subarray(0, bytesRead));
  }

  /** A read that is under way still needs the file, and its memory. */
  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#reading
      .then(() => this.#file.close())
      .then(
        () => super._destroy(error, callback),
        (closing: Error) => super._destroy(error ?? closing, callback),
      );
  }
}
