/** API 003: the facts T3-01 to T3-20, on every store. Who is who comes from tokens here. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CallOptions, type CallReply, makeCall } from '../../support/call.ts';
import { type Gateway, PACKAGE_ROOT, STORES, startGateway, tokenFor } from '../../support/gateway.ts';
import { RawClient } from '../../support/loopback.ts';
import { ALICE, BOB } from '../../support/scopes.ts';

const CAROL = 'ca201000-0000-4000-8000-000000000003';
const DOMAIN = 'files.example.com';
const ADMIN = tokenFor('authenticated', ALICE, { admin: true, backend: 'default' });
const PLAIN = tokenFor('authenticated', BOB, { admin: false, backend: 'default' });
const OTHER_ADMIN = tokenFor('authenticated', CAROL, { admin: true, backend: 'one' });

const NO_BACKEND = 'there is no such backend; its first account makes it (sluice user add --backend)';
const NOTHING = 'no file has this path, and none is under it';
const FORBIDDEN = 'insufficient credentials: only administrators of this backend may do this';

const md5 = (bytes: string) => createHash('md5').update(bytes).digest('hex');

/** Status and message of a refusal in the envelope. */
function refused({ status, json }: CallReply): unknown {
  const { success, status: said, error } = json as { success: boolean; status: number; error: { message: string } };
  return success === false && said === status ? [status, error.message] : json;
}

