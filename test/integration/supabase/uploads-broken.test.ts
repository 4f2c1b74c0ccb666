/**
 * Uploads that lie about their length, break off, or race for one name: nothing of a refused one is left, and nothing of
 * an accepted one is lost. On every store. Behaviours W-1, W-3, W-5, W-7, W-25 of STORAGE-API §7.2.
 */
import { Readable } from 'node:stream';
import { addBucket, etagOf, tracesOf } from '../../support/bucket-fixtures.ts';
import { type Call, encodeForm, makeCall } from '../../support/call.ts';
import { type Gateway, SERVICE_TOKEN, STORES, startGateway } from '../../support/gateway.ts';
import { RawClient } from '../../support/loopback.ts';
import { type WatchedStore, watchStore } from '../../support/watched-store.ts';

const token = SERVICE_TOKEN;
const LOGIN = `authorization: Bearer ${token}`;
const MIB = 1024 * 1024;

describe.each(STORES)('broken and racing uploads to the %s store', store => {
  let gateway: Gateway;
  let call: Call;
  let watched: WatchedStore;

  beforeAll(async () => {
    gateway = await startGateway({
      store,
      wrapStore: inner => {
        watched = watchStore(inner);
        return watched.store;
      },
    });
    call = makeCall(gateway.url);
    await addBucket(gateway, 'files');
    await addBucket(gateway, 'tiny', { fileSizeLimit: 10 });
    await addBucket(gateway, 'images', { allowedMimeTypes: ['image/*'] });
  });
  afterAll(() => gateway.stop());

  const connect = () => new RawClient(Number(new URL(gateway.url).port));

  it.each([
    ['POST', '/object/tiny/a'],
    ['PUT', '/object/tiny/a'],
  ])('T2-06 refuses a chunked body above the limit: %s (W-1)', async (method, path) => {
    const before = await tracesOf(gateway);
    const reply = await call(method, path, { token, body: Readable.from([Buffer.alloc(10), Buffer.alloc(1)]) });
    expect(reply.json).toEqual({
      statusCode: '413',
      error: 'Payload too large',
      message: 'The object exceeded the maximum allowed size',
      code: 'EntityTooLarge',
    });
    expect(await tracesOf(gateway)).toEqual(before);
  });

  it('T2-06 refuses a chunked body above the limit through an upload link (W-1)', async () => {
    const link = (await call('POST', '/object/upload/sign/tiny/linked', { token })).json as { url: string };
    const before = await tracesOf(gateway);
    const reply = await call('PUT', link.url, { body: Readable.from([Buffer.alloc(11)]) });
    expect(reply.json).toMatchObject({ statusCode: '413', code: 'EntityTooLarge' });
    expect(await tracesOf(gateway)).toEqual(before);
  });

  it('T2-06 refuses a declared length above the limit before any byte is stored', async () => {
    const puts = watched.puts;
    const reply = await call('POST', '/object/tiny/b', { token, body: Buffer.alloc(11) });
    expect(reply.json).toMatchObject({ statusCode: '413' });
    expect(watched.puts).toBe(puts);
  });

  it('T2-06 takes exactly the limit, chunked and declared', async () => {
    for (const body of [Buffer.alloc(10, 'x'), Readable.from([Buffer.alloc(9, 'x'), Buffer.alloc(1, 'x')])]) {
      expect((await call('PUT', '/object/tiny/full', { token, body })).status).toBe(200);
      expect((await call('GET', '/object/tiny/full', { token })).headers.etag).toBe(etagOf('x'.repeat(10)));
    }
  });

  it.each([
    ['a raw body', 'content-length: 1000', 'some of it'],
    ['a chunked body', 'transfer-encoding: chunked', '5\r\nhello\r\n'],
    [
      'a form',
      `content-length: 1000\r\ncontent-type: multipart/form-data; boundary=the-boundary-of-the-tests`,
      encodeForm([{ name: 'f', value: 'x'.repeat(500), type: 'a/b' }])
        .subarray(0, 200)
        .toString(),
    ],
  ])(
    'T2-24 stores nothing when the client hangs up in the middle of %s, and stops the store at once',
    async (_what, head, body) => {
      const before = await tracesOf(gateway);
      const failed = watched.nextFailure();
      const begun = watched.nextPuts(1);
      const client = connect();
      client.write('POST /object/files/hang-up HTTP/1.1', 'host: x', LOGIN, head, '', body);
      await begun;
      client.destroy();
      await failed;
      expect(await tracesOf(gateway)).toEqual(before);
      expect((await call('HEAD', '/object/files/hang-up', { token })).status).toBe(400);
    },
  );

  it('stores nothing when the body is shorter than its Content-Length', async () => {
    const before = await tracesOf(gateway);
    const failed = watched.nextFailure();
    const client = connect();
    client.write('POST /object/files/short HTTP/1.1', 'host: x', LOGIN, 'content-length: 100', '', 'only these');
    client.socket.end();
    await failed;
    await client.closed;
    expect(client.received).not.toContain('200 OK');
    expect(await tracesOf(gateway)).toEqual(before);
  });

  it('T2-03 of several uploads of one new name exactly one succeeds, and its bytes are those read (W-3)', async () => {
    for (const round of [1, 2, 3]) {
      const path = `/object/files/race-${round}`;
      const bodies = Array.from({ length: 6 }, (_, n) => `upload ${n} `.repeat(1 + n * 20_000));
      const replies = await Promise.all(bodies.map(body => call('POST', path, { token, body })));
      const winners = replies.flatMap((reply, n) => (reply.status === 200 ? [n] : []));
      expect(winners).toHaveLength(1);
      for (const reply of replies.filter(({ status }) => status !== 200)) {
        expect(reply.json).toMatchObject({ statusCode: '409', error: 'Duplicate', code: 'KeyAlreadyExists' });
      }
      expect((await call('GET', path, { token })).text).toBe(bodies[winners[0] ?? -1]);
    }
    expect(await tracesOf(gateway)).toMatchObject({ unfinished: 0 });
  });

  it('W-3 of slow uploads of one new name, begun before any has ended, exactly one succeeds', async () => {
    const slow = Array.from({ length: 3 }, () => new Readable({ read() {} }));
    const begun = watched.nextPuts(3);
    const replies = slow.map(body => call('POST', '/object/files/slow-race', { token, body }));
    for (const [n, body] of slow.entries()) body.push(`begin ${n}, `);
    await begun;
    for (const [n, body] of slow.entries()) {
      body.push(`end ${n}`);
      body.push(null);
    }
    expect((await Promise.all(replies)).map(reply => reply.status).sort()).toEqual([200, 400, 400]);
    expect(await tracesOf(gateway)).toMatchObject({ unfinished: 0 });
  });

  it('never shows a mixture of two overwrites, and leaves the bytes of one (W-5)', async () => {
    const bodies = Array.from({ length: 4 }, (_, n) => Buffer.alloc(MIB + n, String(n)));
    await call('POST', '/object/files/torn', { token, body: bodies[0] ?? '' });
    const before = await tracesOf(gateway);
    const reads = Array.from({ length: 6 }, () => call('GET', '/object/files/torn', { token }));
    const writes = bodies.map(body => call('PUT', '/object/files/torn', { token, body }));
    for (const reply of await Promise.all(writes)) expect(reply.status).toBe(200);
    for (const read of [...(await Promise.all(reads)), await call('GET', '/object/files/torn', { token })]) {
      expect(read.status).toBe(200);
      expect(bodies.some(body => body.equals(read.bytes))).toBe(true);
      expect(read.headers.etag).toBe(etagOf(read.bytes));
    }
    expect(await tracesOf(gateway)).toEqual(before);
  });

  it('refuses before a waiting client sends its body (W-25)', async () => {
    const refused: readonly [string, string][] = [
      ['/object/tiny/waiting', 'content-length: 11'],
      ['/object/nowhere/waiting', 'content-length: 11'],
      ['/object/images/waiting', 'content-length: 11'],
    ];
    for (const [path, length] of refused) {
      const client = connect();
      client.write(`POST ${path} HTTP/1.1`, 'host: x', LOGIN, length, 'expect: 100-continue', '', '');
      const reply = await client.until('"code"');
      expect(reply).toMatch(/^HTTP\/1\.1 400 /);
      client.destroy();
    }
  });

  it('tells a waiting client to go on once the upload is accepted', async () => {
    const client = connect();
    client.write(
      'PUT /object/files/waited HTTP/1.1',
      'host: x',
      LOGIN,
      'content-length: 5',
      'expect: 100-continue',
      '',
      '',
    );
    await client.until('HTTP/1.1 100 Continue');
    client.write('hello');
    await client.until('"Key":"files/waited"');
    client.destroy();
    expect((await call('GET', '/object/files/waited', { token })).text).toBe('hello');
  });

  it('lets an ordinary client read the refusal of a large body that it is still sending', async () => {
    for (const path of ['/object/tiny/large', '/object/nowhere/large']) {
      const reply = await fetch(gateway.url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: Buffer.alloc(8 * MIB),
      });
      expect(await reply.json()).toMatchObject({ statusCode: path.includes('tiny') ? '413' : '404' });
    }
  });

  it('keeps a committed object whose answer was lost with the client', async () => {
    const client = connect();
    client.write('PUT /object/files/unheard HTTP/1.1', 'host: x', LOGIN, 'content-length: 5', '', 'heard');
    await client.until('"Key":"files/unheard"');
    client.destroy();
    await tracesOf(gateway);
    expect((await call('GET', '/object/files/unheard', { token })).text).toBe('heard');
  });
});
