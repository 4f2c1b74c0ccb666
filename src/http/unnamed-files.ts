/**
 * Lets busboy see a file where a part has `filename=""`, which it takes for a field otherwise: clients send an empty name
 * with bytes that have none (the Dart client does so for every upload from memory). Changes nothing but heads of parts.
 */
import { Transform, type TransformCallback } from 'node:stream';

/** What busboy itself gives up reading a head at. */
const MAX_HEAD_BYTES = 16 * 1024;
const HEAD_END = '\r\n\r\n';
const EMPTY_NAME = /(^content-disposition:[^\r\n]*;[ \t]*filename=)""/im;
const BOUNDARY = /;[ \t]*boundary=(?:"([^"]+)"|([^;\s"]+))/i;

/**
 * The body of a form on its way to busboy. An empty name becomes a name of nothing but a folder, of which busboy keeps the
 * empty string behind it. Bytes of files are handed on uncopied; at most one head is held back.
 */
export class UnnamedFiles extends Transform {
  readonly #delimiter: Buffer;
  /** The last bytes of what went by: a delimiter may begin in them. A form's first delimiter needs no line break. */
  #tail = Buffer.from('\r\n');
  /** What has come of the head of a part; null between heads. */
  #head: Buffer | null = null;

  constructor(contentType: string) {
    super();
    const [, quoted, bare] = BOUNDARY.exec(contentType) ?? [];
    this.#delimiter = Buffer.from(`\r\n--${quoted ?? bare ?? ''}`, 'latin1');
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    let rest = chunk;
    while (rest.length > 0) rest = this.#head === null ? this.#passBytes(rest) : this.#passHead(this.#head, rest);
    callback();
  }

  override _flush(callback: TransformCallback): void {
    if (this.#head !== null && this.#head.length > 0) this.push(this.#head);
    callback();
  }

  /** Hands on everything up to the end of the next delimiter, and gives back what follows. */
  #passBytes(chunk: Buffer): Buffer {
    const end = this.#endOfDelimiter(chunk);
    const passed = end === -1 ? chunk : chunk.subarray(0, end);
    this.push(passed);
    if (end === -1) {
      const kept = Buffer.concat([this.#tail, passed.subarray(-this.#delimiter.length)]);
      this.#tail = kept.subarray(-(this.#delimiter.length - 1));
      return Buffer.alloc(0);
    }
    this.#head = Buffer.alloc(0);
    return chunk.subarray(end);
  }

  #endOfDelimiter(chunk: Buffer): number {
    const seam = Buffer.concat([this.#tail, chunk.subarray(0, this.#delimiter.length - 1)]);
    const atSeam = seam.indexOf(this.#delimiter);
    if (atSeam !== -1) return atSeam + this.#delimiter.length - this.#tail.length;
    const at = chunk.indexOf(this.#delimiter);
    return at === -1 ? -1 : at + this.#delimiter.length;
  }

  /** Hands on the head once it is whole; what is too long for one, or ends the form, goes by as it is. */
  #passHead(before: Buffer, chunk: Buffer): Buffer {
    const head = before.length === 0 ? chunk : Buffer.concat([before, chunk]);
    const end = head.indexOf(HEAD_END);
    if (end === -1 && head.length <= MAX_HEAD_BYTES) {
      this.#head = head;
      return Buffer.alloc(0);
    }
    this.#head = null;
    this.#tail = Buffer.alloc(0);
    if (end === -1) return this.#passBytes(head);
    this.push(Buffer.from(head.toString('latin1', 0, end).replace(EMPTY_NAME, '$1"/"'), 'latin1'));
    return head.subarray(end);
  }
}
