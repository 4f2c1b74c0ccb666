import type { ServerResponse } from 'node:http';
import { drain } from '../../src/http/drain.ts';
import { sendJson } from '../../src/http/send-json.ts';
import { type Loopback, listen, RawClient } from '../support/loopback.ts';

/** Collects replies, so that a test decides when each is given. */
async function start(): Promise<{ loopback: Loopback; next: () => Promise<ServerResponse> }> {
  const waiting: ((res: ServerResponse) => void)[] = [];
  const arrived: ServerResponse[] = [];
  const loopback = await listen((_req, res) => {
    const take = waiting.shift();
    if (take === undefined) arrived.push(res);
    else take(res);
  });
  const next = async () => arrived.shift() ?? new Promise<ServerResponse>(resolve => waiting.push(resolve));
  return { loopback, next };
}

const request = ['GET / HTTP/1.1', 'Host: a', '', ''];

describe('a drain', () => {
  it('cuts what is not done at the deadline, and says so', async () => {
    const { loopback, next } = await start();
    const client = new RawClient(loopback.port).write(...request);
    await next();
    expect(await drain(loopback.server, loopback.connections, 50)).toBe(false);
    expect(await client.closed).toBe('end');
    expect(client.received).toBe('');
  });

  it('closes idle connections at once and accepts no more', async () => {
    const { loopback, next } = await start();
    const idle = new RawClient(loopback.port).write(...request);
    sendJson({ res: await next(), status: 200, body: 'first' });
    await idle.until('first');
    expect([loopback.connections.count, loopback.connections.busyCount]).toEqual([1, 0]);
    expect(await drain(loopback.server, loopback.connections, 10_000)).toBe(true);
    expect(await idle.closed).toBe('end');
    expect(await new RawClient(loopback.port).closed).toBe('ECONNREFUSED');
  });

  it('finishes the reply in flight and tells its client to close', async () => {
    const { loopback, next } = await start();
    const client = new RawClient(loopback.port).write(...request);
    const res = await next();
    expect(loopback.connections.busyCount).toBe(1);
    const drained = drain(loopback.server, loopback.connections, 10_000);
    sendJson({ res, status: 200, body: 'done' });
    expect(await client.all()).toMatch(/^HTTP\/1\.1 200 [\s\S]*connection: close\r\n[\s\S]*"done"$/i);
    expect(await drained).toBe(true);
  });

  it('finishes a reply whose headers have left', async () => {
    const { loopback, next } = await start();
    const client = new RawClient(loopback.port).write(...request);
    const res = await next();
    res.writeHead(200, { 'content-length': '8' }).write('half');
    await client.until('half');
    const drained = drain(loopback.server, loopback.connections, 10_000);
    res.end('half');
    expect(await drained).toBe(true);
    expect((await client.all()).endsWith('halfhalf')).toBe(true);
  });

  it('answers a request that comes on an old connection, and tells its client to close', async () => {
    const { loopback, next } = await start();
    const client = new RawClient(loopback.port).write(...request);
    const first = await next();
    first.writeHead(200, { 'content-length': '2' }).write('o');
    await client.until('\r\n\r\no');
    const drained = drain(loopback.server, loopback.connections, 10_000);
    client.write(...request);
    first.end('k');
    sendJson({ res: await next(), status: 200, body: 'second' });
    expect(await client.all()).toMatch(/ok[\s\S]*connection: close\r\n[\s\S]*"second"$/i);
    expect(await drained).toBe(true);
  });
});
