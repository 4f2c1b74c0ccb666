/** Reading whole objects: headers, ways in, what hides, and what happens when bytes or clients go. Facts T2-27 to T2-33. */
import { addBucket, allowOwnFolders, etagOf } from '../../support/bucket-fixtures.ts';
import { type Call, type CallReply, makeCall } from '../../support/call.ts';
import { type Gateway, SERVICE_TOKEN, STORES, startGateway, tokenFor } from '../../support/gateway.ts';
import { RawClient } from '../../support/loopback.ts';
import { ALICE, BOB } from '../../support/scopes.ts';
import { type WatchedStore, watchStore } from '../../support/watched-store.ts';

const token = SERVICE_TOKEN;
const alice = tokenFor('authenticated', ALICE);
const bob = tokenFor('authenticated', BOB);
const NOT_FOUND = { statusCode: '404', error: 'not_found', message: 'Object not found', code: 'NoSuchKey' };
const NO_BUCKET = {
  statusCode: '404',
  error: 'Bucket not found',
  message: 'Bucket not found',
  code: 'NoSuchBucket',
};

/** Everything of a reply but what differs between any two replies. */
function comparable({ status, headers, text }: CallReply) {
  const { date, 'x-request-id': id, ...rest } = headers;
  return { status, headers: rest, text };
}

