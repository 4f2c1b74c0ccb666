import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { makeCors } from '../../src/http/cors.ts';
import { assignRequestId } from '../../src/http/request-id.ts';
import { sendJson } from '../../src/http/send-json.ts';
import { type Loopback, listen } from '../support/loopback.ts';

let loopback: Loopback | null = null;

afterEach(async () => {
  await loopback?.close();
  loopback = null;
});

/** A plain HTTP client: `fetch` keeps the headers of CORS to itself. */
async function ask(method: string, headers: Record<string, string | string[]> = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(`${loopback?.url}/any/path`, { method, headers }, reply => {
      reply.resume().on('end', () => resolve(reply));
    })
      .on('error', reject)
      .end();
  });
}

describe('x-request-id', () => {
  beforeEach(async () => {
    loopback = await listen((req, res) => {
      const id = assignRequestId(req, res);
      sendJson({ res, status: 404, body: { id } });
    });
  });

  it.each([
    ['missing', undefined],
    ['too long', 'x'.repeat(129)],
    ['spaced', 'a b'],
    ['markup', '<script>'],
    ['quoted', '"a"'],
    ['empty', ''],
  ])('is made afresh when the client sends one that is %s', async (_what, id) => {
    const reply = await ask('GET', id === undefined ? {} : { 'x-request-id': id });
    expect(reply.headers['x-request-id']).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  });

  it.each(['req-1', 'a'.repeat(128), '01ARZ3NDEKTSV4RRFFQ69G5FAV', 'a/b:c=d+e@f.g'])('is kept: %s', async id => {
    expect((await ask('GET', { 'x-request-id': id })).headers['x-request-id']).toBe(id);
  });
});

describe('cross-origin access', () => {
  const PREFLIGHT = { origin: 'https://app.example', 'access-control-request-method': 'PUT' };

  async function start(...origins: string[]): Promise<void> {
    const cors = makeCors(origins);
    loopback = await listen((req, res) => cors(req, res, () => answer(req, res)));
  }

  const answer = (_req: IncomingMessage, res: ServerResponse) => sendJson({ res, status: 200, body: {} });

  it('is not permitted to an origin that is not listed, and the reply says that it depends on the origin', async () => {
    await start('https://other.example');
    for (const reply of [await ask('GET', { origin: 'https://app.example' }), await ask('OPTIONS', PREFLIGHT)]) {
      expect(reply.headers['access-control-allow-origin']).toBeUndefined();
      expect(reply.headers.vary).toContain('Origin');
    }
  });

  it.each(['null', 'https://app.example.evil', 'http://app.example', 'https://APP.example'])(
    'is not permitted to what only resembles a listed origin: %s',
    async origin => {
      await start('https://app.example');
      expect((await ask('GET', { origin })).headers['access-control-allow-origin']).toBeUndefined();
    },
  );

  it('is permitted to each listed origin by name, without credentials', async () => {
    await start('https://app.example', 'https://other.example');
    const { headers } = await ask('GET', { origin: 'https://other.example' });
    expect(headers['access-control-allow-origin']).toBe('https://other.example');
    expect(headers['access-control-allow-credentials']).toBeUndefined();
  });

  it('is permitted to all by a reply that is the same for all', async () => {
    await start('*');
    const [with_, without] = [await ask('GET', { origin: 'https://app.example' }), await ask('GET')];
    expect(with_.headers['access-control-allow-origin']).toBe('*');
    expect(without.headers['access-control-allow-origin']).toBe('*');
    expect(with_.headers.vary).toBeUndefined();
  });

  it('shows the headers that clients read', async () => {
    await start('*');
    const exposed = String((await ask('GET')).headers['access-control-expose-headers']).toLowerCase();
    for (const name of ['etag', 'content-range', 'content-length', 'x-request-id', 'retry-after', 'location']) {
      expect(exposed.split(', ')).toContain(name);
    }
  });

  it('answers a preflight for any path with 204 and what was asked for', async () => {
    await start('*');
    const reply = await ask('OPTIONS', {
      ...PREFLIGHT,
      'access-control-request-headers': 'authorization,x-upsert,x-new',
    });
    expect(reply.statusCode).toBe(204);
    expect(reply.headers['access-control-allow-methods']).toContain('PUT');
    expect(reply.headers['access-control-allow-headers']).toBe('authorization,x-upsert,x-new');
    expect(reply.headers['access-control-max-age']).toBe('86400');
  });

  it.each([[undefined], ['not a header name'], ['a,,b']])(
    'names the usual headers when %p is asked for',
    async wanted => {
      await start('*');
      const reply = await ask('OPTIONS', {
        ...PREFLIGHT,
        ...(wanted === undefined ? {} : { 'access-control-request-headers': wanted }),
      });
      expect(reply.headers['access-control-allow-headers']).toContain('authorization, apikey');
    },
  );

  it('leaves an OPTIONS that is no preflight to the routes', async () => {
    await start('*');
    expect((await ask('OPTIONS', { origin: 'https://app.example' })).statusCode).toBe(200);
  });
});

describe('a JSON reply', () => {
  it('has a length, a charset and the headers that keep browsers from guessing', async () => {
    loopback = await listen((_req, res) => sendJson({ res, status: 201, body: { é: 1 }, headers: { etag: '"1"' } }));
    const { statusCode, headers } = await ask('GET');
    expect([statusCode, headers['content-length'], headers.etag]).toEqual([201, '8', '"1"']);
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
  });

  it('is not sent twice', async () => {
    loopback = await listen((_req, res) => {
      sendJson({ res, status: 200, body: {} });
      sendJson({ res, status: 500, body: {} });
    });
    expect((await ask('GET')).statusCode).toBe(200);
  });
});
