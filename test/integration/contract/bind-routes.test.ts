import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { join } from 'node:path';
import express from 'express';
import { bindRoutes, type Route, type RouteBinding, type RouteHandler } from '../../../src/contract/bind-routes.ts';
import { loadContract } from '../../../src/contract/contract.ts';
import { SluiceError } from '../../../src/domain/errors.ts';
import { packageRoot } from '../../../src/package-root.ts';

const contract = loadContract(readFileSync(join(packageRoot(), 'openapi.yaml'), 'utf8'));
const TOKEN = { authorization: 'Bearer token' };
const JSON_TYPE = { ...TOKEN, 'content-type': 'application/json' };

/** Answers with what the handler was given, or with the error in its own terms. */
async function echo({ operationId, res, params, query, body }: Route): Promise<void> {
  res.end(JSON.stringify({ operationId, params, query, body }));
}

function handlersFor(tag: string): Record<string, RouteHandler> {
  const operations = [...contract.operations.values()].filter(operation => operation.tag === tag);
  return Object.fromEntries(operations.map(({ id }) => [id, echo]));
}

function makeApp(handlers: Record<string, RouteHandler>, mounts: readonly string[] = ['', '/storage/v1']) {
  const app = express();
  bindRoutes({
    contract,
    tag: 'supabase',
    router: app,
    handlers,
    mounts,
    onUnknown: (_req, res) => res.writeHead(404).end('{"unknown":true}'),
    onError: (error, _req, res, operationId) => {
      const { code, message, facts } =
        error instanceof SluiceError ? error : new SluiceError('internal', String(error));
      res.writeHead(400).end(JSON.stringify({ code, message, facts, operationId }));
    },
  });
  return app;
}

