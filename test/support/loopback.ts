/** A gateway server without routes on a loopback port, and a client that writes and reads raw bytes. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type ExpressApp, type ExpressAppOptions, makeExpressApp } from '../../src/http/express-app.ts';

export interface Loopback extends ExpressApp {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/** Every request goes to the handler. */
export async function listen(
  handler: (req: IncomingMessage, res: ServerResponse) => unknown,
  options: Partial<ExpressAppOptions> = {},
): Promise<Loopback> {
  const express = makeExpressApp({ trustProxy: 0, ...options });
  express.app.use((req, res) => handler(req, res));
  await new Promise<void>(resolve => {
    express.server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = express.server.address() as AddressInfo;
  return {
    ...express,
    port,
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise(resolve => {
        express.server.close(() => resolve());
        express.connections.destroyAll();
      }),
  };
}

/** One connection. `received` is everything the server has sent, as Latin-1. */
export class RawClient {
  received = '';
  /** `end` for a clean close, else the code of the error. */
  readonly closed: Promise<string>;
  readonly socket: Socket;
  #watchers: (() => void)[] = [];

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let outcome = 'end';
    this.socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1');
      for (const watch of this.#watchers) watch();
    });
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      outcome = error.code ?? 'error';
    });
    this.closed = new Promise(resolve => {
      this.socket.on('close', () => resolve(outcome));
    });
  }

  write(...lines: string[]): this {
    this.socket.write(lines.join('\r\n'), 'latin1');
    return this;
  }

  /** Resolves once the text has arrived; rejects when the connection closes before. */
  async until(text: string): Promise<string> {
    const arrived = new Promise<void>(resolve => {
      const watch = () => {
        if (this.received.includes(text)) resolve();
      };
      this.#watchers.push(watch);
      watch();
    });
    const gone = this.closed.then(outcome => {
      if (!this.received.includes(text)) throw new Error(`closed (${outcome}) after: ${this.received}`);
    });
    await Promise.race([arrived, gone]);
    return this.received;
  }

  /** Everything until the connection closes. */
  async all(): Promise<string> {
    await this.closed;
    return this.received;
  }

  destroy(): void {
    this.socket.destroy();
  }
}
