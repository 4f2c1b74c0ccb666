/** Blobs for the tests of stores: keys, bodies of every behavior, and what a store gives back. */
import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { BlobStore, PutBlob } from '../../src/blobs/blob-store.ts';

export function newKey(): string {
  const version = randomUUID();
  return `${version.slice(0, 2)}/${version}`;
}

export function blobOf(body: Readable, sizeBytes: number | null): PutBlob {
  const labels = { bucket: 'photos', name: 'a.png', owner: null, contentType: 'image/png' };
  return { key: newKey(), body, sizeBytes, labels, signal: neverAborted() };
}

export async function putBytes(store: BlobStore, bytes: Buffer): Promise<string> {
  const blob = blobOf(Readable.from(piecesOf([bytes])), bytes.length);
  await store.put(blob);
  return blob.key;
}

export async function openAll(store: BlobStore, key: string, range: { start: number; end: number } | null = null) {
  return collect(await store.open(key, { range, signal: neverAborted() }));
}

/** What a promise is rejected with; fails when it is not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('the promise was not rejected');
}

export async function collect(stream: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}

export async function listAll(store: BlobStore, after: string | null) {
  const listed = [];
  for await (const blob of store.list(after)) listed.push(blob);
  return listed;
}

export function neverAborted(): AbortSignal {
  return new AbortController().signal;
}

export function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}

/** Bytes in which a shift by any small amount shows. */
export function patternedBytes(sizeBytes: number): Buffer {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4));
  for (let index = 0; index < words.length; index += 1) words[index] = Math.imul(index, 2_654_435_761);
  return Buffer.from(words.buffer, 0, sizeBytes);
}

/** As a socket would give them: 64 KiB at most; never an empty piece. */
export function* piecesOf(buffers: readonly Buffer[]): Generator<Buffer> {
  for (const bytes of buffers) {
    for (let start = 0; start < bytes.length; start += 64 * 1024) yield bytes.subarray(start, start + 64 * 1024);
  }
}

export function failingBody(bytes: Buffer, failure: Error): Readable {
  return Readable.from(
    (function* () {
      yield* piecesOf([bytes]);
      throw failure;
    })(),
  );
}

/** A body that gives its bytes and then neither ends nor fails; `silent` resolves when more is asked for in vain. */
export function stallingBody(bytes: Buffer): { body: Readable; silent: Promise<void> } {
  const pieces = piecesOf([bytes]);
  let tellSilent = () => {};
  const silent = new Promise<void>(resolve => {
    tellSilent = resolve;
  });
  const body = new Readable({
    read() {
      const { done, value } = pieces.next();
      if (done) tellSilent();
      else this.push(value);
    },
  });
  return { body, silent };
}

/** Fresh memory for every piece, as from a socket. */
export function endlessBody(sizeBytes: number): Readable {
  return Readable.from(
    (function* () {
      for (let left = sizeBytes; left > 0; left -= 64 * 1024) yield Buffer.alloc(Math.min(left, 64 * 1024), 7);
    })(),
  );
}
