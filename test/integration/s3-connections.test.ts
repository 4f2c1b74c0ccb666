/** What the S3 driver makes of an engine that misbehaves. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { makeWireTransport } from '../../src/blobs/wire-transport.ts';
import { type Answer, listen, makeAnsweringEngines, refuse, stop, storedAs } from '../support/answering-engine.ts';
import { blobOf, newKey, openAll, rejection, stallingBody } from '../support/blobs.ts';

const MD5_OF_X = '9dd4e461268c8034f5c8564e155c67a6';
const clients: readonly [string, boolean][] = [
  ['lean client', true],
  ['AWS SDK', false],
];

const engines = makeAnsweringEngines();
const { storeAgainst, opened } = engines;
afterEach(() => engines.close());

const neverAborted = () => new AbortController().signal;
const whole = () => ({ range: null, signal: neverAborted() });

describe.each(clients)('the %s against a failing engine', (_name, leanClient) => {
  it.each([
    [500, 'InternalError', 'unavailable'],
    [503, 'SlowDown', 'unavailable'],
    [429, 'TooManyRequests', 'unavailable'],
    [507, 'XMinioStorageFull', 'no-space'],
    [403, 'QuotaExceeded', 'no-space'],
    [403, 'AccessDenied', 'failed'],
    [404, 'NoSuchKey', 'absent'],
    [404, 'NoSuchBucket', 'unavailable'],
  ])('maps %d %s to %s', async (status, code, failure) => {
    const { store } = await storeAgainst(refuse(status, code), { leanClient });
    expect(await rejection(store.open(newKey(), whole()))).toMatchObject({ failure });
    const put = store.put(blobOf(Readable.from([Buffer.from('x')]), 1));
    expect(await rejection(put)).toMatchObject({ failure: failure === 'absent' ? 'failed' : failure });
  });

  it('says unavailable when nobody listens', async () => {
    const { store, server } = await storeAgainst(refuse(200, ''), { leanClient });
    await stop(server);
    opened.splice(0, 1);
    expect(await rejection(store.check())).toMatchObject({ failure: 'unavailable' });
    expect(await rejection(store.open(newKey(), whole()))).toMatchObject({ failure: 'unavailable' });
  });

  it('does not call an upload aborted once all its bytes are with the engine, which may store them yet', async () => {
    const abort = new AbortController();
    const { store } = await storeAgainst(
      request => {
        request.resume();
        request.on('end', () => abort.abort());
      },
      { leanClient },
    );
    const put = store.put({ ...blobOf(Readable.from([Buffer.from('x')]), 1), signal: abort.signal });
    expect(await rejection(put)).toMatchObject({ failure: 'unavailable' });
  });

  it('says unavailable when no answer comes in time', async () => {
    const timeouts = { connectMs: 1000, headersMs: 300, bodyIdleMs: 300 };
    const { store } = await storeAgainst(() => {}, { leanClient, timeouts });
    expect(await rejection(store.open(newKey(), whole()))).toMatchObject({ failure: 'unavailable' });
  });

  it('errors the stream when the answer stops short', async () => {
    const { store } = await storeAgainst(
      (_request, response) => {
        response.writeHead(200, { 'content-length': '10' });
        response.write('12345', () => response.destroy());
      },
      { leanClient },
    );
    expect(await rejection(openAll(store, newKey()))).toHaveProperty('message');
  });

  it('refuses an answer that ignores the range', async () => {
    const { store } = await storeAgainst((_request, response) => response.writeHead(200).end('0123456789'), {
      leanClient,
    });
    expect(await rejection(openAll(store, newKey(), { start: 2, end: 4 }))).toMatchObject({ failure: 'failed' });
  });

  it.each([
    ['reading', true],
    ['writing', false],
  ])('frees the connection at once when it is aborted while %s', async (_case, reading) => {
    const abort = new AbortController();
    let gone: Promise<unknown> = Promise.resolve();
    const { store } = await storeAgainst(
      (request, response) => {
        gone = new Promise(resolve => request.socket.once('close', resolve));
        if (!reading) request.once('data', () => abort.abort());
        else response.writeHead(200, { 'content-length': '1000' }).write('some');
      },
      { leanClient },
    );
    if (reading) {
      const stream = await store.open(newKey(), { range: null, signal: abort.signal });
      stream.once('data', () => abort.abort());
      expect(await rejection(finished(stream))).toHaveProperty('message');
    } else {
      const { body } = stallingBody(Buffer.alloc(200_000));
      const put = store.put({ ...blobOf(body, 1_000_000), signal: abort.signal });
      expect(await rejection(put)).toMatchObject({ failure: 'aborted' });
    }
    await gone;
  });

  it('does not take for stored what it had not yet sent when the engine said so', async () => {
    const { store } = await storeAgainst(
      (_request, response) => response.writeHead(200, { etag: `"${MD5_OF_X}"`, 'content-length': '0' }).end(),
      { leanClient },
    );
    const { body } = stallingBody(Buffer.alloc(300_000));
    expect(await rejection(store.put(blobOf(body, 1_000_000)))).toMatchObject({ failure: 'failed' });
    expect(body.destroyed).toBe(true);
  });

  it.each([
    ['is the MD5', { etag: `"${MD5_OF_X}"` }],
    ['is another hash', { etag: '"00000000000000000000000000000000"' }],
    ['is a composite', { etag: `"${MD5_OF_X}-1"` }],
    ['is missing', {}],
    ['is said under SSE-KMS', { etag: `"${MD5_OF_X}"`, 'x-amz-server-side-encryption': 'aws:kms' }],
  ])('tells the true MD5 when the ETag %s', async (_case, headers) => {
    const { store } = await storeAgainst(storedAs(headers), { leanClient });
    for (let turn = 0; turn < 2; turn += 1) {
      const stored = await store.put(blobOf(Readable.from([Buffer.from('x')]), 1));
      expect(stored).toEqual({ sizeBytes: 1, md5: MD5_OF_X });
    }
  });

  it('reads the bytes back for their MD5 when the ETag stops being one', async () => {
    const kms = { etag: '"11111111111111111111111111111111"', 'x-amz-server-side-encryption': 'aws:kms' };
    const { store } = await storeAgainst(
      (request, response, nth) => {
        if (request.method === 'GET') response.writeHead(200, { 'content-length': '1' }).end('x');
        else storedAs(nth === 1 ? { etag: `"${MD5_OF_X}"` } : kms)(request, response, nth);
      },
      { leanClient },
    );
    for (let turn = 0; turn < 3; turn += 1)
      expect((await store.put(blobOf(Readable.from([Buffer.from('x')]), 1))).md5).toBe(MD5_OF_X);
  });
});

describe('the lean client on a socket that the engine has closed', () => {
  /** Answers the first request of a socket and drops the socket at the second. */
  function dropSecond(answer: Answer): Answer {
    const seen = new WeakSet<Socket>();
    return (request, response, nth) => {
      if (seen.has(request.socket)) {
        request.socket.destroy();
        return;
      }
      seen.add(request.socket);
      answer(request, response, nth);
    };
  }

  it('sends a GET once more, and only once', async () => {
    const { store, requests } = await storeAgainst(
      dropSecond((_request, response) => response.end('x')),
      { maxSockets: 1 },
    );
    expect(String(await openAll(store, newKey()))).toBe('x');
    expect(String(await openAll(store, newKey()))).toBe('x');
    expect(requests()).toBe(3);

    const broken = await storeAgainst(request => request.socket.destroy());
    expect(await rejection(openAll(broken.store, newKey()))).toMatchObject({ failure: 'unavailable' });
    expect(broken.requests()).toBe(2);
  });

  it('sends a PUT once more when its bytes are in hand', async () => {
    const { store, requests } = await storeAgainst(dropSecond(storedAs({ etag: `"${MD5_OF_X}"` })), { maxSockets: 1 });
    await store.put(blobOf(Readable.from([Buffer.from('x')]), 1));
    await store.put(blobOf(Readable.from([Buffer.from('x')]), 1));
    expect(requests()).toBe(3);

    const broken = await storeAgainst(request => request.socket.destroy());
    const put = broken.store.put(blobOf(Readable.from([Buffer.from('x'), Buffer.from('y')]), 2));
    expect(await rejection(put)).toMatchObject({ failure: 'unavailable' });
    expect(broken.requests()).toBe(2);
  });

  it('fails a PUT whose bytes have gone by', async () => {
    const { store, requests } = await storeAgainst(request => request.socket.destroy());
    const piece = Buffer.alloc(1024 * 1024);
    const put = store.put(blobOf(Readable.from([piece, piece]), 2 * piece.length));
    expect(await rejection(put)).toMatchObject({ failure: 'unavailable' });
    expect(requests()).toBe(1);
  });
});

