/**
 * Reads a multipart/form-data body (RFC 7578) as it arrives: fields are kept, each file part is a stream that begins
 * when it does and is never buffered. Home of busboy.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import busboy, { type Busboy, type FieldInfo, type FileInfo } from 'busboy';
import { SluiceError } from '../domain/errors.ts';
import { Relay } from '../streams/relay.ts';
import { PartHeads } from './part-heads.ts';
import { clientGone, openRequestBody } from './request-body.ts';

export interface MultipartLimits {
  readonly maxFields: number;
  readonly maxFieldBytes: number;
  /** 1 when not given. One file more fails the form. */
  readonly maxFiles?: number;
  /** Parts without a file name are files as well, and text; otherwise they are fields, unless their type is a file's. */
  readonly fieldsAreFiles?: boolean;
  readonly signal: AbortSignal;
}

export interface FilePart {
  /** The part's name; empty where it has none. */
  readonly fieldName: string;
  /** Without any folder in front; null when the client gave none, or an empty one. */
  readonly fileName: string | null;
  /** `text/plain` when the part says nothing (RFC 7578 §4.4). */
  readonly contentType: string;
  /** The fields of the form that came before this part, the last of equal names. */
  readonly fieldsBefore: ReadonlyMap<string, string>;
  /** Ends only where the part ends. To give the form up, destroy it. */
  readonly stream: Readable;
}

export interface MultipartForm {
  /** The fields that came after the last file, known once `nextFile` has given null. */
  readonly fieldsAfter: ReadonlyMap<string, string>;
  /**
   * The next file, as soon as it begins; null once the form has ended, complete. The stream of the file before must
   * have been read to its end (or destroyed), else this never resolves. Throws as `openMultipart` describes.
   */
  nextFile(): Promise<FilePart | null>;
}

export interface MultipartUpload {
  readonly file: FilePart;
  /** The fields that came before the file. */
  readonly fields: ReadonlyMap<string, string>;
  /**
   * The fields that came after the file, known when the form has ended. Rejects where the form turns out to be faulty, also
   * behind a file that was complete: nothing of the upload may be kept before this resolves.
   */
  readonly fieldsAfter: Promise<ReadonlyMap<string, string>>;
}

const MAX_NAME_BYTES = 200;
/** Part headers, boundaries and what our own buffers hold back, beside the files and what fields may hold. */
const OVERHEAD_BYTES = 1024 * 1024;

/**
 * Starts reading a form. It fails, in `nextFile` and in the file's stream alike, with `invalid-parameter` when it is no
 * form, is malformed or cut short, nests another multipart, or has too many parts; with `too-large` when a field is too
 * long; with `aborted` when the client goes away, the signal aborts, or a file's stream is destroyed. What is left of the
 * body is then nobody's: `finishReply` disposes of it.
 */
export function openMultipart(req: IncomingMessage, limits: MultipartLimits): MultipartForm {
  return new FormReader(req, limits);
}

/**
 * The form that uploads one file. Throws `no-content` when it has none, or where a name is given and the part that comes has
 * another; else as `openMultipart` describes.
 */
export async function readMultipart(
  req: IncomingMessage,
  limits: MultipartLimits,
  fieldName: string | null = null,
): Promise<MultipartUpload> {
  const form = new FormReader(req, limits);
  const file = await form.nextFile();
  if (file === null) throw new SluiceError('no-content', 'No content provided');
  if (fieldName !== null && file.fieldName !== fieldName) {
    file.stream.destroy();
    throw new SluiceError('no-content', `The form has no part called ${fieldName}`);
  }
  const fieldsAfter = form.nextFile().then(() => form.fieldsAfter);
  fieldsAfter.catch(() => {}); // the same failure reaches the file's stream; nobody has to wait here
  return { file, fields: file.fieldsBefore, fieldsAfter };
}

/** Whether the body says that it is a form; `openMultipart` says whether it is right. */
export function isForm(headers: IncomingHttpHeaders): boolean {
  return headers['content-type']?.toLowerCase().startsWith('multipart/form-data') ?? false;
}

class FormReader implements MultipartForm {
  readonly fieldsAfter = new Map<string, string>();
  readonly #fields = new Map<string, string>();
  readonly #limits: MultipartLimits;
  readonly #body: Relay;
  readonly #parser: Busboy;
  readonly #heads: PartHeads;
  readonly #abort = () => this.#fail(clientGone(this.#limits.signal.reason));
  #fileBytes = 0;
  /** More than one where small files come in one chunk. */
  readonly #arrived: FilePart[] = [];
  #ended = false;
  #failure: SluiceError | null = null;
  #wake: (() => void) | null = null;

  constructor(req: IncomingMessage, limits: MultipartLimits) {
    this.#limits = limits;
    this.#parser = makeParser(req, limits);
    this.#heads = new PartHeads(req.headers['content-type'] ?? '');
    const maxOverhead = OVERHEAD_BYTES + limits.maxFields * limits.maxFieldBytes;
    this.#body = openRequestBody(req, totalBytes =>
      totalBytes - this.#fileBytes > maxOverhead ? refusal('It carries too much besides its files') : null,
    );
    this.#listen();
    limits.signal.addEventListener('abort', this.#abort, { once: true });
    if (limits.signal.aborted) this.#abort();
    else this.#feed();
  }