async function listening(handlers: Record<string, RouteHandler>): Promise<Server> {
  const server = createServer(makeApp(handlers));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const addressOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

describe('routes bound to the contract', () => {
  let server: Server;
  beforeAll(async () => {
    server = await listening(handlersFor('supabase'));
  });
  afterAll(() => server.close());

  async function ask(path: string, init: RequestInit = {}): Promise<Record<string, unknown>> {
    const reply = await fetch(`${addressOf(server)}${path}`, init);
    return (await reply.json()) as Record<string, unknown>;
  }
  const post = (path: string, body: string, headers: Record<string, string> = JSON_TYPE) =>
    ask(path, { method: 'POST', headers, body });

  /** Sends a request as it is written, which fetch would normalize, and resolves with the body of the reply. */
  async function send(head: string, body = ''): Promise<Record<string, unknown>> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.end(`${head}\r\nHost: x\r\nConnection: close\r\n\r\n${body}`, 'latin1');
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as Record<string, unknown>;
  }

  describe('refuses', () => {
    it.each([
      ['an unknown path', '/nothing', 'GET'],
      ['a method the path does not have', '/bucket/avatars', 'PATCH'],
      ['an operation of another tag', '/health', 'GET'],
      ['a prefix that only looks like the mount', '/storage/v10/bucket', 'GET'],
      ['the bare mount', '/storage/v1', 'GET'],
      ['the mount twice', '/storage/v1/storage/v1/bucket', 'GET'],
    ])('%s as unknown', async (_case, path, method) => {
      expect(await ask(path, { method, headers: TOKEN })).toEqual({ unknown: true });
    });

    it('a path with broken percent-encoding', async () => {
      expect(await ask('/object/avatars/%zz')).toEqual({
        code: 'invalid-parameter',
        message: "'%zz' is not a valid url component",
        facts: { part: 'path' },
        operationId: 'getObject',
      });
    });

    it('a missing token before it looks at query and body', async () => {
      const refused = await post('/bucket?limit=x', 'broken', { 'content-type': 'application/json' });
      expect(refused).toEqual({
        code: 'missing-credentials',
        message: "headers must have required property 'authorization'",
        facts: { part: 'headers' },
        operationId: 'createBucket',
      });
    });

    it.each([
      ['/object/sign/avatars/cat.png', "querystring must have required property 'token'"],
      ['/object/sign/avatars/cat.png?token=', 'querystring/token must NOT have fewer than 1 characters'],
      ['/object/sign/avatars/cat.png?token=a&token=b', 'querystring/token must be string'],
      ['/bucket?limit=0', 'querystring/limit must be >= 1'],
      ['/bucket?limit=', 'querystring/limit must be integer'],
      ['/bucket?offset=-1', 'querystring/offset must be >= 0'],
      ['/bucket?sortOrder=up', 'querystring/sortOrder must be equal to one of the allowed values'],
    ])('the query of %s', async (path, message) => {
      expect(await ask(path, { headers: TOKEN })).toMatchObject({
        code: 'invalid-parameter',
        message,
        facts: { part: 'querystring' },
      });
    });

    it.each([
      ['/bucket', '{}', "body must have required property 'name'"],
      ['/bucket', '[]', 'body must be object'],
      ['/bucket', 'null', 'body must be object'],
      ['/bucket', '"avatars"', 'body must be object'],
      ['/bucket', '{"name":{}}', 'body/name must be string'],
      ['/bucket', '{"name":"a","file_size_limit":-1}', 'body/file_size_limit must be >= 0'],
      ['/bucket', '{"name":"a","type":"ANALYTICS"}', 'body/type must be equal to one of the allowed values'],
      ['/bucket', '{"name":"a","delivery":"pigeon"}', 'body/delivery must be equal to one of the allowed values'],
      ['/bucket', '{"name":"a","allowed_mime_types":"image/png"}', 'body/allowed_mime_types must be array,null'],
      ['/object/sign/b/k', '{}', "body must have required property 'expiresIn'"],
      ['/object/sign/b/k', '{"expiresIn":0}', 'body/expiresIn must be >= 1'],
      ['/object/sign/b/k', '{"expiresIn":-5}', 'body/expiresIn must be >= 1'],
      ['/object/sign/b/k', '{"expiresIn":"x"}', 'body/expiresIn must be integer'],
      ['/object/sign/b/k', '{"expiresIn":1.5}', 'body/expiresIn must be integer'],
      ['/object/sign/b', '{"expiresIn":1,"paths":[]}', 'body/paths must NOT have fewer than 1 items'],
      ['/object/list/b', '{}', "body must have required property 'prefix'"],
      ['/object/list/b', '{"prefix":"","limit":0}', 'body/limit must be >= 1'],
      ['/object/list/b', '{"prefix":"","offset":-1}', 'body/offset must be >= 0'],
      [
        '/object/list/b',
        '{"prefix":"","sortBy":{"column":"size"}}',
        'body/sortBy/column must be equal to one of the allowed values',
      ],
      ['/object/list-v2/b', '{"limit":0}', 'body/limit must be >= 1'],
      ['/object/move', '{"bucketId":"b","sourceKey":"k"}', "body must have required property 'destinationKey'"],
      ['/object/copy', '{"sourceKey":"k","destinationKey":"l"}', "body must have required property 'bucketId'"],
    ])('the body of POST %s: %s', async (path, body, message) => {
      expect(await post(path, body)).toMatchObject({ code: 'invalid-parameter', message, facts: { part: 'body' } });
    });

    it.each([
      ['POST', '/object/sign/b', 'paths'],
      ['DELETE', '/object/b', 'prefixes'],
    ])('1001 names in the body of %s %s', async (method, path, property) => {
      const names = Array.from({ length: 1001 }, (_, index) => `${index}.txt`);
      const body = JSON.stringify({ expiresIn: 1, [property]: names });
      const refused = await ask(path, { method, headers: JSON_TYPE, body });
      expect(refused.message).toBe(`body/${property} must NOT have more than 1000 items`);
    });

    it('a change of a bucket that changes nothing', async () => {
      const refused = await ask('/bucket/b', { method: 'PUT', headers: JSON_TYPE, body: '{"name":"c"}' });
      expect(refused.message).toBe(
        "body must have required property 'public', body must have required property 'file_size_limit', " +
          "body must have required property 'allowed_mime_types', body must have required property 'delivery', " +
          'body must match a schema in anyOf',
      );
    });

    it.each(['1 parsec', '-5MB', '', '12', '1e3KB'])('the size limit %j', async limit => {
      const refused = await post('/bucket', JSON.stringify({ name: 'a', file_size_limit: limit }));
      expect(refused.message).toContain('body/file_size_limit must match pattern');
    });

    it.each([
      ['empty JSON', '', 'The body is empty, JSON is expected'],
      ['broken JSON', '{"name":', 'The body is not valid JSON'],
      ['JSON with a comment', '{"name":"a"} // b', 'The body is not valid JSON'],
    ])('%s', async (_case, body, message) => {
      expect(await post('/bucket', body)).toMatchObject({
        code: 'invalid-parameter',
        message,
        facts: { part: 'json' },
      });
    });

    it('JSON that is not UTF-8', async () => {
      const body = Buffer.from('{"name":"caf\u00e9"}', 'latin1');
      expect(await ask('/bucket', { method: 'POST', headers: JSON_TYPE, body })).toMatchObject({
        facts: { part: 'json' },
      });
    });

    it.each([
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/jsonp',
      'multipart/form-data; boundary=x',
    ])('a body of type %s where JSON is expected', async type => {
      const refused = await post('/bucket', '{"name":"a"}', { ...TOKEN, 'content-type': type });
      expect(refused).toMatchObject({
        code: 'invalid-parameter',
        message: 'body must be object',
        facts: { part: 'body' },
      });
    });

    it('no body at all where one is required', async () => {
      expect(await ask('/bucket', { method: 'POST', headers: TOKEN })).toMatchObject({
        message: 'body must be object',
      });
    });

    it('a JSON body above 1 MiB by its declared length', async () => {
      const body = JSON.stringify({ name: 'x'.repeat(1024 * 1024) });
      expect(await post('/bucket', body)).toMatchObject({
        code: 'too-large',
        message: 'Request body is too large',
        facts: { part: 'body' },
      });
    });

    it('a JSON body above 1 MiB of unknown length', async () => {
      const chunk = ' '.repeat(64 * 1024);
      const parts = Array.from({ length: 17 }, () => `10000\r\n${chunk}\r\n`).join('');
      const head =
        'POST /bucket HTTP/1.1\r\nAuthorization: t\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked';
      expect(await send(head, `${parts}0\r\n\r\n`)).toMatchObject({ code: 'too-large', facts: { part: 'body' } });
    });
  });

  it('accepts a JSON body of exactly 1 MiB', async () => {
    const name = 'x'.repeat(1024 * 1024 - '{"name":""}'.length);
    expect(await post('/bucket', JSON.stringify({ name }))).toMatchObject({
      operationId: 'createBucket',
      body: { name },
    });
  });

  it.each([
    ['/bucket', { name: 7, public: 'true', file_size_limit: null }, { name: '7', public: true, file_size_limit: null }],
    ['/bucket', { name: 'a', file_size_limit: '100MB' }, { name: 'a', public: false, file_size_limit: '100MB' }],
    ['/bucket', { name: 'a', file_size_limit: 0 }, { name: 'a', public: false, file_size_limit: 0 }],
    ['/bucket', { name: 'a', other: [1] }, { name: 'a', public: false, other: [1] }],
    ['/object/sign/b/k', { expiresIn: '60' }, { expiresIn: 60 }],
    ['/object/list/b', { prefix: '' }, { prefix: '', limit: 100, offset: 0 }],
    [
      '/object/list/b',
      { prefix: '', limit: '7', sortBy: { column: 'name' } },
      { prefix: '', limit: 7, offset: 0, sortBy: { column: 'name' } },
    ],
    ['/object/list-v2/b', {}, { limit: 1000, with_delimiter: false }],
    ['/object/list-v2/b', { limit: 5000, with_delimiter: 'true' }, { limit: 5000, with_delimiter: true }],
    [
      '/object/copy',
      { bucketId: 'b', sourceKey: 'k', destinationKey: 'l' },
      { bucketId: 'b', sourceKey: 'k', destinationKey: 'l', copyMetadata: true },
    ],
  ])('POST %s takes %j', async (path, sent, body) => {
    expect((await post(path, JSON.stringify(sent))).body).toEqual(body);
  });

  it.each(['application/json; charset=utf-8', 'Application/JSON', 'application/vnd.api+json'])(
    'reads %s as JSON',
    async type => {
      expect(await post('/bucket', '{"name":"a"}', { ...TOKEN, 'content-type': type })).toMatchObject({
        body: { name: 'a' },
      });
    },
  );

  it.each([
    ['DELETE', '/bucket/b', 'deleteBucket'],
    ['POST', '/bucket/b/empty', 'emptyBucket'],
    ['POST', '/object/upload/sign/b/k', 'createUploadLink'],
  ])('%s %s needs no body', async (method, path, operationId) => {
    for (const headers of [TOKEN, JSON_TYPE]) {
      expect(await ask(path, { method, headers })).toMatchObject({ operationId });
    }
    expect(await ask(path, { method, headers: JSON_TYPE, body: '{}' })).toMatchObject({ operationId, body: {} });
    expect(await ask(path, { method, headers: { ...TOKEN, 'content-type': 'text/plain' }, body: 'x' })).toMatchObject({
      operationId,
    });
    expect(await ask(path, { method, headers: JSON_TYPE, body: '{' })).toMatchObject({ facts: { part: 'json' } });
  });

  it('keeps prototype keys of a body and of a query harmless', async () => {
    const hostile =
      '{"name":"a","__proto__":{"public":true},"\\u005f_proto__":{"x":1},"constructor":{"prototype":{"x":1}}}';
    const { body } = (await post('/bucket', hostile)) as { body: object };
    expect(body).toEqual({ name: 'a', public: false, constructor: { prototype: { x: 1 } } });
    expect(Object.keys(body)).not.toContain('__proto__');
    await ask('/bucket?__proto__=x&__proto__[limit]=1&constructor=y', { headers: TOKEN });
    expect(({} as Record<string, unknown>).x).toBeUndefined();
    expect(({} as Record<string, unknown>).limit).toBeUndefined();
  });

  it('coerces the query', async () => {
    expect(await ask('/bucket?limit=10&offset=0&search=a+b%26c', { headers: TOKEN })).toMatchObject({
      query: { limit: 10, offset: 0, search: 'a b&c' },
    });
    expect(await ask('/object/public/b/k?download')).toMatchObject({ query: { download: '' } });
    expect(await ask('/object/public/b/k?')).toMatchObject({ query: {} });
  });

  it.each([
    ['GET', '/bucket', 'listBuckets', {}],
    ['GET', '/storage/v1/bucket/', 'listBuckets', {}],
    ['POST', '/storage/v1/object/b/k', 'uploadObject', { bucketName: 'b', wildcard: 'k' }],
    ['GET', '/object/b/a%2Fb%252F', 'getObject', { bucketName: 'b', wildcard: 'a/b%2F' }],
    ['GET', '/object/b/a//b/', 'getObject', { bucketName: 'b', wildcard: 'a//b/' }],
    ['GET', '/object/b/../../x', 'getObject', { bucketName: 'b', wildcard: '../../x' }],
    ['GET', 'http://elsewhere/object/b/k?download=x', 'getObject', { bucketName: 'b', wildcard: 'k' }],
    ['GET', '/object/b/k?a=/object/c/l', 'getObject', { bucketName: 'b', wildcard: 'k' }],
    ['DELETE', '/object/sign/b', 'revokeBucketLinks', { bucketName: 'b' }],
    ['DELETE', '/object/sign/b/k', 'revokeObjectLinks', { bucketName: 'b', wildcard: 'k' }],
  ])('%s %s is %s', async (method, target, operationId, params) => {
    expect(await send(`${method} ${target} HTTP/1.1\r\nAuthorization: t`)).toMatchObject({ operationId, params });
  });

  it('gives an empty body to no one: bytes stay unread', async () => {
    const replies = handlersFor('supabase');
    const own = await listening({
      ...replies,
      uploadObject: async ({ req, res, body }) => {
        let sizeBytes = 0;
        for await (const chunk of req) sizeBytes += (chunk as Buffer).length;
        res.end(JSON.stringify({ sizeBytes, body: body ?? null }));
      },
    });
    const reply = await fetch(`${addressOf(own)}/object/b/k.json`, {
      method: 'POST',
      headers: JSON_TYPE,
      body: '{"a":1}',
    });
    expect(await reply.json()).toEqual({ sizeBytes: 7, body: null });
    own.close();
  });
});

