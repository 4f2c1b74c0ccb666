import { IncomingMessage, ServerResponse } from 'node:http';
import type { Request, Response } from 'express';
import { clientAddress } from '../../src/http/client-address.ts';
import { whenReplied } from '../../src/http/reply-outcome.ts';
import { openRequestBody } from '../../src/http/request-body.ts';
import { sendJson } from '../../src/http/send-json.ts';
import { type Loopback, listen, RawClient } from '../support/loopback.ts';

let loopback: Loopback | null = null;
const clients: RawClient[] = [];

async function start(...args: Parameters<typeof listen>): Promise<Loopback> {
  loopback = await listen(...args);
  return loopback;
}

function client(port: number): RawClient {
  const made = new RawClient(port);
  clients.push(made);
  return made;
}

afterEach(async () => {
  for (const made of clients.splice(0)) made.destroy();
  await loopback?.close();
  loopback = null;
});

const answer = (_req: IncomingMessage, res: ServerResponse) => sendJson({ res, status: 200, body: { ok: true } });

describe('the address of a client', () => {
  it.each([
    [0, '192.0.2.1', '127.0.0.1'],
    [1, undefined, '127.0.0.1'],
    [1, '192.0.2.1', '192.0.2.1'],
    [1, '203.0.113.9, 192.0.2.1', '192.0.2.1'],
    [2, '203.0.113.9, 192.0.2.1, 192.0.2.2', '192.0.2.1'],
    [1, '203.0.113.9, 192.0.2.1:4711', '192.0.2.1'],
    [1, '[2001:db8::1]:4711', '2001:db8::1'],
    [1, '2001:db8::1', '2001:db8::1'],
  ])('behind %i proxies, where X-Forwarded-For is %s, is %s', async (trustProxy, header, expected) => {
    const { url } = await start((req, res) => sendJson({ res, status: 200, body: clientAddress(req) }), { trustProxy });
    const reply = await fetch(url, { headers: header === undefined ? {} : { 'x-forwarded-for': header } });
    expect(await reply.json()).toBe(expected);
  });
});

describe('a client that sends no request', () => {
  it.each([
    ['nothing', ''],
    ['half a header', 'GET / HTTP/1.1\r\nHost: a\r\nX-Slow'],
  ])('is dropped after the idle time, having sent %s', async (_what, bytes) => {
    const { port } = await start(answer, { idleTimeoutMs: 50 });
    const slow = client(port).write(bytes);
    expect(await slow.closed).toBe('end');
    expect(slow.received).toBe('');
  });

  it('is dropped after the header time although it keeps sending', async () => {
    const { port } = await start(answer, { headersTimeoutMs: 100 });
    const slow = client(port).write('GET / HTTP/1.1\r\nHost: a\r\n');
    const drip = setInterval(() => slow.socket.writable && slow.write('X-A: b\r\n'), 10);
    expect(await slow.all()).toContain('HTTP/1.1 408');
    clearInterval(drip);
  });
});

describe('a client that stops', () => {
  it('is dropped in the middle of a body that is being read, which fails as aborted', async () => {
    const failure = new Promise<unknown>(resolve => {
      void start(req => openRequestBody(req).on('error', resolve).resume(), { idleTimeoutMs: 50 }).then(({ port }) =>
        client(port).write('PUT / HTTP/1.1', 'Host: a', 'Content-Length: 10', '', 'half'),
      );
    });
    expect(await failure).toMatchObject({ code: 'aborted' });
  });

  it('is dropped when it does not read the reply', async () => {
    const closed = new Promise<boolean>(resolve => {
      const handler = (_req: IncomingMessage, res: ServerResponse) => {
        whenReplied(res, resolve);
        res.end(Buffer.alloc(64 * 1024 * 1024));
      };
      void start(handler, { idleTimeoutMs: 50 }).then(({ port }) => {
        const deaf = client(port);
        deaf.socket.pause();
        deaf.write('GET / HTTP/1.1', 'Host: a', '', '');
      });
    });
    expect(await closed).toBe(false);
  });

  it('is dropped between two requests only after the keep-alive time', async () => {
    const { port, server } = await start(answer, { idleTimeoutMs: 20, keepAliveTimeoutMs: 200 });
    const idle = client(port).write('GET / HTTP/1.1', 'Host: a', '', '');
    await idle.until('{"ok":true}');
    const before = performance.now();
    await idle.closed;
    expect(performance.now() - before).toBeGreaterThan(100);
    expect(server.keepAliveTimeout).toBe(200);
  });

  it('is not dropped while it is the gateway that takes its time', async () => {
    let timeouts = 0;
    const { port, server } = await start(
      (_req, res) => {
        server.on('timeout', () => {
          timeouts += 1;
          if (timeouts === 3) answer(_req, res);
        });
      },
      { idleTimeoutMs: 20 },
    );
    const patient = client(port).write('PUT / HTTP/1.1', 'Host: a', 'Content-Length: 10', '', 'half');
    await patient.until('{"ok":true}');
  });
});