  #feed(): void {
    const parser = this.#parser;
    const heads = this.#heads;
    this.#body.on('data', chunk => {
      if (!parser.write(heads.pass(chunk))) this.#body.pause();
    });
    this.#body.on('end', () => parser.end(heads.rest()));
    parser.on('drain', () => this.#body.resume());
  }

  async nextFile(): Promise<FilePart | null> {
    for (;;) {
      const file = this.#arrived.shift();
      if (file !== undefined) return file;
      if (this.#failure !== null) throw this.#failure;
      if (this.#ended) return null;
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
  }

  #listen(): void {
    this.#body.on('error', error => this.#fail(error));
    this.#parser
      .on('file', (name: string | undefined, stream, info) => this.#takeFile(name ?? '', stream, info))
      .on('field', (name: string | undefined, value, info) => this.#takeField(name ?? '', value, info))
      .on('filesLimit', () => this.#fail(refusal('It has too many files')))
      .on('fieldsLimit', () => this.#fail(refusal('It has too many fields')))
      .on('error', error => this.#fail(error))
      .on('close', () => {
        this.#ended = true;
        this.#settle();
      });
  }

  #takeFile(fieldName: string, part: Readable, info: Partial<FileInfo>): void {
    const stream = new Relay(part, {
      onBytes: totalBytes => {
        this.#fileBytes += totalBytes - stream.bytesPassed;
        return null;
      },
      onFailure: error => this.#failure ?? asRefusal(error),
      release: () => this.#fail(new SluiceError('aborted', 'The upload was given up')),
    });
    this.#arrived.push({
      fieldName,
      fileName: info.filename || null,
      contentType: this.#heads.takeType(info.mimeType ?? 'text/plain'),
      fieldsBefore: new Map(this.#fields),
      stream,
    });
    this.fieldsAfter.clear();
    if (Buffer.byteLength(fieldName) > MAX_NAME_BYTES) this.#fail(refusal('The name of a part is too long'));
    this.#notify();
  }

  #takeField(name: string, value: string, info: FieldInfo): void {
    const contentType = this.#heads.takeType(info.mimeType);
    if (info.mimeType.startsWith('multipart/')) {
      this.#fail(refusal('It nests another multipart body'));
    } else if (info.nameTruncated || Buffer.byteLength(name) > MAX_NAME_BYTES) {
      this.#fail(refusal('The name of a part is too long'));
    } else if (info.valueTruncated) {
      const { maxFieldBytes } = this.#limits;
      this.#fail(
        new SluiceError('too-large', `The form field "${name}" is too long`, { facts: { limit: maxFieldBytes } }),
      );
    } else if (this.#limits.fieldsAreFiles === true) {
      this.#takeText(name, value, contentType);
    } else {
      this.#fields.set(name, value);
      this.fieldsAfter.set(name, value);
    }
  }

  #takeText(fieldName: string, value: string, contentType: string): void {
    // The parser has decoded it: where that has cost bytes, the file would be another one.
    if (value.includes('\ufffd')) {
      this.#fail(refusal(`The part "${fieldName}" is no text, and needs a file name`));
      return;
    }
    const text = Buffer.from(value);
    const stream = Readable.from(text.length === 0 ? [] : [text]);
    this.#arrived.push({ fieldName, fileName: null, contentType, fieldsBefore: new Map(), stream });
    this.#notify();
  }

  /** The first failure counts. It reaches the open file's stream through busboy, which destroys its part. */
  #fail(error: unknown): void {
    if (this.#failure !== null || this.#ended) return;
    this.#failure = asRefusal(error);
    this.#body.destroy();
    this.#parser.destroy(this.#failure);
    this.#settle();
  }

  #settle(): void {
    this.#limits.signal.removeEventListener('abort', this.#abort);
    this.#notify();
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = null;
  }
}

function makeParser(req: IncomingMessage, limits: MultipartLimits): Busboy {
  if (!/^multipart\/form-data(?:[ \t]*;|$)/i.test(req.headers['content-type'] ?? '')) {
    throw refusal('It is not multipart/form-data');
  }
  try {
    return busboy({
      headers: req.headers,
      defParamCharset: 'utf8',
      limits: {
        fields: limits.maxFields,
        fieldSize: limits.maxFieldBytes,
        files: limits.maxFiles ?? 1,
        headerPairs: 100,
      },
    });
  } catch (error) {
    throw asRefusal(error);
  }
}

function refusal(reason: string, cause?: unknown): SluiceError {
  return new SluiceError('invalid-parameter', `The form cannot be read. ${reason}`, { cause });
}

function asRefusal(error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  return refusal(error instanceof Error ? error.message : 'It is malformed', error);
}
