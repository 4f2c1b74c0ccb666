/**
 * Reads the body of one `put`, front to back and once, for every driver: counts it, hashes it, compares it with the
 * declared length, stops it on abort, and remembers whether a failure was the body's own. It stores nothing.
 *
 * The last piece is given out only when the body is known to end there. So a body that fails or runs over at its very
 * end never reaches a store as complete.
 */
import type { Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { BlobStoreError } from './blob-store.ts';

export interface BlobBody {
  /** The next piece, or null once the body has ended with the declared length. Rejects when it failed in any way. */
  next(): Promise<Buffer | null>;
  /** Nothing follows what `next` has given out. */
  readonly ended: boolean;
  /** Bytes read so far; the true size once `ended`. */
  readonly sizeBytes: number;
  /** Stops listening for the abort, and destroys a body that was not read to its end. Safe to call twice. */
  release(): void;
  /** The body's own error if that is what went wrong, unchanged; else the one given. */
  blame(error: unknown): unknown;
}

/** Takes the body over: from here on it is destroyed on abort, and its errors surface only through `next`. */
export function readBlobBody(source: {
  body: Readable;
  sizeBytes: number | null;
  signal: AbortSignal;
  /** Fed with every byte read. */
  hash: Hash | null;
}): BlobBody {
  const { body, signal, hash } = source;
  const pieces: AsyncIterator<unknown> = body[Symbol.asyncIterator]();
  let held: Buffer | null = null;
  let started = false;
  let ended = false;
  let stopped = false;
  let sizeBytes = 0;
  let ownFailure: { error: unknown } | null = null;

  const stop = (error: Error) => {
    stopped = true;
    body.destroy(error);
  };
  const onAbort = () => stop(new BlobStoreError('aborted', 'the upload was aborted', signal.reason));
  // An error between two reads would otherwise have no listener and end the process.
  body.on('error', () => {});
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });

  async function pull(): Promise<Buffer | null> {
    for (;;) {
      const piece = await readPiece();
      if (piece === null) return null;
      if (piece.length === 0) continue;
      sizeBytes += piece.length;
      if (source.sizeBytes !== null && sizeBytes > source.sizeBytes) throw wrongLength(source.sizeBytes, sizeBytes);
      hash?.update(piece);
      return piece;
    }
  }

  async function readPiece(): Promise<Buffer | null> {
    try {
      const { done, value } = await pieces.next();
      return done ? null : toBuffer(value);
    } catch (error) {
      if (!stopped) ownFailure ??= { error };
      throw error;
    }
  }

  async function next(): Promise<Buffer | null> {
    if (!started) {
      started = true;
      held = await pull();
    }
    if (held === null) {
      end();
      return null;
    }
    const piece = held;
    held = await pull();
    if (held === null) end();
    return piece;
  }

  function end() {
    ended = true;
    if (source.sizeBytes !== null && sizeBytes !== source.sizeBytes) throw wrongLength(source.sizeBytes, sizeBytes);
  }

  return {
    next,
    get ended() {
      return ended;
    },
    get sizeBytes() {
      return sizeBytes;
    },
    release() {
      signal.removeEventListener('abort', onAbort);
      if (!ended) stop(new BlobStoreError('failed', 'the store stopped reading the upload'));
    },
    blame: error => (ownFailure === null ? error : ownFailure.error),
  };
}

/**
 * The rest of a body as a stream, after pieces that were read ahead. Lets go of each piece as it is taken. A Readable of
 * its own, because one made from a generator passes each piece through two more promises.
 */
export function streamRest(readAhead: Buffer[], body: BlobBody): Readable {
  const stream = new Readable({
    read() {
      const piece = readAhead.shift();
      if (piece !== undefined) {
        this.push(piece);
        return;
      }
      body.next().then(
        next => this.push(next),
        (error: Error) => this.destroy(error),
      );
    },
  });
  stream.on('error', () => {}); // Whoever reads it hears of the error; nobody else needs to.
  return stream;
}

function toBuffer(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (typeof value === 'string') return Buffer.from(value);
  throw new TypeError('the body of an upload must be a stream of bytes');
}

function wrongLength(declared: number, seen: number): BlobStoreError {
  return new BlobStoreError(
    'failed',
    `the body has ${seen > declared ? 'more than ' : ''}${Math.min(seen, declared)} bytes where ${declared} were declared`,
  );
}
