/**
 * Clients that take their time, go away, lie about lengths or flood: each costs its own socket and nothing of anybody
 * else's, and is gone within the time limit. A fast client works beside them throughout.
 */
import { type Gateway, SERVICE_TOKEN, SILENT_LOG, STORES, startGateway } from '../support/gateway.ts';
import { RawClient } from '../support/loopback.ts';
import { until } from '../support/until.ts';
import { expectAgreement, sweep } from './agreement.ts';
import { send } from './door.ts';

const token = SERVICE_TOKEN;
const LOGIN = `authorization: Bearer ${token}`;
const LIMIT_MS = 2_000;
/** A quarter of the limit passes between two looks, and the machine of the tests is busy. */
const GONE_WITHIN_MS = 3 * LIMIT_MS;
/** The first moment, in which all of them connect at once, is work like any other. */
const SLACK_MS = 3_000;
const MANY = process.env.FAULT_SECONDS === undefined ? 40 : 400;
const LONG_BYTES = 32 * 1024 * 1024;

/** What a request inside another's body looks like. */
const SMUGGLED = '0\r\n\r\nGET /health HTTP/1.1\r\nhost: x\r\n\r\n';

function uploadHead(name: string, ...headers: string[]): string[] {
  return [`POST /object/b/${name} HTTP/1.1`, 'host: x', LOGIN, 'content-type: text/plain', ...headers, ''];
}