describe('our own connections to S3', () => {
  const timeouts = { connectMs: 1000, headersMs: 1000, bodyIdleMs: 1000, keepAliveMs: 50 };

  /** Resolves as soon as the socket of the next connection has said `event`, before it can have closed. */
  function nextSocketTells(event: 'timeout' | 'end'): Promise<void> {
    return new Promise(resolve => {
      const watch = (message: unknown) => {
        unsubscribe('net.client.socket', watch);
        (message as { socket: Socket }).socket.once(event, () => process.nextTick(resolve));
      };
      subscribe('net.client.socket', watch);
    });
  }

  it.each([
    ['has been kept for long enough', 'timeout', 'keep'],
    ['has been ended by the engine', 'end', 'end'],
  ] as const)('carry no PUT over one that %s, not even at that very moment', async (_case, event, afterwards) => {
    const server = createServer((request, response) => {
      request.resume().on('end', () => response.writeHead(200, { 'content-length': '0' }).end());
      response.on('finish', () => afterwards === 'end' && request.socket.end());
    });
    await listen(server);
    const { port } = server.address() as AddressInfo;
    const transport = makeWireTransport({ origin: new URL(`http://127.0.0.1:${port}`), timeouts, keepMs: 50 });
    opened.push({ close: () => stop(server) }, transport);
    const put = () =>
      transport.send({
        method: 'PUT',
        path: '/bucket/key',
        headers: ['host', '127.0.0.1', 'content-length', '1'],
        body: Readable.from([Buffer.from('x')]),
        signal: undefined,
        place: { watch: () => {} },
      });
    const told = nextSocketTells(event);
    expect(await put()).toMatchObject({ status: 200 });
    await told;
    expect(await put()).toMatchObject({ status: 200 });
  });
});

