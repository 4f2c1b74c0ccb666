/** What the binder refuses before any handler hears of it. */
import { gzipSync } from 'node:zlib';
import { bindToApp, echoesFor, JSON_TYPE, type Listening, listen, TOKEN } from '../../support/bound-routes.ts';

let routes: Listening;
beforeAll(async () => {
  routes = await listen(bindToApp(echoesFor('supabase')));
});
afterAll(() => routes.close());

describe('refuses', () => {
  it.each([
    ['an unknown path', '/nothing', 'GET'],
    ['a method the path does not have', '/bucket/avatars', 'PATCH'],
    ['an operation of another tag', '/health', 'GET'],
    ['a prefix that only looks like the mount', '/storage/v10/bucket', 'GET'],
    ['the bare mount', '/storage/v1', 'GET'],
    ['the mount twice', '/storage/v1/storage/v1/bucket', 'GET'],
  ])('%s as unknown', async (_case, path, method) => {
    expect(await routes.ask(path, { method, headers: TOKEN })).toEqual({ unknown: true });
  });

  it('a path with broken percent-encoding', async () => {
    expect(await routes.ask('/object/avatars/%zz')).toEqual({
      code: 'invalid-parameter',
      message: "'%zz' is not a valid url component",
      facts: { part: 'path' },
      operationId: 'getObject',
    });
  });

  it('a missing token before it looks at query and body', async () => {
    const refused = await routes.post('/bucket?limit=x', 'broken', { 'content-type': 'application/json' });
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
    ['/bucket?sortOrder=up', 'querystring/sortOrder must be equal to one of the allowed values: asc, desc'],
  ])('the query of %s', async (path, message) => {
    expect(await routes.ask(path, { headers: TOKEN })).toMatchObject({
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
    ['/bucket', '{"name":"a","type":"ANALYTICS"}', 'body/type must be equal to one of the allowed values: STANDARD'],
    [
      '/bucket',
      '{"name":"a","delivery":"pigeon"}',
      'body/delivery must be equal to one of the allowed values: proxy, redirect',
    ],
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
      'body/sortBy/column must be equal to one of the allowed values: name, updated_at, created_at, last_accessed_at',
    ],
    ['/object/list-v2/b', '{"limit":0}', 'body/limit must be >= 1'],
    ['/object/move', '{"bucketId":"b","sourceKey":"k"}', "body must have required property 'destinationKey'"],
    ['/object/copy', '{"sourceKey":"k","destinationKey":"l"}', "body must have required property 'bucketId'"],
  ])('the body of POST %s: %s', async (path, body, message) => {
    expect(await routes.post(path, body)).toMatchObject({
      code: 'invalid-parameter',
      message,
      facts: { part: 'body' },
    });
  });

  it.each([
    ['POST', '/object/sign/b', 'paths'],
    ['DELETE', '/object/b', 'prefixes'],
  ])('1001 names in the body of %s %s', async (method, path, property) => {
    const names = Array.from({ length: 1001 }, (_, index) => `${index}.txt`);
    const body = JSON.stringify({ expiresIn: 1, [property]: names });
    const refused = await routes.ask(path, { method, headers: JSON_TYPE, body });
    expect(refused.message).toBe(`body/${property} must NOT have more than 1000 items`);
  });

  it('a change of a bucket that changes nothing', async () => {
    const refused = await routes.ask('/bucket/b', { method: 'PUT', headers: JSON_TYPE, body: '{"name":"c"}' });
    expect(refused.message).toBe(
      "body must have required property 'public', body must have required property 'file_size_limit', " +
        "body must have required property 'allowed_mime_types', body must have required property 'delivery', " +
        'body must match a schema in anyOf',
    );
  });

  it.each(['1 parsec', '-5MB', '', '1e3', '1e3KB'])('the size limit %j', async limit => {
    const refused = await routes.post('/bucket', JSON.stringify({ name: 'a', file_size_limit: limit }));
    expect(refused.message).toMatch(
      /^body\/file_size_limit must match pattern .* \(Bytes, also as text, or a number with B, KB, MB or GB/,
    );
  });

  it.each([
    ['empty JSON', '', 'The body is empty, JSON is expected'],
    ['broken JSON', '{"name":', 'The body is not valid JSON'],
    ['JSON with a comment', '{"name":"a"} // b', 'The body is not valid JSON'],
  ])('%s', async (_case, body, message) => {
    expect(await routes.post('/bucket', body)).toMatchObject({
      code: 'invalid-parameter',
      message,
      facts: { part: 'json' },
    });
  });

  it('JSON that is coded', async () => {
    const headers = { ...JSON_TYPE, 'content-encoding': 'gzip' };
    const body = gzipSync('{"name":"a"}');
    expect(await routes.ask('/bucket', { method: 'POST', headers, body })).toMatchObject({
      message: 'The body is not valid JSON: send it without Content-Encoding',
      facts: { part: 'json' },
    });
  });

  it('JSON that is not UTF-8', async () => {
    const body = Buffer.from('{"name":"caf\u00e9"}', 'latin1');
    expect(await routes.ask('/bucket', { method: 'POST', headers: JSON_TYPE, body })).toMatchObject({
      facts: { part: 'json' },
    });
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'multipart/form-data; boundary=x'])(
    'a body of type %s where JSON is expected',
    async type => {
      const refused = await routes.post('/bucket', '{"name":"a"}', { ...TOKEN, 'content-type': type });
      expect(refused).toMatchObject({
        code: 'invalid-parameter',
        message: 'body must be object, with Content-Type: application/json',
        facts: { part: 'body' },
      });
    },
  );

  it('no body at all where one is required', async () => {
    expect(await routes.ask('/bucket', { method: 'POST', headers: TOKEN })).toMatchObject({
      message: 'body must be object, with Content-Type: application/json',
    });
  });

  it('a JSON body above 1 MiB by its declared length', async () => {
    const body = JSON.stringify({ name: 'x'.repeat(1024 * 1024) });
    expect(await routes.post('/bucket', body)).toMatchObject({
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
    expect(await routes.send(head, `${parts}0\r\n\r\n`)).toMatchObject({ code: 'too-large', facts: { part: 'body' } });
  });
});
