/**
 * The heads of a form's parts, on their way to busboy. Lets busboy see a file where a part has `filename=""`, which it takes
 * for a field otherwise: clients send an empty name with bytes that have none (the Dart client does so for every upload from
 * memory). Changes nothing but heads of parts, and remembers the parameters of their types, which busboy keeps to itself.
 */

/** What busboy itself gives up reading a head at. */
const MAX_HEAD_BYTES = 16 * 1024;
const FORM_END = Buffer.from('--');
const HEAD_END = '\r\n\r\n';
const EMPTY_NAME = /(^content-disposition:[^\r\n]*;[ \t]*filename=)""/im;
const FORM_DATA = /^content-disposition:[ \t]*form-data/im;
const PARAMETERIZED_TYPE = /^content-type:[ \t]*([!-:<-~]+)[ \t]*(;[\t -~]*)$/im;
const BOUNDARY = /;[ \t]*boundary=(?:"([^"]+)"|([^;\s"]+))/i;
const NOTHING = Buffer.alloc(0);

/**
 * What reads a form on its way to busboy, chunk by chunk. An empty name becomes a name of nothing but a folder, of which
 * busboy keeps the empty string behind it. At most one head is held back.
 */
export class PartHeads {
  readonly #delimiter: Buffer;
  /** The last bytes of what went by: a delimiter may begin in them. A form's first delimiter needs no line break. */
  #tail = Buffer.from('\r\n');
  /** What has come of the head of a part; null between heads. */
  #head: Buffer | null = null;
  /** Of the parts that busboy has not told of yet, in their order. */
  readonly #types: (readonly [type: string, parameters: string])[] = [];
  /** What the chunk at hand has become so far, and whether that is something else than the chunk. */
  #pieces: Buffer[] = [];
  #changed = false;

  constructor(contentType: string) {
    const [, quoted, bare] = BOUNDARY.exec(contentType) ?? [];
    this.#delimiter = Buffer.from(`\r\n--${quoted ?? bare ?? ''}`, 'latin1');
  }

  /** What busboy should get for a chunk: the chunk itself, uncopied, unless a name in it is empty or a head is cut in two. */
  pass(chunk: Buffer): Buffer {
    this.#pieces = [];
    this.#changed = false;
    let rest = chunk;
    while (rest.length > 0) rest = this.#head === null ? this.#passBytes(rest) : this.#passHead(this.#head, rest);
    return this.#changed ? Buffer.concat(this.#pieces) : chunk;
  }

  /** The type of the part that busboy tells of, with its parameters (`; charset=utf-8`). To be asked once for each part. */
  takeType(mimeType: string): string {
    const [type, parameters] = this.#types.shift() ?? ['', ''];
    return type.toLowerCase() === mimeType ? mimeType + parameters : mimeType;
  }

  /** What is still held back when the form has ended. */
  rest(): Buffer {
    return this.#head ?? NOTHING;
  }

  /** Hands on everything up to the end of the next delimiter, and gives back what follows. */
  #passBytes(chunk: Buffer): Buffer {
    const end = this.#endOfDelimiter(chunk);
    if (end === -1) {
      this.#pieces.push(chunk);
      const kept = Buffer.concat([this.#tail, chunk.subarray(-this.#delimiter.length)]);
      this.#tail = kept.subarray(-(this.#delimiter.length - 1));
      return NOTHING;
    }
    this.#pieces.push(chunk.subarray(0, end));
    this.#head = NOTHING;
    return chunk.subarray(end);
  }

  #endOfDelimiter(chunk: Buffer): number {
    const seam = Buffer.concat([this.#tail, chunk.subarray(0, this.#delimiter.length - 1)]);
    const atSeam = seam.indexOf(this.#delimiter);
    if (atSeam !== -1) return atSeam + this.#delimiter.length - this.#tail.length;
    const at = chunk.indexOf(this.#delimiter);
    return at === -1 ? -1 : at + this.#delimiter.length;
  }

  /** Hands on the head once it is whole; what is too long for one, or ends the form (`--`), goes by as it is. */
  #passHead(before: Buffer, chunk: Buffer): Buffer {
    const head = before.length === 0 ? chunk : Buffer.concat([before, chunk]);
    this.#changed ||= before.length > 0;
    const end = head.indexOf(HEAD_END);
    if (end === -1 && head.length <= MAX_HEAD_BYTES && !head.subarray(0, 2).equals(FORM_END)) {
      this.#head = head;
      this.#changed = true;
      return NOTHING;
    }
    this.#head = null;
    this.#tail = NOTHING;
    if (end === -1) return this.#passBytes(head);
    this.#pieces.push(this.#named(head.subarray(0, end)));
    return head.subarray(end);
  }

  #named(head: Buffer): Buffer {
    const text = head.toString('latin1');
    if (FORM_DATA.test(text)) {
      const [, type = '', parameters = ''] = PARAMETERIZED_TYPE.exec(text) ?? [];
      this.#types.push([type, parameters.trim()]);
    }
    if (!EMPTY_NAME.test(text)) return head;
    this.#changed = true;
    return Buffer.from(text.replace(EMPTY_NAME, '$1"/"'), 'latin1');
  }
}