describe('the lean client and what an answer may look like', () => {
  /** Answers every request with these bytes on the wire. */
  const wired =
    (...pieces: string[]): Answer =>
    request => {
      const { socket } = request;
      const writeNext = () => {
        const piece = pieces.shift();
        if (piece !== undefined) socket.write(piece, () => setImmediate(writeNext));
      };
      request.resume().on('end', writeNext);
    };

  it('reads an answer that comes a byte at a time, after an interim one', async () => {
    const text = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde';
    const { store } = await storeAgainst(wired(...text));
    expect(String(await openAll(store, newKey()))).toBe('abcde');
  });

  it('asks again, in another way, where an answer comes in chunks', async () => {
    const { store, requests } = await storeAgainst((_request, response) => response.writeHead(200).end('0123456789'));
    expect(String(await openAll(store, newKey()))).toBe('0123456789');
    expect(requests()).toBe(2);
  });

  it.each([
    ['in the middle of its name', '<Error><Code>NoSuchBu', 'cket</Code></Error>'],
    ['in a tag', '<Error><Co', 'de>NoSuchBucket</Code></Error>'],
    ['in its last tag', '<Error><Code>NoSuchBucket</Code></Err', 'or>'],
  ])('reads an error of the engine that comes in two chunks, cut %s', async (_case, ...chunks) => {
    const framed = chunks.map(chunk => `${chunk.length.toString(16)};n=v\r\n${chunk}\r\n`).join('');
    const { store } = await storeAgainst(
      wired('HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n', framed, '0\r\n', '\r\n'),
    );
    expect(await rejection(store.open(newKey(), whole()))).toMatchObject({ failure: 'unavailable' });
  });

  it('does not believe that bytes are stored which still wait in its own socket', async () => {
    const { store } = await storeAgainst(
      request => request.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
      { singlePutMaxBytes: 1024 ** 3 },
    );
    const sizeBytes = 64 * 1024 * 1024; // More than the kernel takes off our hands.
    const put = store.put(blobOf(Readable.from([Buffer.alloc(sizeBytes)]), sizeBytes));
    expect(await rejection(put)).toMatchObject({ failure: 'failed' });
  });

  it.each([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n\r\n'],
    ['more than was announced', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab'],
    ['a head without an end', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(70_000)}`],
  ])('refuses %s', async (_case, text) => {
    const { store } = await storeAgainst(wired(text));
    expect(await rejection(store.open(newKey(), whole()))).toMatchObject({ failure: 'failed' });
  });

  it('lets a reader take its time, and waits for an engine only so long', async () => {
    const timeouts = { connectMs: 1000, headersMs: 1000, bodyIdleMs: 200 };
    const size = 8 * 1024 * 1024;
    const { store } = await storeAgainst(
      (_request, response, nth) => {
        response.writeHead(200, { 'content-length': size });
        if (nth === 1) response.end(Buffer.alloc(size));
        else response.write('x');
      },
      { timeouts },
    );
    const slow = await store.open(newKey(), whole());
    const stalled = await store.open(newKey(), whole());
    // The engine of the second stalls for as long as the reader of the first.
    expect(await rejection(stalled.forEach(() => {}))).toHaveProperty('code', 'ETIMEDOUT');
    let readBytes = 0;
    for await (const piece of slow) readBytes += piece.length;
    expect(readBytes).toBe(size);
  });
});

describe('the lean client with every socket taken', () => {
  it('lets a request wait for the next free one, but neither for ever nor beyond its abort', async () => {
    const timeouts = { connectMs: 1000, headersMs: 400, bodyIdleMs: 10_000 };
    const held: ServerResponse[] = [];
    const { store } = await storeAgainst(
      (_request, response, nth) => {
        if (nth > 1) return response.end('x');
        held.push(response.writeHead(200, { 'content-length': '1' }));
        response.flushHeaders();
      },
      { maxSockets: 1, timeouts },
    );
    const slow = await store.open(newKey(), whole());
    expect(await rejection(store.open(newKey(), whole()))).toMatchObject({ failure: 'unavailable' });
    const abort = new AbortController();
    const abandoned = rejection(store.open(newKey(), { range: null, signal: abort.signal }));
    abort.abort();
    expect(await abandoned).toMatchObject({ failure: 'aborted' });
    const waiting = openAll(store, newKey());
    held[0]?.end('y');
    await slow.forEach(() => {});
    expect(String(await waiting)).toBe('x');
  });
});

describe('the lean client with every socket in slow hands', () => {
  const MANY = 32;

  it('serves others while many clients read nothing, and gives each of those its bytes in the end', async () => {
    const big = Buffer.alloc(300_000, 'b');
    const answer: Answer = (request, response) => response.end(request.url?.includes('/small') ? 'x' : big);
    const { store } = await storeAgainst(answer, { maxSockets: MANY });
    const slow = await Promise.all(Array.from({ length: MANY }, () => store.open(newKey(), whole())));
    expect(String(await openAll(store, 'aa/small'))).toBe('x');
    for (const body of slow) expect(Buffer.concat(await body.toArray()).equals(big)).toBe(true);
  });

  it('serves others while many clients send nothing', async () => {
    const { store } = await storeAgainst(
      (request, response, nth) => {
        if (request.method === 'GET') response.end('x');
        else request.resume().on('end', () => storedAs({ etag: `"${MD5_OF_X}"` })(request, response, nth));
      },
      { maxSockets: MANY, singlePutMaxBytes: 1024 ** 3 },
    );
    const bodies = Array.from({ length: MANY }, () => new PassThrough());
    const puts = bodies.map(body => rejection(store.put(blobOf(body, 10_000_000))));
    for (const body of bodies) body.write(Buffer.alloc(100_000));
    expect(String(await openAll(store, newKey()))).toBe('x');
    for (const body of bodies) body.destroy(new Error('enough'));
    await Promise.all(puts);
  });
});
