/**
 * Stands between the gateway and its engines and counts: round trips on the Postgres wire (one Sync or simple query is
 * one), and HTTP requests to the S3 server. What is counted is what really crosses the wire.
 */
import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { ConnectionTarget } from '../../src/database/database.ts';
import { carry, through } from './postgres-wire.ts';

export interface PostgresCounter {
  readonly target: ConnectionTarget;
  /** Round trips since the last call. */
  take(): number;
  /** Resets every connection to the gateway, as a broken network does. */
  cut(): void;
  stop(): Promise<void>;
}

export async function countRoundTrips(target: ConnectionTarget): Promise<PostgresCounter> {
  let count = 0;
  const clients = new Set<Socket>();
  const server = createServer(client => {
    clients.add(client);
    client.on('close', () => clients.delete(client));
    carry(client, target, type => {
      if (type === 'S' || type === 'Q') count += 1;
    });
  });
  const port = await listen(server);
  return {
    target: through(target, port),
    take() {
      const taken = count;
      count = 0;
      return taken;
    },
    cut() {
      for (const client of clients) client.resetAndDestroy();
    },
    stop: () => close(server),
  };
}

export interface S3Counter {
  readonly endpoint: string;
  /** `METHOD` of each request since the last call, in order. */
  take(): string[];
  stop(): Promise<void>;
}

export async function countS3Calls(endpoint: string): Promise<S3Counter> {
  let calls: string[] = [];
  const upstream = new URL(endpoint);
  const server = createHttpServer((req, res) => {
    calls.push(req.method ?? '');
    const forward = httpRequest(
      { host: upstream.hostname, port: upstream.port, method: req.method, path: req.url, headers: req.headers },
      reply => {
        res.writeHead(reply.statusCode ?? 502, reply.headers);
        reply.pipe(res);
      },
    );
    forward.on('error', () => res.destroy());
    res.on('close', () => forward.destroy());
    req.pipe(forward);
  });
  const port = await listen(server);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    take() {
      const taken = calls;
      calls = [];
      return taken;
    },
    stop: () => close(server),
  };
}

function listen(server: Server): Promise<number> {
  return new Promise(resolve => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function close(server: Server & { closeAllConnections?(): void }): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve());
    server.closeAllConnections?.();
  });
}
