/** What it takes to stand between the gateway and Postgres: the frames of the wire, and another way to the same server. */
import { connect, type Socket } from 'node:net';
import type { ConnectionTarget } from '../../src/database/database.ts';

/** Calls back for each message of the frontend. The start-up message has no type byte, every later one has. */
function makeFrameReader(onMessage: (type: string, body: Buffer) => void): (chunk: Buffer) => void {
  let pending = Buffer.alloc(0);
  let started = false;
  return chunk => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      const head = started ? 1 : 0;
      if (pending.length < head + 4) return;
      const length = head + pending.readInt32BE(head);
      if (pending.length < length) return;
      if (started) onMessage(String.fromCharCode(pending[0] ?? 0), pending.subarray(head + 4, length));
      started = true;
      pending = pending.subarray(length);
    }
  };
}

/** Where the server listens: a socket's path, or host and port. */
export function addressOf(target: ConnectionTarget) {
  const url = target.connectionString === undefined ? null : new URL(target.connectionString);
  const host = url?.hostname ?? target.host ?? '127.0.0.1';
  const port = Number((url?.port || target.port) ?? 5432);
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
}

/** The same target, reached by a port of this machine. */
export function through(target: ConnectionTarget, port: number): ConnectionTarget {
  if (target.connectionString === undefined) return { ...target, host: '127.0.0.1', port };
  const url = new URL(target.connectionString);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return { connectionString: url.href };
}

/** Carries one client's connection to the server, and reads the client's messages on the way. */
export function carry(client: Socket, target: ConnectionTarget, onMessage: (type: string, body: Buffer) => void): void {
  const upstream = connect(addressOf(target));
  const read = makeFrameReader(onMessage);
  client.on('data', chunk => {
    read(chunk);
    upstream.write(chunk);
  });
  upstream.on('data', chunk => client.write(chunk));
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    one.on('close', () => other.destroy());
    one.on('error', () => other.destroy());
  }
}
