/**
 * An engine that answers as a test tells it: a bare HTTP server that forces one failure each. It never stands in for S3 where
 * S3 is asked to succeed at anything but a plain answer.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { BlobStore } from '../../src/blobs/blob-store.ts';
import type { S3Settings } from '../../src/blobs/s3-settings.ts';
import { makeS3Store } from '../../src/blobs/s3-store.ts';

export type Answer = (request: IncomingMessage, response: ServerResponse, nth: number) => void;

export interface AnsweringEngines {
  /** A store whose engine answers as told; `nth` counts requests from 1. */
  storeAgainst(
    answer: Answer,
    chosen?: Partial<S3Settings>,
  ): Promise<{ store: BlobStore; requests: () => number; server: Server }>;
  /** What closes with the engines, the last first. */
  readonly opened: { close(): Promise<void> }[];
  /** To be called after each test. */
  close(): Promise<void>;
}

export function makeAnsweringEngines(): AnsweringEngines {
  const opened: { close(): Promise<void> }[] = [];
  return {
    opened,

    async storeAgainst(answer, chosen = {}) {
      let count = 0;
      const server = createServer((request, response) => {
        count += 1;
        answer(request, response, count);
      });
      await listen(server);
      const address = server.address();
      const port = address !== null && typeof address === 'object' ? address.port : 0;
      const store = makeS3Store({
        endpoint: `http://127.0.0.1:${port}`,
        region: 'us-east-1',
        bucket: 'bucket',
        accessKeyId: 'id',
        secretAccessKey: 'secret',
        forcePathStyle: true,
        maxObjectSizeBytes: 1024 ** 3,
        ...chosen,
      });
      opened.push({ close: () => stop(server) }, store);
      return { store, requests: () => count, server };
    },

    async close() {
      for (const thing of opened.splice(0).reverse()) await thing.close();
    },
  };
}

export async function listen(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

export async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

export const refuse =
  (status: number, code: string): Answer =>
  (request, response) => {
    request.resume();
    response.writeHead(status, { 'content-type': 'application/xml' }).end(`<Error><Code>${code}</Code></Error>`);
  };
export const storedAs =
  (headers: Record<string, string>): Answer =>
  (request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(200, { 'content-length': '0', ...headers }).end());
  };