describe.each(STORES)('downloads from the %s store', store => {
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
    await addBucket(gateway, 'private');
    await addBucket(gateway, 'open', { public: true });
    await allowOwnFolders(gateway, 'private');
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'max-age=3600' };
    await call('POST', `/object/private/${ALICE}/a.txt`, { token: alice, body: 'hers', headers });
    await call('POST', '/object/open/a.txt', { token, body: 'for all', headers });
  });
  afterAll(() => gateway.stop());

  const put = (path: string, body: string | Buffer, type: string) =>
    call('PUT', path, { token, body, headers: { 'content-type': type } });

  describe('T2-27 what policies hide answers byte for byte as what is absent', () => {
    it.each([
      ['GET', '/object/private'],
      ['HEAD', '/object/private'],
      ['GET', '/object/authenticated/private'],
      ['GET', '/object/info/private'],
      ['HEAD', '/object/info/private'],
      ['GET', '/object/info/authenticated/private'],
      ['DELETE', '/object/private'],
    ])('%s %s (W-22)', async (method, prefix) => {
      const hidden = comparable(await call(method, `${prefix}/${ALICE}/a.txt`, { token: bob }));
      const absent = comparable(await call(method, `${prefix}/${ALICE}/b.txt`, { token: bob }));
      expect(hidden).toEqual(absent);
      expect(hidden.status).toBe(400);
      if (method !== 'HEAD') expect(JSON.parse(hidden.text)).toEqual(NOT_FOUND);
    });

    it('without a token', async () => {
      const hidden = await call('GET', `/object/private/${ALICE}/a.txt`);
      expect(comparable(hidden)).toEqual(comparable(await call('GET', `/object/private/${ALICE}/b.txt`)));
      expect([hidden.status, hidden.json]).toEqual([400, NOT_FOUND]);
    });

    it('through a move, a copy and a link', async () => {
      for (const name of [`${ALICE}/a.txt`, `${ALICE}/b.txt`]) {
        const json = { bucketId: 'private', sourceKey: name, destinationKey: `${BOB}/x` };
        for (const path of ['/object/move', '/object/copy']) {
          expect((await call('POST', path, { token: bob, json })).json).toEqual(NOT_FOUND);
        }
        const signed = await call('POST', `/object/sign/private/${name}`, { token: bob, json: { expiresIn: 60 } });
        expect(signed.json).toEqual(NOT_FOUND);
      }
    });
  });

  it('T2-28 needs the Authorization header on the authenticated routes', async () => {
    for (const path of ['/object/authenticated/open/a.txt', '/object/info/authenticated/open/a.txt']) {
      const reply = await call('GET', path);
      expect(reply.status).toBe(400);
      expect(reply.json).toEqual({
        statusCode: '400',
        error: 'Error',
        message: "headers must have required property 'authorization'",
        code: 'InvalidRequest',
      });
      expect((await call('GET', path, { token: alice })).status).toBe(200);
    }
  });

  it('T2-29 says of a private bucket on the public routes what it says of a missing one', async () => {
    for (const route of ['/object/public', '/object/info/public']) {
      for (const name of [`private/${ALICE}/a.txt`, 'private/none', 'nowhere/none']) {
        const reply = await call('GET', `${route}/${name}`, { token });
        expect([reply.status, reply.json]).toEqual([400, NO_BUCKET]);
      }
      expect((await call('GET', `${route}/open/none`)).json).toEqual(NOT_FOUND);
    }
  });

  it('says of a missing bucket the same thing every time (W-16)', async () => {
    const replies = await Promise.all(Array.from({ length: 8 }, () => call('GET', '/object/public/nowhere/a.txt')));
    for (const reply of replies) expect(reply.json).toEqual(NO_BUCKET);
  });

  it('T2-30 sends the stored type, caching and length, with ETag, date and robots tag', async () => {
    const reply = await call('GET', `/object/private/${ALICE}/a.txt`, { token: alice });
    expect([reply.status, reply.text]).toEqual([200, 'hers']);
    expect(reply.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-length': '4',
      'cache-control': 'max-age=3600',
      'accept-ranges': 'bytes',
      etag: etagOf('hers'),
      'last-modified': expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/),
      'x-robots-tag': 'none',
      'x-content-type-options': 'nosniff',
    });
    expect(reply.headers).not.toHaveProperty('content-disposition');
    expect(reply.headers).not.toHaveProperty('expires');
  });

  it.each([
    ['/object/open/a.txt'],
    ['/object/public/open/a.txt'],
    ['/object/authenticated/open/a.txt'],
    ['/object/info/open/a.txt'],
    ['/object/info/public/open/a.txt'],
    ['/object/open/a.txt?download=b.txt'],
  ])('T2-31 HEAD of %s has the headers of GET and no body', async path => {
    const get = comparable(await call('GET', path, { token: alice }));
    const head = comparable(await call('HEAD', path, { token: alice }));
    expect(head).toEqual({ ...get, text: '' });
    expect(get.text).not.toBe('');
  });

  it('T2-31 HEAD through a link has the headers of GET', async () => {
    const signed = await call('POST', '/object/sign/open/a.txt', { token, json: { expiresIn: 60 } });
    const { signedURL } = signed.json as { signedURL: string };
    const get = comparable(await call('GET', signedURL));
    expect(comparable(await call('HEAD', signedURL))).toEqual({ ...get, text: '' });
  });

  it('T2-31 HEAD of a refused request has its status and no body', async () => {
    for (const path of ['/object/open/none', '/object/public/nowhere/none', '/object/info/open/none']) {
      const head = await call('HEAD', path);
      expect([head.status, head.text]).toEqual([400, '']);
      expect(head.headers['content-length']).toBe((await call('GET', path)).headers['content-length']);
    }
  });

  it.each([
    ['text/html', 'sandbox'],
    ['text/html; charset=utf-8', 'sandbox'],
    ['TEXT/HTML', 'sandbox'],
    ['image/svg+xml', 'sandbox'],
    ['application/xhtml+xml', 'sandbox'],
    ['text/xml', 'sandbox'],
    ['text/plain, text/html', 'sandbox'],
    ['nonsense', 'sandbox'],
  ])('T2-32 serves %s as itself, in a sandbox', async (type, policy) => {
    const path = '/object/open/active';
    await put(path, '<script>alert(1)</script>', type);
    for (const route of ['/object/open', '/object/public/open']) {
      const reply = await call('GET', `${route}/active`);
      expect(reply.headers['content-type']).toBe(type);
      expect(reply.headers['content-security-policy']).toContain(policy);
      expect(reply.headers['content-security-policy']).not.toContain('allow-scripts');
      expect(reply.headers['x-content-type-options']).toBe('nosniff');
    }
  });

  it('T2-33 makes a download of any name one legal header', async () => {
    const disposition = async (query: string) =>
      (await call('GET', `/object/open/a.txt?${query}`)).headers['content-disposition'];
    expect(await disposition('download')).toBe('attachment;');
    expect(await disposition('download=')).toBe('attachment;');
    expect(await disposition('download=x.png')).toMatch(/^attachment; filename="?x\.png"?$/);
    expect(await disposition('download=a%20b.txt')).toBe('attachment; filename="a b.txt"');
    expect(await disposition(`download=${encodeURIComponent('käse 🧀.txt')}`)).toContain(
      "filename*=UTF-8''k%C3%A4se%20%F0%9F%A7%80.txt",
    );
    // RFC 8187 allows neither quotes nor parentheses nor the asterisk as they are.
    expect(await disposition(`download=${encodeURIComponent("ä'()*.txt")}`)).toContain(
      "filename*=UTF-8''%C3%A4%27%28%29%2A.txt",
    );
    expect(await disposition(`download=${encodeURIComponent('a"b\\c.txt')}`)).toBe(
      'attachment; filename="a\\"b\\\\c.txt"',
    );
    expect(await disposition('download=a%0d%0aset-cookie:%20x')).not.toMatch(/[\r\n]/);
    expect(await disposition('download=../../etc/passwd')).toBe('attachment; filename=passwd');
    expect(await disposition('download=%ff')).toMatch(/^attachment; /);
  });

  it('T2-44 tells what is known of an object', async () => {
    const metadata = Buffer.from('{"color":"red"}').toString('base64');
    const uploaded = await call('POST', '/object/open/info/deep.txt', {
      token,
      body: 'info',
      headers: { 'x-metadata': metadata, 'content-type': 'text/plain' },
    });
    for (const path of ['/object/info/open', '/object/info/public/open', '/object/info/authenticated/open']) {
      const reply = await call('GET', `${path}/info/deep.txt`, { token: alice });
      expect(reply.json).toEqual({
        id: (uploaded.json as { Id: string }).Id,
        name: 'info/deep.txt',
        version: expect.stringMatching(/^[0-9a-f-]{36}$/),
        bucket_id: 'open',
        size: 4,
        content_type: 'text/plain',
        cache_control: 'no-cache',
        etag: etagOf('info'),
        metadata: { color: 'red' },
        last_modified: expect.stringMatching(/Z$/),
        created_at: expect.stringMatching(/Z$/),
      });
      expect(reply.headers).toMatchObject({ etag: etagOf('info'), 'cache-control': 'no-cache' });
    }
  });

  it('says "not found" of a row without a version, which plain SQL may have written', async () => {
    await gateway.db.sql(`insert into storage.objects (bucket_id, name) values ('open', 'bare-row')`);
    for (const path of ['/object/open/bare-row', '/object/public/open/bare-row', '/object/info/open/bare-row']) {
      expect((await call('GET', path, { token })).json).toEqual(NOT_FOUND);
    }
    const listed = await call('POST', '/object/list/open', { token, json: { prefix: '', search: 'bare' } });
    expect(listed.json).toMatchObject([{ name: 'bare-row' }]);
  });

  it('says so where the row is there and its bytes are gone, and lets nobody cache it', async () => {
    await put('/object/open/lost', 'lost', 'text/plain');
    const [row] = await gateway.db.sql<{ version: string }>(`select version from storage.objects where name = 'lost'`);
    await gateway.app.core.blobs.delete([`${row?.version.slice(0, 2)}/${row?.version}`]);
    const reply = await call('GET', '/object/public/open/lost');
    expect(reply.status).toBe(400);
    expect(reply.json).toEqual({
      statusCode: '404',
      error: 'Not found',
      message: 'The resource was not found',
      code: 'NoSuchKey',
    });
    expect(reply.headers['cache-control']).toBe('no-store');
  });

  it('frees the store’s stream when the client goes away in the middle', async () => {
    await put('/object/open/large', Buffer.alloc(12 * 1024 * 1024), 'application/octet-stream');
    const client = new RawClient(Number(new URL(gateway.url).port));
    client.write('GET /object/open/large HTTP/1.1', 'host: x', '', '');
    await client.until('content-length: 12582912');
    client.socket.pause();
    const stream = watched.opened.at(-1);
    const freed = new Promise<void>(resolve => {
      stream?.once('close', () => resolve());
    });
    client.destroy();
    await freed;
    expect(stream?.destroyed).toBe(true);
  });

  it('sends a large object whole, and several at a time', async () => {
    const large = Buffer.alloc(5 * 1024 * 1024, 'abcdefg');
    await put('/object/open/five', large, 'application/octet-stream');
    const replies = await Promise.all([1, 2, 3].map(() => call('GET', '/object/public/open/five')));
    for (const reply of replies) expect(reply.bytes.equals(large)).toBe(true);
  });
});