describe.each(STORES)('over the %s store', store => {
  let gateway: Gateway;
  let call: ReturnType<typeof makeCall>;
  beforeAll(async () => {
    gateway = await startGateway({ store, env: { BACKEND_DOMAIN: DOMAIN } });
    call = makeCall(gateway.url);
    const { db } = gateway;
    await db.sql(`insert into storage.buckets (id, name) values ('backend-default', 'a'), ('backend-one', 'b')`);
    await db.sql(readFileSync(join(PACKAGE_ROOT, 'policies', 'backends.sql'), 'utf8'));
    await db.sql(
      `insert into sluice.accounts (id, username, uid, admin) values ($1, 'doc', '1700000000001', true), ($2, 'ben', '1700000000002', false)`,
      [ALICE, BOB],
    );
  });
  afterAll(() => gateway.stop());
  beforeEach(() => gateway.db.sql('delete from storage.objects'));

  const put = (path: string, options: CallOptions = {}) =>
    call('PUT', `/1/file${path}`, { token: ADMIN, body: `the bytes of ${path}`, ...options });
  const get = (path: string, options: CallOptions = {}) => call('GET', `/1/file${path}`, options);
  const remove = (path: string, options: CallOptions = {}) =>
    call('DELETE', `/1/file${path}`, { token: ADMIN, ...options });
  const pathsIn = async (path: string, options: CallOptions = {}) => {
    const { results } = (await get(path, options)).json as { results: { path: string }[] };
    return results.map(file => file.path);
  };
  const stored = () => gateway.db.sql('select bucket_id, name, version from storage.objects order by 1, 2');

  describe('refuses', () => {
    it.each([
      ['PUT', '/www/app.html'],
      ['DELETE', '/www'],
      ['DELETE', ''],
    ])('%s %s by anybody but an administrator, and changes nothing (T3-08, T3-09)', async (method, path) => {
      await put('/www/app.html');
      const before = await stored();
      const ask = (options: CallOptions) => call(method, `/1/file${path}`, { body: 'other', ...options });
      expect(refused(await ask({}))).toEqual([401, 'authentication required']);
      expect(refused(await ask({ token: 'rubbish' }))).toEqual([401, 'invalid credentials']);
      expect(refused(await ask({ token: PLAIN }))).toEqual([403, FORBIDDEN]);
      expect(refused(await ask({ token: OTHER_ADMIN }))).toEqual([403, FORBIDDEN]);
      expect(await stored()).toEqual(before);
    });

    it.each(['Basic', 'Basic !!!', 'Basic Og==', 'basic YWxpY2U='])(
      '%j, which is no login (T3-14)',
      async authorization => {
        const reply = await get('', { headers: { authorization } });
        expect([reply.status, reply.headers['www-authenticate']]).toEqual([401, 'Basic realm="backend"']);
      },
    );

    it.each(['/index.html', '', '/', '/www/', '//x', '/www/../x', '/www/%2e%2e/x', '/www/./x', '/www/..'])(
      'PUT /1/file%s: a file has a path and a name',
      async path => {
        expect((await put(path)).status).toBe(400);
        expect((await put(path, { token: PLAIN })).status).toBe(403);
        expect(await stored()).toEqual([]);
      },
    );

    it.each([
      ['POST', '/1/file/www/a', 405, 'method POST is not valid for the path /1/file/www/a'],
      ['PATCH', '/1/file', 405, 'method PATCH is not valid for the path /1/file'],
      ['GET', '/1/filetoto', 404, 'the path /1/filetoto is invalid'],
      ['GET', '/1/data', 404, 'the path /1/data is invalid'],
    ])('%s %s (T3-17)', async (method, path, status, message) => {
      const reply = await call(method, path, { token: ADMIN });
      expect(refused(reply)).toEqual([status, message]);
      expect(reply.headers.allow).toBe(status === 405 ? 'GET, HEAD, PUT, DELETE' : undefined);
    });

    it.each(['size=0', 'size=x', 'size=-1', 'next=%00', 'next=gA'])('the page ?%s', async query => {
      expect((await get(`?${query}`)).status).toBe(400);
    });

    it.each([`two.${DOMAIN}`, `-.${DOMAIN}`, `a.b.${DOMAIN}`])('the host %s: no such backend', async host => {
      expect(refused(await get('', { headers: { host } }))).toEqual([404, NO_BACKEND]);
    });

    it('a path that no object can have, and conditions that do not hold', async () => {
      expect((await get('/a%00b')).status).toBe(400);
      await put('/www/a.txt');
      expect(refused(await get('/www/a.txt', { headers: { 'if-match': '"x"' } }))).toEqual([
        412,
        'precondition failed',
      ]);
      expect((await get('/www/a.txt', { headers: { range: 'bytes=99-' } })).status).toBe(416);
    });
  });

  it.each([
    ['if-match', '"x"'],
    ['if-none-match', '"x"'],
    ['content-range', 'bytes 0-3/8'],
  ])('refuses an upload with %s, which it cannot heed, and replaces nothing', async (header, value) => {
    await put('/www/a.txt', { body: 'first' });
    expect((await put('/www/a.txt', { headers: { [header]: value } })).status).toBe(400);
    expect((await put('/www/a.txt', { token: PLAIN, headers: { [header]: value } })).status).toBe(403);
    expect((await get('/www/a.txt')).text).toBe('first');
  });

  it('replaces no file with If-None-Match: *, also between uploads at once', async () => {
    const headers = { 'if-none-match': '*' };
    const replies = await Promise.all(['one', 'two', 'three'].map(body => put('/www/a.txt', { body, headers })));
    expect(replies.map(reply => reply.status).sort()).toEqual([200, 412, 412]);
    expect(refused(await put('/www/a.txt', { headers }))).toEqual([412, 'there is a file of this path already']);
    expect((await get('/www/a.txt')).text).toBe(
      ['one', 'two', 'three'][replies.findIndex(({ status }) => status === 200)],
    );
  });

  it('sends bytes back in the coding that they came in', async () => {
    await put('/www/a.txt', { headers: { 'content-encoding': 'gzip' } });
    expect((await get('/www/a.txt')).headers['content-encoding']).toBe('gzip');
  });

  it('believes of the host what the target says, and of two hosts none', async () => {
    const ask = async (target: string, ...more: string[]) => {
      const client = new RawClient(Number(new URL(gateway.url).port));
      client.write(`GET ${target} HTTP/1.1`, `Host: one.${DOMAIN}`, ...more, 'Connection: close', '', '');
      await client.closed;
      return client.received.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length);
    };
    expect(await ask('/1/file')).toBe('200');
    expect(await ask('/1/file', `Host: ${DOMAIN}`)).toBe('400');
    expect(await ask(`http://two.${DOMAIN}/1/file`)).toBe('404');
  });

  it('stores what an administrator uploads, and gives it to anybody (T3-01, T3-02)', async () => {
    const body = '<p>hello</p>';
    const reply = await put('/www/app.html', { body, headers: { 'content-type': 'text/html' } });
    expect(reply.json).toEqual({
      success: true,
      status: 200,
      path: '/www/app.html',
      location: `${gateway.url}/1/file/www/app.html`,
      contentType: 'text/html',
      etag: md5(body),
    });
    const { status, text: given, headers } = await get('/www/app.html');
    expect([status, given]).toEqual([200, body]);
    expect(headers).toMatchObject({
      'content-type': 'text/html',
      etag: `"${md5(body)}"`,
      'x-spacedog-owner': 'doc',
      'content-length': String(body.length),
    });
    expect(headers).not.toHaveProperty('content-disposition');
    const head = await call('HEAD', '/1/file/www/app.html');
    for (const name of ['content-type', 'content-length', 'etag', 'last-modified', 'x-spacedog-owner']) {
      expect(head.headers[name]).toBe(headers[name]);
    }
  });

  it('names the file for saving only where that is asked (T3-03)', async () => {
    await put('/www/app.html');
    const disposition = async (value: string) =>
      (await get(`/www/app.html?withContentDisposition=${value}`)).headers['content-disposition'];
    expect(await disposition('true')).toBe('attachment; filename="app.html"'.replaceAll('"', ''));
    expect(await disposition('TRUE')).toBe(await disposition('true'));
    expect(await disposition('false')).toBeUndefined();
  });

  it('lists all files under a path, in order, and none beside it (T3-04, T3-05)', async () => {
    for (const path of ['/www/b/c/d.txt', '/www/a.txt', '/www2/x.txt', '/www/b/a.txt']) await put(path);
    const { results } = (await get('/www')).json as { results: unknown[] };
    const bytes = 'the bytes of /www/a.txt';
    expect(results[0]).toEqual({
      path: '/www/a.txt',
      size: bytes.length,
      lastModified: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      etag: md5(bytes),
    });
    for (const path of ['/www', '/www/', '//www']) {
      expect(await pathsIn(path)).toEqual(['/www/a.txt', '/www/b/a.txt', '/www/b/c/d.txt']);
    }
    expect(refused(await get('/ww'))).toEqual([404, NOTHING]);
    expect(await pathsIn('')).toHaveLength(4);
  });

  it('has an empty list at the root of a fresh backend, and nothing elsewhere (T3-06)', async () => {
    for (const root of ['', '/']) expect((await get(root)).json).toEqual({ success: true, status: 200, results: [] });
    expect(refused(await get('/nope'))).toEqual([404, NOTHING]);
  });

  it.each([
    ['a/x.html', 'text/html'],
    ['a/x.HTML', 'text/html'],
    ['a/x.js', 'text/javascript'],
    ['a/x.css', 'text/css'],
    ['a/x.png', 'image/png'],
    ['a/x.jpg', 'image/jpeg'],
    ['a/x.jpeg', 'image/jpeg'],
    ['a/x.gif', 'image/gif'],
    ['a/x.svg', 'image/svg+xml'],
    ['a/x.json', 'application/json'],
    ['a/x.pdf', 'application/pdf'],
    ['a/x.xml', 'application/xml'],
    ['a/x.txt', 'text/plain'],
    ['a/foopdf', 'application/octet-stream'],
    ['a/foo.%20pdf', 'application/octet-stream'],
    ['a.html/x', 'application/octet-stream'],
  ])('takes the type of %s from its ending where no header says it: %s (T3-07)', async (path, type) => {
    await put(`/${path}`, { body: '{}' });
    expect((await get(`/${path}`)).headers['content-type']?.split(';')[0]).toBe(type);
  });

  it('takes the type from the header before the ending (T3-07)', async () => {
    await put('/a/x.html', { headers: { 'content-type': 'text/csv; charset=utf-8' } });
    expect((await get('/a/x.html')).headers['content-type']).toBe('text/csv; charset=utf-8');
  });

  it('deletes what is under a path and lists it, and nothing beside it (T3-10)', async () => {
    for (const path of ['/www/a.txt', '/www/b/c.txt', '/www2/x.txt']) await put(path);
    expect((await remove('/www')).json).toEqual({
      success: true,
      status: 200,
      deleted: ['/www/a.txt', '/www/b/c.txt'],
    });
    expect(refused(await get('/www'))).toEqual([404, NOTHING]);
    expect(await pathsIn('')).toEqual(['/www2/x.txt']);
  });

  it('deletes one file, or nothing where there is none (T3-12, T3-13)', async () => {
    for (const path of ['/www/a.txt', '/www/b.txt']) await put(path);
    expect((await remove('/www/a.txt')).json).toMatchObject({ deleted: ['/www/a.txt'] });
    expect((await remove('/www/a.txt')).json).toMatchObject({ deleted: [] });
    expect(await pathsIn('/www')).toEqual(['/www/b.txt']);
    expect((await remove('')).json).toMatchObject({ deleted: ['/www/b.txt'] });
  });

  it('keeps the backends apart, and their administrators (T3-15)', async () => {
    const host = `ONE.${DOMAIN}:80`;
    const onOne = { headers: { host } };
    await put('/www/a.txt', { body: 'default' });
    const reply = await put('/www/a.txt', { body: 'one', token: OTHER_ADMIN, headers: { host } });
    expect(reply.json).toMatchObject({ location: expect.stringContaining(`//${host}/1/file/www/a.txt`) });
    expect([(await get('/www/a.txt')).text, (await get('/www/a.txt', onOne)).text]).toEqual(['default', 'one']);
    expect(refused(await put('/www/b.txt', onOne))).toEqual([403, FORBIDDEN]);
    expect(refused(await remove('/www', onOne))).toEqual([403, FORBIDDEN]);
    expect((await remove('/www', { token: OTHER_ADMIN, headers: { host } })).json).toMatchObject({
      deleted: ['/www/a.txt'],
    });
    expect(await pathsIn('')).toEqual(['/www/a.txt']);
  });

  it('replaces bytes, size, ETag, type and owner (T3-16)', async () => {
    await put('/www/a.txt', { headers: { 'content-type': 'text/plain' } });
    await gateway.db.sql(`update sluice.accounts set admin = true where username = 'ben'`);
    const ben = tokenFor('authenticated', BOB, { admin: true, backend: 'default' });
    await put('/www/a.txt', { token: ben, body: '{"new":1}', headers: { 'content-type': 'application/json' } });
    const { text: given, headers } = await get('/www/a.txt');
    expect([given, headers['content-type'], headers.etag, headers['x-spacedog-owner']]).toEqual([
      '{"new":1}',
      'application/json',
      `"${md5('{"new":1}')}"`,
      'ben',
    ]);
    expect((await get('/www')).json).toMatchObject({ results: [{ size: 9, etag: md5('{"new":1}') }] });
  });

  it('keeps names with blanks, percent signs and letters of every script (T3-18)', async () => {
    const name = '/mes été/100% ünïcode 文件 +#?.txt';
    const path = name.split('/').map(encodeURIComponent).join('/');
    expect((await put(path)).json).toMatchObject({ path: name, location: `${gateway.url}/1/file${path}` });
    expect(await pathsIn(`/${encodeURIComponent('mes été')}`)).toEqual([name]);
    expect((await get(path)).text).toBe(`the bytes of ${path}`);
    expect((await remove(path)).json).toMatchObject({ deleted: [name] });
  });

  it('pages through everything exactly once (T3-19)', async () => {
    for (let n = 0; n < 7; n += 1) await put(`/p/${n}/%C3%A9.txt`);
    const seen: string[] = [];
    let next: string | undefined = '';
    do {
      const page = (await get(`/p?size=3&next=${next}`)).json as { results: { path: string }[]; next?: string };
      expect(page.results.length).toBe(page.next === undefined ? 1 : 3);
      seen.push(...page.results.map(file => file.path));
      next = page.next;
    } while (next !== undefined);
    expect(seen).toEqual(Array.from({ length: 7 }, (_, n) => `/p/${n}/é.txt`));
    expect((await get('/p?size=7')).json).not.toHaveProperty('next');
  });

  it('gives the file where a file and files under it have the same path, and deletes both (T3-20)', async () => {
    for (const path of ['/a/b', '/a/b/c', '/a/bc']) await put(path);
    expect((await get('/a/b')).text).toBe('the bytes of /a/b');
    expect(await pathsIn('/a')).toEqual(['/a/b', '/a/b/c', '/a/bc']);
    expect((await remove('/a/b')).json).toMatchObject({ deleted: ['/a/b', '/a/b/c'] });
    expect(await pathsIn('')).toEqual(['/a/bc']);
  });

  it('answers ranges and conditions, and takes an empty file', async () => {
    await put('/a/b.txt', { body: '0123456789' });
    expect((await get('/a/b.txt', { headers: { range: 'bytes=2-4' } })).text).toBe('234');
    const etag = `"${md5('0123456789')}"`;
    expect((await get('/a/b.txt', { headers: { 'if-none-match': etag } })).status).toBe(304);
    await put('/a/empty.txt', { body: '' });
    expect((await get('/a/empty.txt')).headers['content-length']).toBe('0');
  });
});

