/** An object that is about to be read: which of its bytes, and the ways to them. */
import type { Readable } from 'node:stream';
import type { StoredObject } from './objects.ts';

/** What a reader gets. `open` reads the bytes; it is called at most once, and not at all for a HEAD. */
export type OpenedObject = { readonly outcome: 'not-modified'; readonly object: StoredObject } | OpenedBytes;

export interface OpenedBytes {
  readonly outcome: 'whole' | 'part';
  readonly object: StoredObject;
  /** The bytes to send, both ends included; `end` is -1 for an empty object. */
  readonly start: number;
  readonly end: number;
  /** Throws `bytes-missing`, `unavailable`, `aborted`. */
  readonly open: () => Promise<Readable | Buffer>;
  /** Where the bucket's delivery is `redirect` and the store allows it: a URL of the store itself, for a minute. */
  readonly presign: ((answer: DirectAnswer) => Promise<string>) | null;
  /** Where a proxy in front is to send the bytes: the path at which it finds them. */
  readonly locate: (() => Promise<string>) | null;
}

/** What the store is to say of bytes that it sends itself. */
export interface DirectAnswer {
  readonly contentType: string;
  readonly cacheControl: string;
  readonly contentDisposition: string | null;
}