describe('a failing handler', () => {
  const away = new SluiceError('unavailable', 'away');
  const refusing: RouteHandler = async () => {
    throw away;
  };
  const breakingOff: RouteHandler = async ({ res }) => {
    res.writeHead(200, { 'content-length': 100 }).write('half');
    throw away;
  };

  async function replyTo(path: string, onError: RouteBinding['onError']): Promise<string> {
    const app = express();
    const handlers = { ...handlersFor('supabase'), listBuckets: refusing, getObject: breakingOff };
    bindRoutes({ contract, tag: 'supabase', router: app, handlers, mounts: [''], onError, onUnknown: () => {} });
    const server = createServer(app);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    try {
      const reply = await fetch(`${addressOf(server)}${path}`, { headers: TOKEN });
      return await reply.text();
    } catch {
      return 'cut off';
    } finally {
      server.close();
    }
  }

  it('is answered by the surface', async () => {
    const reply = await replyTo('/bucket', (error, _req, res, id) => res.end(`${id}: ${(error as Error).message}`));
    expect(reply).toBe('listBuckets: away');
  });

  it('is told to the surface and ends the connection when a reply has begun', async () => {
    const told: unknown[] = [];
    expect(await replyTo('/object/b/k', error => told.push(error))).toBe('cut off');
    expect(told).toEqual([away]);
  });

  it('ends the connection, not the process, when the surface fails to answer', async () => {
    const onError = () => {
      throw new Error('the renderer is broken');
    };
    expect(await replyTo('/bucket', onError)).toBe('cut off');
  });

  it('learns that the client went away while its JSON was read', async () => {
    const app = express();
    const server = createServer(app);
    const seen = new Promise<unknown>(resolve => {
      const handlers = handlersFor('supabase');
      bindRoutes({
        contract,
        tag: 'supabase',
        router: app,
        handlers,
        mounts: [''],
        onError: resolve,
        onUnknown: () => {},
      });
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    server.once('request', () => socket.destroy());
    const head = 'POST /bucket HTTP/1.1\r\nHost: x\r\nAuthorization: t\r\nContent-Type: application/json\r\n';
    socket.write(`${head}Content-Length: 9\r\n\r\n{`);
    expect(await seen).toMatchObject({ code: 'aborted' });
    server.close();
  });
});

describe('a binding that admits', () => {
  async function replyTo(path: string, authorization: string): Promise<string> {
    const app = express();
    const admitting: RouteHandler<string> = async ({ res }, who) => void res.end(`served ${who}`);
    bindRoutes<string>({
      contract,
      tag: 'supabase',
      router: app,
      handlers: Object.fromEntries(Object.keys(handlersFor('supabase')).map(id => [id, admitting])),
      admit: async ({ req, operationId, params }) => {
        if (req.headers.authorization === 'nobody') throw new SluiceError('access-denied', `not ${params.bucketName}`);
        return `${req.headers.authorization} at ${operationId}`;
      },
      mounts: [''],
      onError: (error, _req, res) => void res.end((error as SluiceError).code + (error as Error).message),
      onUnknown: () => {},
    });
    const server = createServer(app);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const reply = await fetch(`${addressOf(server)}${path}`, { headers: { authorization } });
    server.close();
    return reply.text();
  }

  it('answers who may not before it says what is malformed', async () => {
    expect(await replyTo('/bucket?limit=x', 'nobody')).toMatch(/^access-denied/);
    expect(await replyTo('/bucket?limit=x', 'alice')).toMatch(/^invalid-parameter/);
  });

  it('asks once more what is said of a malformed request, and of no other', async () => {
    const asked: string[] = [];
    const app = express();
    bindRoutes({
      contract,
      tag: 'supabase',
      router: app,
      handlers: handlersFor('supabase'),
      beforeRefusal: async ({ operationId, req }) => {
        asked.push(operationId);
        if (req.headers.authorization === 'nobody') throw new SluiceError('access-denied', 'nobody');
      },
      mounts: [''],
      onError: (error, _req, res) => void res.end((error as SluiceError).code),
      onUnknown: () => {},
    });
    const server = createServer(app);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const ask = async (path: string, authorization: string) =>
      (await fetch(`${addressOf(server)}${path}`, { headers: { authorization } })).text();
    expect(await ask('/bucket', 'nobody')).toContain('listBuckets');
    expect(asked).toEqual([]);
    expect(await ask('/bucket?limit=x', 'nobody')).toBe('access-denied');
    expect(await ask('/bucket?limit=x', 'alice')).toBe('invalid-parameter');
    expect(asked).toEqual(['listBuckets', 'listBuckets']);
    server.close();
  });

  it('hands what it found out to the handler', async () => {
    expect(await replyTo('/bucket', 'alice')).toBe('served alice at listBuckets');
  });
});

describe('binding', () => {
  it('refuses an operation without a handler', () => {
    const { copyObject: _, ...others } = handlersFor('supabase');
    expect(() => makeApp(others)).toThrow('operations tagged supabase without a handler: copyObject');
  });

  it('refuses a handler without an operation', () => {
    expect(() => makeApp({ ...handlersFor('supabase'), health: echo })).toThrow(
      'handlers without an operation tagged supabase: health',
    );
  });
});
