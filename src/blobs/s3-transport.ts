/**
 * How a signed request gets to the engine and its answer back. Over plain TCP that is our own connections, over TLS
 * undici; the lean client makes no difference between them.
 */
import type { Readable } from 'node:stream';
import type { S3Timeouts } from './s3-settings.ts';
import type { Place } from './socket-gate.ts';

export interface TransportRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT';
  readonly path: string;
  /** Name and value in turn, `host` included. */
  readonly headers: readonly string[];
  /** Its length is in the headers. */
  readonly body: Buffer | Readable | null;
  readonly signal: AbortSignal | undefined;
  /** Told how to learn whether the transfer waits for our own client. */
  readonly place: Pick<Place, 'watch'>;
}

export interface TransportAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  /**
   * To be read or destroyed; a body shorter than announced errors the stream. Null, or empty, where the answer has no bytes
   * or is not 2xx.
   */
  readonly body: Readable | null;
  /** S3's code of an answer that is not 2xx; empty where there is none. */
  readonly code: string;
}

export interface TransportSettings {
  readonly origin: URL;
  readonly timeouts: S3Timeouts;
  /** How long an unused socket is kept. */
  readonly keepMs: number;
}

export interface S3Transport {
  /**
   * Resolves once the engine has answered. Rejects with an error of the network, which carries a `code`. Throws where a
   * header cannot be sent.
   */
  send(request: TransportRequest): Promise<TransportAnswer>;
  close(): Promise<void>;
}

/** The `Code` of S3's error document; empty where it has none. */
export function codeIn(document: string): string {
  return /<Code>([A-Za-z0-9_.]+)<\/Code>/.exec(document)?.[1] ?? '';
}
