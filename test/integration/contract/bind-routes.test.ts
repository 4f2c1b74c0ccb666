/** What the binder makes of a request that the contract allows, and which handlers it takes. */
import type { RouteHandler } from '../../../src/contract/bind-routes.ts';
import { bindToApp, echo, echoesFor, JSON_TYPE, type Listening, listen, TOKEN } from '../../support/bound-routes.ts';

let routes: Listening;
beforeAll(async () => {
  routes = await listen(bindToApp(echoesFor('supabase')));
});
afterAll(() => routes.close());

it('accepts a JSON body of exactly 1 MiB', async () => {
  const name = 'x'.repeat(1024 * 1024 - '{"name":""}'.length);
  expect(await routes.post('/bucket', JSON.stringify({ name }))).toMatchObject({
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
  expect((await routes.post(path, JSON.stringify(sent))).body).toEqual(body);
});

it.each(['application/json; charset=utf-8', 'Application/JSON', 'application/vnd.api+json'])(
  'reads %s as JSON',
  async type => {
    expect(await routes.post('/bucket', '{"name":"a"}', { ...TOKEN, 'content-type': type })).toMatchObject({
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
    expect(await routes.ask(path, { method, headers })).toMatchObject({ operationId });
  }
  expect(await routes.ask(path, { method, headers: JSON_TYPE, body: '{}' })).toMatchObject({ operationId, body: {} });
  expect(
    await routes.ask(path, { method, headers: { ...TOKEN, 'content-type': 'text/plain' }, body: 'x' }),
  ).toMatchObject({
    operationId,
  });
  expect(await routes.ask(path, { method, headers: JSON_TYPE, body: '{' })).toMatchObject({ facts: { part: 'json' } });
});

it('keeps prototype keys of a body and of a query harmless', async () => {
  const hostile =
    '{"name":"a","__proto__":{"public":true},"\\u005f_proto__":{"x":1},"constructor":{"prototype":{"x":1}}}';
  const { body } = (await routes.post('/bucket', hostile)) as { body: object };
  expect(body).toEqual({ name: 'a', public: false, constructor: { prototype: { x: 1 } } });
  expect(Object.keys(body)).not.toContain('__proto__');
  await routes.ask('/bucket?__proto__=x&__proto__[limit]=1&constructor=y', { headers: TOKEN });
  expect(({} as Record<string, unknown>).x).toBeUndefined();
  expect(({} as Record<string, unknown>).limit).toBeUndefined();
});

it('accepts a byte order mark before JSON', async () => {
  expect(await routes.post('/bucket', '\ufeff{"name":"marked"}')).toMatchObject({ body: { name: 'marked' } });
});

it('coerces the query', async () => {
  expect(await routes.ask('/bucket?limit=10&offset=0&search=a+b%26c', { headers: TOKEN })).toMatchObject({
    query: { limit: 10, offset: 0, search: 'a b&c' },
  });
  expect(await routes.ask('/object/public/b/k?download')).toMatchObject({ query: { download: '' } });
  expect(await routes.ask('/object/public/b/k?')).toMatchObject({ query: {} });
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
  expect(await routes.send(`${method} ${target} HTTP/1.1\r\nAuthorization: t`)).toMatchObject({ operationId, params });
});

it('gives an empty body to no one: bytes stay unread', async () => {
  const uploadObject: RouteHandler = async ({ req, res, body }) => {
    let sizeBytes = 0;
    for await (const chunk of req) sizeBytes += (chunk as Buffer).length;
    res.end(JSON.stringify({ sizeBytes, body: body ?? null }));
  };
  const own = await listen(bindToApp({ ...echoesFor('supabase'), uploadObject }));
  expect(await own.post('/object/b/k.json', '{"a":1}')).toEqual({ sizeBytes: 7, body: null });
  own.close();
});

describe('binding', () => {
  it('refuses an operation without a handler', () => {
    const { copyObject: _, ...others } = echoesFor('supabase');
    expect(() => bindToApp(others)).toThrow('operations tagged supabase without a handler: copyObject');
  });

  it('refuses a handler without an operation', () => {
    expect(() => bindToApp({ ...echoesFor('supabase'), health: echo })).toThrow(
      'handlers without an operation tagged supabase: health',
    );
  });
});
