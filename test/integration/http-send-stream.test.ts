import { once } from 'node:events';
import type { OutgoingHttpHeaders } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import type { ExpressAppOptions } from '../../src/http/express-app.ts';
import { sendJson } from '../../src/http/send-json.ts';
import { sendStream } from '../../src/http/send-stream.ts';
import { LARGE_BUFFERS, makeBufferPool } from '../../src/streams/buffer-pool.ts';
import { LendingStream } from '../../src/streams/lending-stream.ts';
import { type Loopback, listen, RawClient } from '../support/loopback.ts';

const MEBIBYTE = 1024 * 1024;
let loopback: Loopback | null = null;

afterEach(async () => {
  await loopback?.close();
  loopback = null;
});

interface Sent {
  readonly loopback: Loopback;
  /** Null when `sendStream` resolved, else what it rejected with. */
  readonly failure: Promise<unknown>;
}

/** Serves the body to every request; a failure that leaves the reply unbegun is answered with 500. */
async function serve(
  makeBody: () => Readable | null,
  headers: OutgoingHttpHeaders = {},
  options: Partial<ExpressAppOptions> = {},
): Promise<Sent> {
  let settle: (failure: unknown) => void = () => {};
  const failure = new Promise<unknown>(resolve => {
    settle = resolve;
  });
  loopback = await listen(async (_req, res) => {
    try {
      await sendStream({ res, status: 200, headers, body: makeBody() });
      settle(null);
    } catch (error) {
      sendJson({ res, status: 500, body: { failed: true } });
      settle(error);
    }
  }, options);
  return { loopback, failure };
}

/** Gives the chunks, then fails. */
function failing(...chunks: string[]): Readable {
  return Readable.from(
    (async function* () {
      for (const chunk of chunks) yield Buffer.from(chunk);
      throw new Error('the store is gone');
    })(),
    { objectMode: false },
  );
}

describe('a body that fails', () => {
  it('before its first chunk leaves the reply to the caller', async () => {
    const { loopback, failure } = await serve(() => failing(), { 'content-length': '10' });
    const reply = await fetch(loopback.url);
    expect([reply.status, await reply.json()]).toEqual([500, { failed: true }]);
    expect(await failure).toMatchObject({ message: 'the store is gone' });
  });

  it.each([
    ['with a length', 'HTTP/1.1', { 'content-length': '10' }],
    ['in chunks', 'HTTP/1.1', {}],
    ['ended by the connection alone', 'HTTP/1.0', {}],
  ])('in the middle resets the connection: %s', async (_what, protocol, headers) => {
    const body = new PassThrough();
    const { loopback, failure } = await serve(() => body, headers);
    const client = new RawClient(loopback.port).write(`GET / ${protocol}`, 'Host: a', '', '');
    body.write('half');
    await client.until('half');
    body.destroy(new Error('the store is gone'));
    expect(await client.closed).toBe('ECONNRESET');
    expect(await failure).toMatchObject({ message: 'the store is gone' });
  });

  it('by closing without an end resets the connection', async () => {
    const body = new PassThrough();
    const { loopback, failure } = await serve(() => body);
    const client = new RawClient(loopback.port).write('GET / HTTP/1.1', 'Host: a', '', '');
    body.write('half');
    await client.until('half');
    body.destroy();
    expect(await client.closed).toBe('ECONNRESET');
    expect(await failure).toBeInstanceOf(Error);
  });

  it.each([
    ['shorter', ['half'], '10'],
    ['longer', ['much too', ' long'], '10'],
    ['empty', [], '10'],
  ])('by being %s than declared never looks complete', async (_what, chunks, length) => {
    const { loopback, failure } = await serve(() => Readable.from(chunks.map(chunk => Buffer.from(chunk))), {
      'content-length': length,
    });
    await expect(fetch(loopback.url).then(reply => reply.text())).rejects.toThrow();
    expect(await failure).toMatchObject({ message: expect.stringContaining('were declared') });
  });

  it('for a header that HTTP cannot carry leaves the reply to the caller', async () => {
    const body = Readable.from([Buffer.from('abc')]);
    const { loopback } = await serve(() => body, { 'content-type': 'text/plain\u0000' });
    expect((await fetch(loopback.url)).status).toBe(500);
    expect(body.destroyed).toBe(true);
  });
});

/** Lends pieces, each full of its number, from memory that is used again; then ends, or fails. */
class Lender extends LendingStream {
  #given = 0;
  readonly #pieces: number;
  readonly #failure: Error | null;

  constructor(pieces: number, failure: Error | null) {
    super(makeBufferPool(LARGE_BUFFERS));
    this.#pieces = pieces;
    this.#failure = failure;
  }