describe('a backend with many files', () => {
  it('deletes and lists all 2500 of a path in one transaction, not a page of them (T3-11)', async () => {
    const gateway = await startGateway();
    try {
      await gateway.db.sql(`insert into storage.buckets (id, name) values ('backend-default', 'a')`);
      await gateway.db.sql(readFileSync(join(PACKAGE_ROOT, 'policies', 'backends.sql'), 'utf8'));
      await gateway.db.sql(`insert into storage.objects (bucket_id, name, version, metadata)
        select 'backend-default', 'many/' || n, 'v' || n, '{}' from generate_series(1, 2500) n`);
      const call = makeCall(gateway.url);
      const page = (await call('GET', '/1/file/many')).json as { results: unknown[] };
      expect(page.results).toHaveLength(100);
      await gateway.db.sql('create table public.pinned (id uuid references storage.objects (id))');
      await gateway.db.sql(`insert into public.pinned select id from storage.objects where name = 'many/2500'`);
      expect((await call('DELETE', '/1/file/many', { token: ADMIN })).status).toBe(409);
      expect(await gateway.db.sql('select count(*)::int as n from storage.objects')).toEqual([{ n: 2500 }]);
      await gateway.db.sql('drop table public.pinned');
      const { deleted } = (await call('DELETE', '/1/file/many', { token: ADMIN })).json as { deleted: string[] };
      expect([deleted.length, new Set(deleted).size, deleted[0]]).toEqual([2500, 2500, '/many/1']);
      expect(await gateway.db.sql('select from storage.objects')).toEqual([]);
    } finally {
      await gateway.stop();
    }
  });
});
