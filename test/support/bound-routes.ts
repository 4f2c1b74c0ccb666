/** The contract's routes bound to handlers that say what they were given, on a server of their own, for the tests of the binder. */
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import express from 'express';
import { bindRoutes, type Route, type RouteHandler } from '../../src/contract/bind-routes.ts';
import { loadContract } from '../../src/contract/contract.ts';
import { SluiceError } from '../../src/domain/errors.ts';
import { PACKAGE_ROOT } from './gateway.ts';

export const contract = loadContract(readFileSync(join(PACKAGE_ROOT, 'openapi.yaml'), 'utf8'));
export const TOKEN = { authorization: 'Bearer token' };
export const JSON_TYPE = { ...TOKEN, 'content-type': 'application/json' };

/** Answers with what the handler was given, or with the error in its own terms. */
export async function echo({ operationId, res, params, query, body }: Route): Promise<void> {
  res.end(JSON.stringify({ operationId, params, query, body }));
}

/** `echo` for every operation of a tag. */
export function echoesFor(tag: string): Record<string, RouteHandler> {
  const operations = [...contract.operations.values()].filter(operation => operation.tag === tag);
  return Object.fromEntries(operations.map(({ id }) => [id, echo]));
}

export function bindToApp(handlers: Record<string, RouteHandler>) {
  const app = express();
  bindRoutes({
    contract,
    tag: 'supabase',
    router: app,
    handlers,
    mounts: ['', '/storage/v1'],
    onUnknown: (_req, res) => res.writeHead(404).end('{"unknown":true}'),
    onError: (error, _req, res, operationId) => {
      const { code, message, facts } =
        error instanceof SluiceError ? error : new SluiceError('internal', String(error));
      res.writeHead(400).end(JSON.stringify({ code, message, facts, operationId }));
    },
  });
  return app;
}

type Reply = Record<string, unknown>;

export interface Listening {
  readonly url: string;
  readonly port: number;
  ask(path: string, init?: RequestInit): Promise<Reply>;
  post(path: string, body: string, headers?: Record<string, string>): Promise<Reply>;
  /** Sends a request as it is written, which fetch would normalize, and resolves with the body of the reply. */
  send(head: string, body?: string): Promise<Reply>;
  close(): void;
}

export async function listen(app: RequestListener): Promise<Listening> {
  const server = createServer(app);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const ask: Listening['ask'] = async (path, init) => (await (await fetch(url + path, init)).json()) as Reply;
  return {
    url,
    port,
    ask,
    post: (path, body, headers = JSON_TYPE) => ask(path, { method: 'POST', headers, body }),
    async send(head, body = '') {
      const socket = connect(port, '127.0.0.1');
      socket.end(`${head}\r\nHost: x\r\nConnection: close\r\n\r\n${body}`, 'latin1');
      const chunks: Buffer[] = [];
      for await (const chunk of socket) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as Reply;
    },
    close: () => void server.close(),
  };
}