  protected override pull(): void {
    if (this.#given < this.#pieces) {
      this.#given += 1;
      this.offer(this.bufferFor(MEBIBYTE).subarray(0, 60_000).fill(this.#given));
    } else if (this.#failure === null) {
      this.offerEnd();
    } else {
      this.destroy(this.#failure);
    }
  }
}

describe('a body that lends its memory', () => {
  const expected = Buffer.concat(Array.from({ length: 40 }, (_, index) => Buffer.alloc(60_000, index + 1)));

  it.each([
    ['with a length', { 'content-length': String(expected.length) }],
    ['in chunks', {}],
  ])('arrives unharmed by what comes after it into the same memory: %s', async (_what, headers) => {
    const { loopback, failure } = await serve(() => new Lender(40, null), headers);
    const reply = await fetch(loopback.url);
    expect(Buffer.from(await reply.arrayBuffer()).equals(expected)).toBe(true);
    expect(await failure).toBeNull();
  });

  it('never looks complete where it fails in the middle', async () => {
    const { loopback, failure } = await serve(() => new Lender(3, new Error('the store is gone')));
    await expect(fetch(loopback.url).then(reply => reply.arrayBuffer())).rejects.toThrow();
    expect(await failure).toMatchObject({ message: 'the store is gone' });
  });

  it('is destroyed where the client goes away', async () => {
    const body = new Lender(Number.POSITIVE_INFINITY, null);
    const { loopback, failure } = await serve(() => body);
    const client = new RawClient(loopback.port).write('GET / HTTP/1.1', 'Host: a', '', '');
    await client.until('HTTP/1.1 200');
    client.destroy();
    expect(await failure).toMatchObject({ code: 'aborted' });
    expect(body.destroyed).toBe(true);
  });
});

describe('a client that goes away', () => {
  it('has the body destroyed and the sending fail as aborted', async () => {
    const body = new PassThrough();
    const { loopback, failure } = await serve(() => body);
    const client = new RawClient(loopback.port).write('GET / HTTP/1.1', 'Host: a', '', '');
    body.write('half');
    await client.until('half');
    client.destroy();
    expect(await failure).toMatchObject({ code: 'aborted' });
    expect(body.destroyed).toBe(true);
  });

  it('before the first chunk has the body destroyed as well', async () => {
    const body = new PassThrough();
    const asked = new Promise<void>(resolve => {
      body.once('resume', resolve);
    });
    const { loopback, failure } = await serve(() => body);
    const client = new RawClient(loopback.port).write('GET / HTTP/1.1', 'Host: a', '', '');
    await asked;
    client.destroy();
    expect(await failure).toMatchObject({ code: 'aborted' });
    expect(body.destroyed).toBe(true);
  });
});

describe('a client that does not read', () => {
  it('has no more read for it than the buffers on the way hold', async () => {
    let made = 0;
    const body = new Readable({
      highWaterMark: 64 * 1024,
      read() {
        made += 64 * 1024;
        this.push(made > 64 * MEBIBYTE ? null : Buffer.alloc(64 * 1024));
      },
    });
    const { loopback, failure } = await serve(() => body, {}, { idleTimeoutMs: 50 });
    const deaf = new RawClient(loopback.port);
    deaf.socket.pause();
    deaf.write('GET / HTTP/1.1', 'Host: a', '', '');
    expect(await failure).toMatchObject({ code: 'aborted' }); // the idle rule: nothing moves any more
    expect(made).toBeLessThan(32 * MEBIBYTE);
    deaf.destroy();
  });
});

describe('a reply', () => {
  it.each([
    ['one chunk of the declared length', ['abcdef'], { 'content-length': '6' }],
    ['several chunks of the declared length', ['abc', 'def'], { 'content-length': '6' }],
    ['chunks of no declared length', ['abc', 'def'], {}],
    ['no bytes', [], { 'content-length': '0' }],
    ['no bytes, of no declared length', [], {}],
  ])('carries %s, and the connection lives on', async (_what, chunks, headers) => {
    const { loopback, failure } = await serve(() => Readable.from(chunks.map(chunk => Buffer.from(chunk))), headers);
    const client = new RawClient(loopback.port);
    for (const connection of ['keep-alive', 'close']) {
      client.write('GET / HTTP/1.1', 'Host: a', `Connection: ${connection}`, '', '');
    }
    expect((await client.all()).match(/HTTP\/1\.1 200 /g)).toHaveLength(2);
    expect(await failure).toBeNull();
    expect(await (await fetch(loopback.url)).text()).toBe(chunks.join(''));
  });

  it('to HEAD has the headers alone', async () => {
    const { loopback } = await serve(() => null, { 'content-length': '6', etag: '"1"' });
    const reply = await fetch(loopback.url, { method: 'HEAD' });
    expect([reply.headers.get('content-length'), reply.headers.get('etag')]).toEqual(['6', '"1"']);
    expect(await reply.text()).toBe('');
  });

  it('arrives with its headers and first chunk in one packet', async () => {
    const { loopback } = await serve(() => Readable.from([Buffer.from('abcdef')]), { 'content-length': '6' });
    const client = new RawClient(loopback.port).write('GET / HTTP/1.1', 'Host: a', '', '');
    const [first] = await once(client.socket, 'data');
    expect(first.toString()).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\nabcdef$/);
    client.destroy();
  });
});
