/** Looks at the first bytes of a stream and leaves them in it. Holds no more than those, and no more than one chunk beyond. */
import { Readable } from 'node:stream';

export interface Peeked {
  /** As many bytes as were wanted or more; fewer where the stream is shorter. */
  readonly head: Buffer;
  /** The stream from its first byte on: the source itself, unless that has ended. */
  readonly whole: Readable;
}

/** Rejects as the source fails, or when it closes before its end. The source must not have been read from. */
export function peekHead(source: Readable, wantedBytes: number): Promise<Peeked> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;

    function settle(outcome: () => void): void {
      // `readable` rather than `data`: a stream that was paused by hand would stay so for its next reader.
      source.off('readable', take).off('end', end).off('error', fail).off('close', close);
      outcome();
    }
    function take(): void {
      for (let chunk: Buffer | null = source.read(); chunk !== null; chunk = source.read()) {
        chunks.push(chunk);
        sizeBytes += chunk.length;
        if (sizeBytes >= wantedBytes) break;
      }
      if (sizeBytes < wantedBytes) return;
      const head = Buffer.concat(chunks, sizeBytes);
      settle(() => {
        source.unshift(head);
        resolve({ head, whole: source });
      });
    }
    function end(): void {
      const head = Buffer.concat(chunks, sizeBytes);
      settle(() => resolve({ head, whole: Readable.from(sizeBytes === 0 ? [] : [head], { objectMode: false }) }));
    }
    function fail(error: Error): void {
      settle(() => reject(error));
    }
    function close(): void {
      fail(source.errored ?? new Error('the stream closed before its end'));
    }

    if (source.destroyed) close();
    else source.on('readable', take).on('end', end).on('error', fail).on('close', close);
  });
}
