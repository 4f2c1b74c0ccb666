/**
 * One HTTP/1.1 connection to an engine, one exchange at a time, read into memory of our own: undici and `node:http` take
 * new memory for every 64 KiB and copy it once more, which costs three times the CPU on large bodies. Plain TCP only. It
 * retries nothing and knows nothing of S3 but its error documents.
 */
import { connect, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { BufferPool } from '../streams/buffer-pool.ts';
import { BATCH_BYTES } from './blob-body.ts';
import { BlobStoreError } from './blob-store.ts';
import type { S3Timeouts } from './s3-settings.ts';
import { codeIn, type TransportAnswer, type TransportRequest } from './s3-transport.ts';
import { type BodySource, WireBody } from './wire-body.ts';
import { documentIn } from './wire-document.ts';
import { type AnswerHead, parseAnswerHead } from './wire-head.ts';

export interface WirePlace {
  readonly host: string;
  readonly port: number;
  readonly timeouts: S3Timeouts;
  /** How long an unused connection is kept. */
  readonly keepMs: number;
  /** Memory that every connection reads into while no body of its own is under way. */
  readonly scratch: Buffer;
  readonly pool: BufferPool;
  /** Called whenever the connection is free for a request. */
  readonly onFree: (connection: WireConnection) => void;
  readonly onClose: (connection: WireConnection) => void;
}

interface Exchange {
  readonly request: TransportRequest;
  readonly resolve: (answer: TransportAnswer) => void;
  readonly reject: (error: unknown) => void;
  /** Whether all of the request is with the socket. */
  isSent: boolean;
  /** Set once its answer has begun. */
  head: AnswerHead | null;
  body: WireBody | null;
}

/** The socket closed, or nothing came for too long, although an answer or the rest of one was to come. */
class ConnectionLost extends Error {
  readonly code: string;

  constructor(code: string, cause?: Error) {
    super(`the connection to S3 was lost: ${code}`, cause === undefined ? undefined : { cause });
    this.name = 'ConnectionLost';
    this.code = code;
  }
}

/** A 2xx whose body has no length. It has been given up. */
export class UnframedAnswer extends Error {}

/** Up to here head and body are put into one piece: cheaper than a write of two, which Node gathers by itself. */
const LONGEST_JOINED_BYTES = 16 * 1024;
const LONGEST_HEAD_BYTES = 64 * 1024;
const HEAD_END = Buffer.from('\r\n\r\n');
const LONGEST_DOCUMENT_BYTES = 16 * 1024;

export class WireConnection {
  readonly #place: WirePlace;
  readonly #socket: Socket;
  #buffer: Buffer;
  #exchange: Exchange | null = null;
  /** Of the answer under way: its head as far as it has come, then its error document. */
  #text = '';
  readonly #onAbort = () => this.#fail(aborted(this.#exchange?.request.signal));

  constructor(place: WirePlace) {
    this.#place = place;
    this.#buffer = place.scratch;
    const { host, port } = place;
    const onread = {
      buffer: () => this.#nextBuffer(),
      callback: (bytes: number, buffer: Uint8Array) => this.#onBytes((buffer as Buffer).subarray(0, bytes)),
    };
    this.#socket = connect({ host, port, noDelay: true, onread });
    this.#socket.on('drain', () => this.#resumeRequest());
    this.#socket.on('timeout', () => this.#onTimeout());
    this.#socket.on('error', error => this.#onLost(error));
    this.#socket.on('close', () => this.#onLost());
  }

  /**
   * `head` is everything up to the body, the empty line included. Resolves once the answer's own head is there; rejects
   * with what went wrong. One at a time. A body is read, never destroyed.
   */
  send(head: string, request: TransportRequest): Promise<TransportAnswer> {
    return new Promise((resolve, reject) => {
      const exchange = { request, resolve, reject, isSent: false, head: null, body: null };
      this.#exchange = exchange;
      request.signal?.addEventListener('abort', this.#onAbort);
      const { connectMs, headersMs } = this.#place.timeouts;
      if (this.#socket.connecting) this.#socket.once('connect', () => this.#socket.setTimeout(headersMs));
      this.#socket.setTimeout(this.#socket.connecting ? connectMs : headersMs);
      request.place.watch(() => this.#exchange !== exchange || !this.#isEnginesTurn(exchange));
      this.#write(exchange, head);
    });
  }

  /** A socket that is given up says that it is closed only some turns of the event loop later. */
  get isOpen(): boolean {
    return this.#socket.writable;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #write(exchange: Exchange, head: string): void {
    const { body } = exchange.request;
    const socket = this.#socket;
    exchange.isSent = body === null || Buffer.isBuffer(body);
    if (body === null) {
      socket.write(head, 'latin1');
    } else if (!Buffer.isBuffer(body)) {
      socket.cork();
      socket.write(head, 'latin1');
      this.#forward(exchange, body);
      process.nextTick(() => socket.uncork());
    } else if (body.length <= LONGEST_JOINED_BYTES) {
      socket.write(joined(head, body));
    } else {
      socket.cork();
      socket.write(head, 'latin1');
      socket.write(body);
      socket.uncork();
    }
  }

  /** What comes in one turn leaves in one write. */
  #forward(exchange: Exchange, body: Readable): void {
    const socket = this.#socket;
    const isCurrent = () => this.#exchange === exchange;
    body.on('data', (piece: Buffer) => {
      if (!isCurrent()) return;
      if (socket.writableCorked === 0) {
        socket.cork();
        process.nextTick(() => socket.uncork());
      }
      socket.write(piece);
      if (socket.writableLength >= BATCH_BYTES) body.pause();
    });
    body.on('end', () => {
      exchange.isSent = true;
    });
    body.on('error', error => {
      if (isCurrent()) this.#fail(error);
    });
    body.on('close', () => {
      if (isCurrent() && !exchange.isSent) this.#fail(new Error('the body closed before its end'));
    });
  }

  #resumeRequest(): void {
    const body = this.#exchange?.request.body ?? null;
    if (body !== null && !Buffer.isBuffer(body)) body.resume();
  }

  #nextBuffer(): Buffer {
    const body = this.#exchange?.body ?? null;
    this.#buffer = body === null ? this.#place.scratch : body.nextBuffer();
    return this.#buffer;
  }

  /** Whether to go on reading. */
  #onBytes(bytes: Buffer): boolean {
    const exchange = this.#exchange;
    try {
      if (exchange === null) throw new BlobStoreError('failed', 'S3 answered without being asked');
      if (exchange.body !== null) return this.#onBody(exchange, exchange.body, bytes);
      return exchange.head === null ? this.#onHead(exchange, bytes) : this.#onDocument(exchange, exchange.head, bytes);
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  #onHead(exchange: Exchange, bytes: Buffer): boolean {
    const before = this.#text.length;
    // Nearly every head comes whole, and then what follows it is never made text.
    const whole = before === 0 ? bytes.indexOf(HEAD_END) : -1;
    this.#text += bytes.toString('latin1', 0, whole === -1 ? LONGEST_HEAD_BYTES : whole);
    const end = whole === -1 ? this.#text.indexOf('\r\n\r\n', Math.max(0, before - 3)) : whole;
    if ((end === -1 ? this.#text.length : end) >= LONGEST_HEAD_BYTES)
      throw new BlobStoreError('failed', 'the head of S3’s answer is too long');
    if (end === -1) return true;
    const head = parseAnswerHead(this.#text.slice(0, end), exchange.request.method);
    const rest = bytes.subarray(end + HEAD_END.length - before);
    this.#text = '';
    // An interim answer (100, 103) comes before the one that counts.
    if (head.status < 200) return rest.length === 0 || this.#onHead(exchange, rest);
    exchange.head = head;
    if (head.status > 299) return this.#onDocument(exchange, head, rest);
    if (!this.#hasSentAll(exchange)) throw new BlobStoreError('failed', 'S3 agreed to what it had not received whole');
    if (head.bodyBytes !== null) return this.#beginBody(exchange, { head, sizeBytes: head.bodyBytes, rest });
    if (exchange.request.method === 'GET') throw new UnframedAnswer('S3 answered without a length');
    return this.#giveUp(exchange, head);
  }

  #beginBody(exchange: Exchange, answer: { head: AnswerHead; sizeBytes: number; rest: Buffer }): boolean {
    const { head, sizeBytes, rest } = answer;
    if (rest.length > sizeBytes) throw tooMuch();
    if (sizeBytes === 0) {
      exchange.resolve(toAnswer(head));
      return this.#finish(exchange, head);
    }
    const source: BodySource = {
      resume: () => {
        this.#socket.resume();
      },
      abandon: () => this.destroy(),
    };
    const body = new WireBody(source, { sizeBytes, first: rest, pool: this.#place.pool });
    exchange.body = body;
    exchange.resolve(toAnswer(head, { body }));
    if (body.remainingBytes === 0) return this.#finish(exchange, head);
    this.#socket.setTimeout(this.#place.timeouts.bodyIdleMs);
    return false;
  }

  #onBody(exchange: Exchange, body: WireBody, bytes: Buffer): boolean {
    if (bytes.length > body.remainingBytes) throw tooMuch();
    body.receive(bytes);
    if (body.remainingBytes === 0 && exchange.head !== null) return this.#finish(exchange, exchange.head);
    return body.isWanted;
  }

  /** An error document is read before the answer is told. */
  #onDocument(exchange: Exchange, head: AnswerHead, bytes: Buffer): boolean {
    this.#text += bytes.toString('latin1');
    const { length } = this.#text;
    const isWhole = head.bodyBytes === null ? documentIn(this.#text, head).isWhole : length >= head.bodyBytes;
    if (!isWhole && length < LONGEST_DOCUMENT_BYTES) return true;
    if (length !== head.bodyBytes) return this.#giveUp(exchange, head);
    exchange.resolve(toAnswer(head, { document: this.#text }));
    return this.#finish(exchange, head);
  }

  /** The answer has been understood; where it ends is not worth waiting for. */
  #giveUp(exchange: Exchange, head: AnswerHead): boolean {
    const document = head.bodyBytes === null ? documentIn(this.#text, head).text : this.#text;
    exchange.resolve(toAnswer(head, { document }));
    this.#release();
    this.destroy();
    return false;
  }

  /** The answer has been received whole. Reading goes on, to learn when the engine closes the connection. */
  #finish(exchange: Exchange, head: AnswerHead): boolean {
    this.#release();
    if (!head.keepsConnection || !this.#hasSentAll(exchange)) {
      this.destroy();
      return false;
    }
    this.#socket.setTimeout(this.#place.keepMs);
    this.#place.onFree(this);
    return true;
  }

  /** Whether all of the request is with the kernel. */
  #hasSentAll({ isSent }: Exchange): boolean {
    return isSent && this.#socket.writableLength === 0;
  }

  #release(): void {
    this.#exchange?.request.signal?.removeEventListener('abort', this.#onAbort);
    this.#exchange = null;
    this.#text = '';
  }

  #fail(error: unknown): void {
    const exchange = this.#exchange;
    this.#release();
    this.destroy();
    if (exchange?.body) exchange.body.destroy(error instanceof Error ? error : new Error(String(error)));
    else exchange?.reject(error);
  }

  #onLost(cause?: NodeJS.ErrnoException): void {
    const exchange = this.#exchange;
    const code = cause?.code ?? 'ECONNRESET';
    if (exchange?.head?.bodyBytes === null) {
      this.#giveUp(exchange, exchange.head);
    } else if (exchange !== null) {
      this.#fail(new ConnectionLost(code, cause));
    }
    this.#place.onClose(this);
  }

  /** A reader or a sender that takes its time is no fault of the engine. */
  #isEnginesTurn({ body, isSent }: Exchange): boolean {
    return body === null ? isSent || this.#socket.writableNeedDrain : body.isWanted;
  }

  #onTimeout(): void {
    const exchange = this.#exchange;
    if (exchange === null) {
      this.destroy();
    } else if (this.#isEnginesTurn(exchange)) {
      this.#fail(new ConnectionLost('ETIMEDOUT'));
    } else {
      this.#socket.setTimeout(this.#socket.timeout ?? 0);
    }
  }
}

function joined(head: string, body: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(head.length + body.length);
  bytes.write(head, 'latin1');
  body.copy(bytes, head.length);
  return bytes;
}

/** Of an answer that is not 2xx the beginning of its document is here in place of a body. */
function toAnswer(
  head: AnswerHead,
  { body = null, document = '' }: { body?: WireBody | null; document?: string } = {},
) {
  return {
    status: head.status,
    header: (name: string) => head.header(name),
    body,
    code: document === '' ? '' : codeIn(document),
  };
}

function tooMuch(): BlobStoreError {
  return new BlobStoreError('failed', 'S3 sent more than it announced');
}

function aborted(signal: AbortSignal | undefined): BlobStoreError {
  return new BlobStoreError('aborted', 'the request to S3 was aborted', signal?.reason);
}