describe('bytes that are no request', () => {
  it.each([
    ['nonsense', ['hello', '', ''], 400],
    ['two lengths', ['GET / HTTP/1.1', 'Host: a', 'Content-Length: 1', 'Content-Length: 2', '', ''], 400],
    [
      'a length beside chunks',
      ['PUT / HTTP/1.1', 'Host: a', 'Content-Length: 1', 'Transfer-Encoding: chunked', '', ''],
      400,
    ],
    ['a bare line feed in a header', ['GET / HTTP/1.1', 'Host: a', 'X: a\nY: b\n\n'], 400],
    ['no host', ['GET / HTTP/1.1', '', ''], 400],
    ['headers beyond 64 KiB', ['GET / HTTP/1.1', 'Host: a', `X: ${'a'.repeat(70_000)}`, '', ''], 431],
  ])('are refused in words, and the connection closed: %s', async (_what, lines, status) => {
    const { port } = await start(answer);
    const reply = await client(port)
      .write(...lines)
      .all();
    expect(reply).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(reply.toLowerCase()).toContain('connection: close');
    expect(reply).toMatch(/\r\n\r\n{"statusCode":"4\d\d","error":".+","message":".+","code":"InvalidRequest"}$/);
  });

  it('are answered with an id', async () => {
    const { port } = await start(answer);
    expect(await client(port).write('hello\r\n\r\n').all()).toMatch(/^x-request-id: [0-9a-f-]{36}\r$/m);
  });

  it('cut the connection when a reply has begun', async () => {
    const { port } = await start((req, res) => {
      openRequestBody(req)
        .on('error', () => {})
        .resume();
      res.writeHead(200, { 'content-length': '10' }).write('half');
    });
    const confused = client(port).write('PUT / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked', '', '');
    await confused.until('half');
    confused.write('not a chunk\r\n');
    expect((await confused.all()).endsWith('half')).toBe(true);
  });
});

describe('the express application', () => {
  it('gives requests and responses the classes they were born with', async () => {
    const seen: unknown[] = [];
    const { url, app } = await start((req, res) => {
      seen.push(req instanceof IncomingMessage, Object.getPrototypeOf(req) === app.request);
      seen.push(res instanceof ServerResponse, Object.getPrototypeOf(res) === app.response);
      seen.push((req as Request).path, (req as Request).query, (res as Response).app === app);
      answer(req, res);
    });
    const reply = await fetch(`${url}/a%20b?x=1&x=2&y[z]=3`);
    expect(seen).toEqual([true, true, true, true, '/a%20b', { x: ['1', '2'], 'y[z]': '3' }, true]);
    expect(reply.headers.get('x-powered-by')).toBeNull();
  });

  it('tells letter case and trailing slashes apart', async () => {
    const { url, app } = await start((_req, res) => sendJson({ res, status: 404, body: {} }));
    const first = app.router.stack.pop();
    app.get('/health', (_req, res) => sendJson({ res, status: 200, body: {} }));
    if (first !== undefined) app.router.stack.push(first);
    const statuses = await Promise.all(
      ['/health', '/Health', '/health/'].map(async path => (await fetch(url + path)).status),
    );
    expect(statuses).toEqual([200, 404, 404]);
  });

  it('keeps headers of up to 64 KiB', async () => {
    const { url } = await start(answer);
    expect((await fetch(url, { headers: { 'x-metadata': 'a'.repeat(60_000) } })).status).toBe(200);
  });
});

describe('Expect: 100-continue', () => {
  const head = ['PUT / HTTP/1.1', 'Host: a', 'Expect: 100-continue', 'Content-Length: 4', '', ''];

  it('is answered with the refusal alone when nobody wants the body', async () => {
    const { port } = await start((_req, res) => sendJson({ res, status: 403, body: {} }));
    const reply = await client(port)
      .write(...head)
      .all();
    expect(reply).toMatch(/^HTTP\/1\.1 403 /);
    expect(reply.toLowerCase()).toContain('connection: close');
  });

  it('is answered with 100 when the body is first read', async () => {
    const { port } = await start(async (req, res) => {
      const chunks = await openRequestBody(req).toArray();
      sendJson({ res, status: 200, body: Buffer.concat(chunks).toString() });
    });
    const polite = client(port).write(...head);
    expect(await polite.until('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    polite.write('body');
    await polite.until('"body"');
    expect(polite.received.match(/100 Continue/g)).toHaveLength(1);
  });

  it('leaves it to whoever is asked to refuse another expectation', async () => {
    const { port } = await start((req, res) => sendJson({ res, status: 417, body: req.headers.expect }));
    const reply = client(port).write('GET / HTTP/1.1', 'Host: a', 'Expect: the-unexpected', '', '');
    expect(await reply.until('"the-unexpected"')).toMatch(/^HTTP\/1\.1 417 /);
  });
});
