/**
 * Reads the body of one `put`, front to back and once, for every driver: counts it, compares it with the declared length,
 * stops it on abort, and remembers whether a failure was the body's own. It stores nothing.
 *
 * The last piece is given out only when the body is known to end there. So a body that fails or runs over at its very
 * end never reaches a store as complete. Pieces are given out by the batch, all that came in one turn of the event loop or
 * while the store was busy: a promise for each, and a write, would cost more than the bytes.
 */
import { Readable } from 'node:stream';
import { BlobStoreError } from './blob-store.ts';

export interface BlobBody {
  /** What has come since, never empty, or null once the body has ended with the declared length. Rejects when it failed in any way. */
  next(): Promise<Buffer[] | null>;
  /** Nothing follows what `next` has given out. */
  readonly ended: boolean;
  /** Bytes read so far; the true size once `ended`. */
  readonly sizeBytes: number;
  /** Stops listening for the abort, and destroys a body that was not read to its end. Safe to call twice. */
  release(): void;
  /** The body's own error if that is what went wrong, unchanged; else the one given. */
  blame(error: unknown): unknown;
}

export interface BodySource {
  readonly body: Readable;
  /** As declared; null where nothing was. */
  readonly sizeBytes: number | null;
  readonly signal: AbortSignal;
}

/** What may lie here while the store is busy; then the sender has to wait. */
export const BATCH_BYTES = 256 * 1024;

/** Takes the body over: from here on it is destroyed on abort, and its errors surface only through `next`. */
export function readBlobBody(source: BodySource): BlobBody {
  return new BodyReader(source);
}

interface Asker {
  readonly resolve: (pieces: Buffer[] | null) => void;
  readonly reject: (error: unknown) => void;
}

class BodyReader implements BlobBody {
  ended = false;
  sizeBytes = 0;
  readonly #source: BodySource;
  #pieces: Buffer[] = [];
  #gatheredBytes = 0;
  #hasStarted = false;
  /** The last piece is among those that are here. */
  #isWhole = false;
  #failure: { error: unknown; isOwn: boolean } | null = null;
  #asker: Asker | null = null;
  #isAnswering = false;
  readonly #onAbort = () =>
    this.#stop(new BlobStoreError('aborted', 'the upload was aborted', this.#source.signal.reason));

  constructor(source: BodySource) {
    this.#source = source;
    const { body, signal } = source;
    // An error between two reads would otherwise have no listener and end the process.
    body.on('error', error => this.#failOwn(error));
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  next(): Promise<Buffer[] | null> {
    if (!this.#hasStarted) this.#start();
    return new Promise((resolve, reject) => {
      this.#asker = { resolve, reject };
      this.#answer();
    });
  }

  release(): void {
    this.#source.signal.removeEventListener('abort', this.#onAbort);
    if (!this.ended) this.#stop(new BlobStoreError('failed', 'the store stopped reading the upload'));
  }

  blame(error: unknown): unknown {
    return this.#failure?.isOwn ? this.#failure.error : error;
  }

  #start(): void {
    this.#hasStarted = true;
    const { body } = this.#source;
    if (body.readableEnded) {
      this.#end();
    } else if (body.destroyed) {
      this.#failOwn(body.errored ?? prematureClose());
    } else {
      body.on('data', value => this.#take(value));
      body.on('end', () => this.#end());
      body.on('close', () => {
        if (!this.#isWhole) this.#failOwn(prematureClose()); // An error costs as much as the rest of a short body.
      });
      body.resume(); // Who looked at its head may have paused it.
    }
  }

  #take(value: unknown): void {
    if (this.#failure !== null) return;
    const piece = toBuffer(value);
    if (piece === null) {
      this.#failOwn(new TypeError('the body of an upload must be a stream of bytes'));
      return;
    }
    if (piece.length === 0) return;
    this.sizeBytes += piece.length;
    const declared = this.#source.sizeBytes;
    if (declared !== null && this.sizeBytes > declared) {
      this.#fail({ error: wrongLength(declared, this.sizeBytes), isOwn: false });
      return;
    }
    this.#pieces.push(piece);
    this.#gatheredBytes += piece.length;
    if (this.#gatheredBytes >= BATCH_BYTES && this.#pieces.length > 1) this.#source.body.pause();
    if (this.#asker === null || this.#isAnswering || this.#pieces.length === 1) return;
    this.#isAnswering = true;
    setImmediate(() => {
      this.#isAnswering = false;
      this.#answer();
    });
  }

  #end(): void {
    const declared = this.#source.sizeBytes;
    this.#isWhole = true;
    if (declared === null || this.sizeBytes === declared) this.#answer();
    else this.#fail({ error: wrongLength(declared, this.sizeBytes), isOwn: false });
  }

  #failOwn(error: unknown): void {
    if (!this.#isWhole) this.#fail({ error, isOwn: true });
  }

  /** The first failure counts. */
  #fail(failure: { error: unknown; isOwn: boolean }): void {
    this.#failure ??= failure;
    this.#pieces = [];
    this.#answer();
  }

  #stop(error: BlobStoreError): void {
    if (!this.ended) this.#fail({ error, isOwn: false });
    this.#source.body.destroy(error);
  }

  #answer(): void {
    const asker = this.#asker;
    if (asker === null) return;
    if (this.#failure !== null) {
      this.#asker = null;
      asker.reject(this.#failure.error);
    } else if (this.#isWhole) {
      this.#asker = null;
      this.ended = true;
      asker.resolve(this.#takeAll(null));
    } else if (this.#pieces.length > 1) {
      this.#asker = null;
      asker.resolve(this.#takeAll(this.#pieces.pop() ?? null));
      this.#source.body.resume();
    }
  }

  /** All but the one that is held back. */
  #takeAll(held: Buffer | null): Buffer[] | null {
    const pieces = this.#pieces;
    this.#pieces = held === null ? [] : [held];
    this.#gatheredBytes = held?.length ?? 0;
    return pieces.length === 0 ? null : pieces;
  }
}

/** The rest of a body by the batch, after one that was read ahead. Lets go of each batch as it is taken. */
export async function* restOf(readAhead: Buffer[], body: BlobBody): AsyncGenerator<Buffer[], void, undefined> {
  if (readAhead.length > 0) yield readAhead.splice(0);
  for (let batch = await body.next(); batch !== null; batch = await body.next()) yield batch;
}

/** The same as a stream. A Readable of its own, because one made from a generator passes each piece through two more promises. */
export function streamRest(readAhead: Buffer[], body: Pick<BlobBody, 'next' | 'ended'>): Readable {
  const stream = new Readable({
    read() {
      if (readAhead.length > 0) pushAll(readAhead.splice(0));
      else body.next().then(pushAll, (error: Error) => stream.destroy(error));
    },
  });
  const pushAll = (pieces: Buffer[] | null) => {
    for (const piece of pieces ?? []) stream.push(piece);
    if (body.ended) stream.push(null);
  };
  stream.on('error', () => {}); // Whoever reads it hears of the error; nobody else needs to.
  return stream;
}

/** Null: no bytes. */
function toBuffer(value: unknown): Buffer | null {
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return typeof value === 'string' ? Buffer.from(value) : null;
}

function wrongLength(declared: number, seen: number): BlobStoreError {
  return new BlobStoreError(
    'failed',
    `the body has ${seen > declared ? 'more than ' : ''}${Math.min(seen, declared)} bytes where ${declared} were declared`,
  );
}

function prematureClose(): Error {
  return new Error('the body closed before its end');
}
