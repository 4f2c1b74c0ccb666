import { execFile } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { whenReplied } from '../../src/http/reply-outcome.ts';
import { openRequestBody } from '../../src/http/request-body.ts';
import { sendJson } from '../../src/http/send-json.ts';
import { limitBytes } from '../../src/streams/limit-bytes.ts';
import { type Loopback, listen, RawClient } from '../support/loopback.ts';

const MEBIBYTE = 1024 * 1024;
let loopback: Loopback | null = null;

afterEach(async () => {
  await loopback?.close();
  loopback = null;
});

/** Whether the client got the whole reply, as the server saw it. */
let complete: Promise<boolean>;

async function start(handler: (req: IncomingMessage, res: ServerResponse) => unknown): Promise<Loopback> {
  let settle: (complete: boolean) => void = () => {};
  complete = new Promise(resolve => {
    settle = resolve;
  });
  loopback = await listen((req, res) => {
    whenReplied(res, settle);
    return handler(req, res);
  });
  return loopback;
}

const refuse = (_req: IncomingMessage, res: ServerResponse) =>
  sendJson({ res, status: 403, body: { error: 'access denied' } });

/** Reads a mebibyte through a limit, then refuses: the shape of an upload that turns out too large. */
const refuseHalfway = async (req: IncomingMessage, res: ServerResponse) => {
  const body = limitBytes(openRequestBody(req), MEBIBYTE, () => new Error('too large'));
  await expect(body.forEach(() => {})).rejects.toThrow('too large');
  sendJson({ res, status: 413, body: { error: 'too large' } });
};

async function* endless(signal: { stopped: boolean }) {
  while (!signal.stopped) yield Buffer.alloc(64 * 1024);
}

describe.each([
  ['before a byte of the body is read', refuse, 403],
  ['in the middle of the body', refuseHalfway, 413],
])('a refusal %s', (_what, handler, status) => {
  it('is seen by fetch', async () => {
    const { url } = await start(handler);
    const reply = await fetch(url, { method: 'PUT', body: Buffer.alloc(20 * MEBIBYTE) });
    expect(reply.status).toBe(status);
    expect(await reply.json()).toHaveProperty('error');
    expect(await complete).toBe(true);
  });

  it('is seen by fetch while it streams without end', async () => {
    const { url } = await start(handler);
    const body = { stopped: false };
    const reply = await fetch(url, { method: 'PUT', body: endless(body), duplex: 'half' } as unknown as RequestInit);
    expect(reply.status).toBe(status);
    expect(await reply.json()).toHaveProperty('error');
    body.stopped = true;
    expect(await complete).toBe(true);
  });

  it('is seen by curl', async () => {
    const { url } = await start(handler);
    const { stdout } = await promisify(execFile)('sh', [
      '-c',
      `head -c ${20 * MEBIBYTE} /dev/zero | curl -s -S -T - -H 'Expect:' -w ' %{http_code}' ${url}/x`,
    ]);
    expect(stdout).toMatch(new RegExp(` ${status}$`));
  });

  it('is seen by a client that reads only after it has sent everything', async () => {
    const { port } = await start(handler);
    const simple = new RawClient(port);
    simple.socket.pause();
    simple.write('PUT / HTTP/1.1', 'Host: a', `Content-Length: ${8 * MEBIBYTE}`, '', '');
    await new Promise<void>(resolve => {
      simple.socket.write(Buffer.alloc(8 * MEBIBYTE), () => resolve());
    });
    simple.socket.resume();
    expect(await simple.all()).toContain(`HTTP/1.1 ${status}`);
    expect(await simple.closed).toBe('end');
  });
});

describe('a refused client', () => {
  it('is cut when it goes on sending beyond the bound', async () => {
    const { port } = await start(refuse);
    const stubborn = new RawClient(port);
    stubborn.socket.allowHalfOpen = true;
    stubborn.write('PUT / HTTP/1.1', 'Host: a', `Content-Length: ${1e12}`, '', '');
    const flood = () => {
      while (stubborn.socket.writable && stubborn.socket.write(Buffer.alloc(MEBIBYTE)));
    };
    stubborn.socket.on('drain', flood);
    flood();
    await stubborn.closed;
    expect(stubborn.received).toContain('HTTP/1.1 403');
    expect(stubborn.socket.bytesWritten).toBeLessThan(64 * MEBIBYTE);
  });

  it('keeps its connection when little of the body is left', async () => {
    const { port } = await start(refuse);
    const client = new RawClient(port);
    client.write('PUT /1 HTTP/1.1', 'Host: a', 'Content-Length: 4', '', '');
    await client.until('access denied');
    client.write('bodyPUT /2 HTTP/1.1', 'Host: a', 'Connection: close', '', '');
    expect((await client.all()).match(/HTTP\/1\.1 403/g)).toHaveLength(2);
  });

  it('keeps its connection when it sent no body', async () => {
    const { port } = await start(refuse);
    const client = new RawClient(port);
    client.write('GET /1 HTTP/1.1', 'Host: a', '', '').write('GET /2 HTTP/1.1', 'Host: a', 'Connection: close', '', '');
    expect((await client.all()).match(/HTTP\/1\.1 403/g)).toHaveLength(2);
  });
});

describe('a body that is still being read when the reply is sent', () => {
  it('fails for its reader, and never ends as if it were complete', async () => {
    let read: Promise<unknown> = Promise.resolve();
    const { port } = await start(async (req, res) => {
      read = openRequestBody(req).toArray();
      read.catch(() => {});
      sendJson({ res, status: 503, body: {} });
    });
    const client = new RawClient(port).write('PUT / HTTP/1.1', 'Host: a', 'Content-Length: 10', '', 'half');
    await client.until('503');
    client.write('+half!');
    await expect(read).rejects.toMatchObject({ code: 'aborted' });
    client.destroy();
  });
});
