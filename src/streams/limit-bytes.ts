/** A ceiling on the length of a body whose sender did not, or falsely, declare it. Counts; does not buffer or copy. */
import type { Readable } from 'node:stream';
import { Relay } from './relay.ts';

/**
 * The source's bytes, up to and including `maxBytes` of them. The chunk that goes beyond is not handed on: the stream
 * fails with `makeError()` instead and destroys the source. `bytesPassed` counts. A source that fails, or closes without
 * ending, fails the result; destroying the result destroys the source.
 */
export function limitBytes(source: Readable, maxBytes: number, makeError: () => Error): Relay {
  return new Relay(source, { onBytes: totalBytes => (totalBytes > maxBytes ? makeError() : null) });
}
