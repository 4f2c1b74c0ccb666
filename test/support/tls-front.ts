/** TLS before an engine that speaks plain TCP: it carries bytes, and knows nothing of what they say. */
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { pipeline } from 'node:stream';
import { createServer, type TLSSocket } from 'node:tls';
import type { Certified } from './self-signed.ts';

export interface TlsFront {
  readonly endpoint: string;
  stop(): Promise<void>;
}

export async function startTlsFront(endpoint: string, certified: Certified): Promise<TlsFront> {
  const upstream = new URL(endpoint);
  const clients = new Set<TLSSocket>();
  const server = createServer(certified, client => {
    clients.add(client);
    client.on('close', () => clients.delete(client));
    const onward = connect({ host: upstream.hostname, port: Number(upstream.port) });
    // Either end that goes takes the other one with it.
    pipeline(client, onward, client, () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      for (const client of clients) client.destroy();
      await closed;
    },
  };
}