describe.each(STORES)('on the %s store', store => {
  let gateway: Gateway;
  let port = 0;
  const clients: RawClient[] = [];

  beforeAll(async () => {
    gateway = await startGateway({
      store,
      log: SILENT_LOG,
      env: { CLIENT_TIMEOUT: `${LIMIT_MS}ms`, DATABASE_POOL_SIZE: '2' },
    });
    port = Number(new URL(gateway.url).port);
    await send(gateway.url, 'POST', '/bucket', { token, json: { name: 'b' } });
    await send(gateway.url, 'POST', '/object/b/long', { token, body: new Uint8Array(LONG_BYTES) });
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
  });
  afterAll(() => gateway.stop());

  function open(...lines: string[]): RawClient {
    const client = new RawClient(port).write(...lines);
    clients.push(client);
    return client;
  }

  /** A byte a while to the gateway, for as long as it takes them. */
  function drip(client: RawClient, byte: () => string): RawClient {
    const timer = setInterval(() => client.socket.writable && client.socket.write(byte()), 100);
    client.socket.on('close', () => clearInterval(timer));
    return client;
  }

  /** The slowest of a few uploads and downloads, one after the other; all must succeed. */
  async function slowestOfFast(name: string): Promise<number> {
    let slowest = 0;
    const headers = { 'x-upsert': 'true' };
    for (let turn = 0; turn < 10; turn += 1) {
      const startedAt = performance.now();
      const path = `${name}-${turn}`;
      const put = await send(gateway.url, 'POST', `/object/b/${path}`, { token, body: new Uint8Array(1000), headers });
      const got = await send(gateway.url, 'GET', `/object/authenticated/b/${path}`, { token });
      expect([put.status, got.status, got.bytes.length]).toEqual([200, 200, 1000]);
      slowest = Math.max(slowest, performance.now() - startedAt);
    }
    return slowest;
  }

  /** Once the last upload has been given up. */
  async function expectIntact(): Promise<void> {
    await until('rows, ledger and store that agree', async () => {
      await sweep(gateway);
      await expectAgreement(gateway);
      return true;
    });
  }

  async function pendingCount(): Promise<number> {
    return (await gateway.db.sql(`select from sluice.blobs where state = 'pending'`)).length;
  }

  /** Requests under way, but for the one that asks. */
  async function othersInFlight(): Promise<number> {
    const figures = await (await fetch(`${gateway.url}/metrics`)).text();
    return Number(/^sluice_requests_in_flight (\d+)$/m.exec(figures)?.[1]) - 1;
  }

  const SLOW: readonly (readonly [title: string, begin: (n: number) => RawClient])[] = [
    ['send their head byte by byte', () => drip(open('GET /health HTTP/1.1', 'host: x', 'x-slow: '), () => 'x')],
    [
      'send their body byte by byte',
      n =>
        drip(open(`POST /object/b/slow-${n} HTTP/1.1`, 'host: x', LOGIN, 'content-length: 100000', '', 'x'), () => 'x'),
    ],
    [
      'send their body in chunks of a byte',
      n =>
        drip(
          open(`POST /object/b/chunk-${n} HTTP/1.1`, 'host: x', LOGIN, 'transfer-encoding: chunked', '', '1\r\nx\r\n'),
          () => '1\r\nx\r\n',
        ),
    ],
    [
      'send their form byte by byte',
      n =>
        drip(
          open(
            `POST /object/b/form-${n} HTTP/1.1`,
            'host: x',
            LOGIN,
            'content-type: multipart/form-data; boundary=b',
            'content-length: 100000',
            '',
            '--b\r\ncontent-disposition: form-data; name="file"; filename="x"\r\n\r\n',
          ),
          () => 'x',
        ),
    ],
    [
      'read byte by byte',
      () => {
        const client = open('GET /object/authenticated/b/long HTTP/1.1', 'host: x', LOGIN, '', '');
        client.socket.pause();
        const timer = setInterval(() => client.socket.read(1), 100);
        client.socket.on('close', () => clearInterval(timer));
        return client;
      },
    ],
  ];

  it.each(SLOW)(`clients that %s cost the others nothing, and are gone in time`, async (_, begin) => {
    const alone = await slowestOfFast('alone');
    const slow = Array.from({ length: MANY }, (_, n) => begin(n));
    const beside = await slowestOfFast('beside');
    expect(beside).toBeLessThan(5 * alone + SLACK_MS);
    expect(gateway.app.core.database.gauges()).toMatchObject({ waiting: 0 });
    await until('no more slow requests', async () => (await othersInFlight()) === 0, GONE_WITHIN_MS);
    await Promise.all(slow.filter(({ socket }) => !socket.isPaused()).map(({ closed }) => closed));
    await expectIntact();
  });

  const HANG_UPS: readonly (readonly [title: string, begin: (n: number) => RawClient, awaited: string | null])[] = [
    ['in mid-head', () => open('GET /object/authenticated/b/long HTTP/1.1', 'host:'), null],
    ['before the reply', () => open('GET /object/authenticated/b/long HTTP/1.1', 'host: x', LOGIN, '', ''), null],
    ['in mid-body', n => open(...uploadHead(`gone-${n}`, 'content-length: 1000'), 'half'), null],
    ['in mid-download', () => open('GET /object/authenticated/b/long HTTP/1.1', 'host: x', LOGIN, '', ''), '200 OK'],
  ];

  it.each(HANG_UPS)('clients that hang up %s leave nothing', async (_, begin, awaited) => {
    const leaving = Array.from({ length: MANY }, (_, n) => begin(n));
    for (const client of leaving) {
      if (awaited !== null) await client.until(awaited);
      client.destroy();
    }
    await until('no more requests', async () => (await othersInFlight()) === 0);
    await slowestOfFast('after');
    await expectIntact();
  });

  const REFUSED: readonly (readonly [title: string, status: number, lines: readonly string[]])[] = [
    ['a negative length', 400, [...uploadHead('bad', 'content-length: -1'), 'x']],
    ['a length that is no number', 400, [...uploadHead('bad', 'content-length: 0x10'), 'x']],
    ['a length beyond all numbers', 400, [...uploadHead('bad', `content-length: ${'9'.repeat(30)}`), 'x']],
    ['a length beyond the limit', 400, [...uploadHead('bad', `content-length: ${2 ** 52}`), 'x']],
    ['two lengths', 400, [...uploadHead('bad', 'content-length: 1', 'content-length: 2'), 'xy']],
    ['a length and chunks', 400, [...uploadHead('bad', 'content-length: 5', 'transfer-encoding: chunked'), SMUGGLED]],
    ['chunks and a length', 400, [...uploadHead('bad', 'transfer-encoding: chunked', 'content-length: 5'), SMUGGLED]],
    [
      'chunks twice',
      400,
      [...uploadHead('bad', 'transfer-encoding: chunked', 'transfer-encoding: identity'), SMUGGLED],
    ],
    ['an unknown coding', 400, [...uploadHead('bad', 'transfer-encoding: xchunked'), SMUGGLED]],
    ['a space before the colon', 400, [...uploadHead('bad', 'content-length : 5'), SMUGGLED]],
    ['a folded header', 400, [...uploadHead('bad', 'x-a: b', ' content-length: 5'), SMUGGLED]],
    ['line feeds alone', 400, [uploadHead('bad', 'content-length: 5').join('\n'), SMUGGLED]],
    ['a chunk without a size', 400, [...uploadHead('bad', 'transfer-encoding: chunked'), 'zz\r\nx\r\n0\r\n\r\n']],
    ['one endless header', 431, [...uploadHead('bad', `x-a: ${'a'.repeat(80_000)}`), '']],
    ['endless headers', 431, [...uploadHead('bad', ...Array.from({ length: 8_000 }, (_, n) => `x-${n}: flood`)), '']],
  ];

  it.each(REFUSED)(
    '%s is refused once, the connection closed, and nothing behind it is read',
    async (_, status, lines) => {
      const client = open(...lines);
      const received = await client.all();
      expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`]);
      expect(received.toLowerCase()).toContain('connection: close');
      expect((await send(gateway.url, 'GET', '/object/authenticated/b/bad', { token })).status).toBe(400);
      await expectIntact();
    },
  );

  it('a login behind two thousand headers counts like any other', async () => {
    const flood = Array.from({ length: 2_500 }, (_, n) => `x-${n}: y`);
    const client = open(
      'GET /object/authenticated/b/long HTTP/1.1',
      'host: x',
      ...flood,
      LOGIN,
      'range: bytes=0-0',
      '',
      '',
    );
    expect(await client.until('\r\n\r\n')).toContain('HTTP/1.1 206');
  });

  it('a body longer than its length is cut there or refused, and the rest is no request', async () => {
    const received = await open(...uploadHead('short', 'content-length: 3'), 'abcdef').all();
    expect(received).toMatch(/HTTP\/1\.1 400 [\s\S]*connection: close/);
    const got = await send(gateway.url, 'GET', '/object/authenticated/b/short', { token });
    expect(got.status === 200 ? got.bytes.toString() : 'abc').toBe('abc');
    await expectIntact();
  });

  it('a body shorter than its length is no object', async () => {
    const client = open(...uploadHead('shorter', 'content-length: 30'), 'abcdef');
    await until('the upload begun', async () => (await pendingCount()) === 1);
    client.socket.end();
    await client.closed;
    await expectIntact();
    expect((await send(gateway.url, 'GET', '/object/authenticated/b/shorter', { token })).status).toBe(400);
  });

  it('requests in a row on one connection are answered in their order', async () => {
    const read = (range: string) => [
      'GET /object/authenticated/b/row HTTP/1.1',
      'host: x',
      LOGIN,
      `range: ${range}`,
      '',
      '',
    ];
    const client = open(...uploadHead('row', 'content-length: 6'), 'abcdef');
    await client.until('"Key"');
    client
      .write(...read('bytes=0-1'))
      .write(...read('bytes=2-3'))
      .write(...read('bytes=4-5'));
    const received = await client.until('\r\n\r\nef');
    expect(received.match(/\r\n\r\n(ab|cd|ef)/g)).toEqual(['ab', 'cd', 'ef'].map(bytes => `\r\n\r\n${bytes}`));
  });
});
