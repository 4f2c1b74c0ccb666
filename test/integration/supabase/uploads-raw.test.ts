/** Uploads whose body is the bytes. On every store. Facts T2-06, T2-07, T2-20 to T2-26. */
import { addBucket, allowOwnFolders, etagOf, tracesOf } from '../../support/bucket-fixtures.ts';
import { type Call, makeCall } from '../../support/call.ts';
import { ANON_TOKEN, type Gateway, SERVICE_TOKEN, STORES, startGateway, tokenFor } from '../../support/gateway.ts';
import { ALICE, BOB } from '../../support/scopes.ts';

const alice = tokenFor('authenticated', ALICE);
const bob = tokenFor('authenticated', BOB);
const token = SERVICE_TOKEN;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe.each(STORES)('raw uploads to the %s store', store => {
  let gateway: Gateway;
  let call: Call;

  beforeAll(async () => {
    gateway = await startGateway({ store });
    call = makeCall(gateway.url);
    await addBucket(gateway, 'files');
    await addBucket(gateway, 'images', { allowedMimeTypes: ['image/*', 'text/plain'] });
    await allowOwnFolders(gateway, 'files');
  });
  afterAll(() => gateway.stop());

  const rowOf = async (bucket: string, name: string) => {
    const [row] = await gateway.db.sql<Record<string, unknown>>(
      'select * from storage.objects where bucket_id = $1 and name = $2',
      [bucket, name],
    );
    return row;
  };

  describe('refused, and nothing left of them', () => {
    it.each([
      ['T2-25 into a missing bucket', '/object/nowhere/a.txt', { token, body: 'x' }, '404', 'Bucket not found'],
      [
        'T2-24 into the folder of somebody else',
        `/object/files/${BOB}/a.txt`,
        { token: alice, body: 'x' },
        '403',
        'Unauthorized',
      ],
      ['T2-46 by nobody', '/object/files/a.txt', { token: ANON_TOKEN, body: 'x' }, '403', 'Unauthorized'],
      [
        'T2-07 of a type that the bucket does not take',
        '/object/images/a.bin',
        { token, body: 'x', headers: { 'content-type': 'video/mp4' } },
        '415',
        'invalid_mime_type',
      ],
      [
        'T2-07 of half a type',
        '/object/images/a.bin',
        { token, body: 'x', headers: { 'content-type': 'image' } },
        '415',
        'invalid_mime_type',
      ],
      [
        'T2-07 of a type without a subtype',
        '/object/images/a.bin',
        { token, body: 'x', headers: { 'content-type': 'image/; charset=utf-8' } },
        '415',
        'invalid_mime_type',
      ],
      [
        'T2-07 without a type, which is application/octet-stream',
        '/object/images/a.bin',
        { token, body: 'x' },
        '415',
        'invalid_mime_type',
      ],
      [
        'of a placeholder that is not empty',
        '/object/files/d/.emptyFolderPlaceholder',
        { token, body: 'x' },
        '413',
        'Payload too large',
      ],
      [
        'with an unknown robots directive',
        '/object/files/r.txt',
        { token, body: 'x', headers: { 'x-robots-tag': 'dance' } },
        '400',
        'invalid_x_robots_tag',
      ],
    ])('%s', async (_what, path, options, statusCode, error) => {
      const before = await tracesOf(gateway);
      const reply = await call('POST', path, options);
      expect(reply.status).toBe(400);
      expect(reply.json).toMatchObject({ statusCode, error });
      expect(await tracesOf(gateway)).toEqual(before);
    });

    it('T2-24 says that row-level security refused it', async () => {
      const reply = await call('PUT', `/object/files/${BOB}/b.txt`, { token: alice, body: 'x' });
      expect(reply.json).toMatchObject({
        message: expect.stringContaining('new row violates row-level security policy'),
        code: 'AccessDenied',
      });
    });

    it('T2-22 over an existing name', async () => {
      await call('POST', '/object/files/once.txt', { token, body: 'first' });
      const before = await tracesOf(gateway);
      for (const headers of [{}, { 'x-upsert': 'false' }, { 'x-upsert': 'TRUE' }]) {
        const reply = await call('POST', '/object/files/once.txt', { token, body: 'second', headers });
        expect(reply.status).toBe(400);
        expect(reply.json).toEqual({
          statusCode: '409',
          error: 'Duplicate',
          message: 'The resource already exists',
          code: 'KeyAlreadyExists',
        });
      }
      expect((await call('GET', '/object/files/once.txt', { token })).text).toBe('first');
      expect(await tracesOf(gateway)).toEqual(before);
    });

    it('T2-22 over an object that the caller may not change', async () => {
      const name = `${BOB}/his.txt`;
      await call('POST', `/object/files/${name}`, { token: bob, body: 'his' });
      const before = await tracesOf(gateway);
      for (const [method, headers] of [
        ['PUT', {}],
        ['POST', { 'x-upsert': 'true' }],
      ] as const) {
        const reply = await call(method, `/object/files/${name}`, { token: alice, body: 'hers', headers });
        expect(reply.json).toMatchObject({ statusCode: '403', code: 'AccessDenied' });
      }
      expect((await call('GET', `/object/files/${name}`, { token: bob })).text).toBe('his');
      expect(await tracesOf(gateway)).toEqual(before);
    });
  });

  it('T2-20 stores the bytes under the caller’s name and answers with id and key', async () => {
    const path = `/object/files/${ALICE}/a%20b.txt`;
    const reply = await call('POST', path, {
      token: alice,
      body: 'hello',
      headers: { 'content-type': 'text/plain;charset=UTF-8', 'cache-control': 'max-age=60' },
    });
    expect(reply.status).toBe(200);
    expect(reply.json).toEqual({ Id: expect.stringMatching(UUID), Key: `files/${ALICE}/a b.txt` });
    const row = await rowOf('files', `${ALICE}/a b.txt`);
    expect(row).toMatchObject({
      id: (reply.json as { Id: string }).Id,
      owner: ALICE,
      owner_id: ALICE,
      user_metadata: {},
      metadata: {
        eTag: etagOf('hello'),
        size: 5,
        contentLength: 5,
        mimetype: 'text/plain;charset=UTF-8',
        cacheControl: 'max-age=60',
        httpStatusCode: 200,
      },
    });
    expect((await call('GET', path, { token: alice })).text).toBe('hello');
  });

  it('takes application/octet-stream and no-cache where the request says nothing, or names them without a value', async () => {
    const headers = { 'content-type': '', 'cache-control': '' };
    await call('POST', '/object/files/bare', { token, body: Buffer.from([0, 255, 10]), headers });
    const reply = await call('GET', '/object/files/bare', { token });
    expect(reply.headers).toMatchObject({ 'content-type': 'application/octet-stream', 'cache-control': 'no-cache' });
    expect(reply.bytes).toEqual(Buffer.from([0, 255, 10]));
  });

  it('T2-22 replaces with x-upsert: id and creation stay, bytes, version and ETag change', async () => {
    const path = '/object/files/again.txt';
    const first = await call('POST', path, { token, body: 'one' });
    const before = await rowOf('files', 'again.txt');
    const second = await call('POST', path, { token, body: 'two!', headers: { 'x-upsert': 'true' } });
    expect(second.json).toEqual(first.json);
    const after = await rowOf('files', 'again.txt');
    expect(after).toMatchObject({ id: before?.id, created_at: before?.created_at });
    expect(after?.version).not.toBe(before?.version);
    const read = await call('GET', path, { token });
    expect([read.text, read.headers.etag]).toEqual(['two!', etagOf('two!')]);
  });

  it.each([
    ['a part of an object', 'content-range', 'bytes 0-3/10', 'a file is uploaded whole, without Content-Range'],
    ['a version that it names', 'if-match', '"x"', expect.stringContaining('If-None-Match: *')],
    ['another version than it names', 'if-none-match', '"x"', expect.stringContaining('If-None-Match: *')],
    ['an old version', 'if-unmodified-since', 'Sun, 06 Nov 1994 08:49:37 GMT', expect.any(String)],
  ])('refuses an upload that is to replace only %s, and keeps the object', async (_what, name, value, message) => {
    await call('PUT', '/object/files/guarded', { token, body: 'the whole' });
    const before = await tracesOf(gateway);
    const reply = await call('PUT', '/object/files/guarded', { token, body: 'part', headers: { [name]: value } });
    expect(reply.json).toMatchObject({ statusCode: '400', message });
    expect((await call('GET', '/object/files/guarded', { token })).text).toBe('the whole');
    expect(await tracesOf(gateway)).toEqual(before);
  });

  it('replaces nothing with If-None-Match: *, also between uploads at once', async () => {
    const headers = { 'if-none-match': '*', 'x-upsert': 'true' };
    const uploads = Array.from({ length: 4 }, (_, n) =>
      call(n % 2 === 0 ? 'PUT' : 'POST', '/object/files/only-new', { token, body: `by ${n}`, headers }),
    );
    const replies = await Promise.all(uploads);
    expect(replies.map(reply => reply.status).sort()).toEqual([200, 412, 412, 412]);
    const { text } = await call('GET', '/object/files/only-new', { token });
    expect(text).toBe(`by ${replies.findIndex(reply => reply.status === 200)}`);
  });

  it('T2-22 leaves no bytes of a replaced version behind', async () => {
    await call('POST', '/object/files/swapped.txt', { token, body: 'old' });
    const before = await tracesOf(gateway);
    for (const body of ['new', 'newer', 'newest']) await call('PUT', '/object/files/swapped.txt', { token, body });
    expect(await tracesOf(gateway)).toEqual(before);
  });

  it('T2-23 creates and replaces with PUT', async () => {
    const created = await call('PUT', '/object/files/put.txt', { token, body: 'a' });
    expect(created.json).toMatchObject({ Key: 'files/put.txt' });
    expect((await call('PUT', '/object/files/put.txt', { token, body: 'b' })).json).toEqual(created.json);
    expect((await call('GET', '/object/files/put.txt', { token })).text).toBe('b');
  });

  it('T2-26 stores an object of 0 bytes', async () => {
    const reply = await call('POST', '/object/files/empty', { token, headers: { 'content-type': 'text/plain' } });
    expect(reply.status).toBe(200);
    const read = await call('GET', '/object/files/empty', { token });
    expect(read.bytes).toHaveLength(0);
    expect(read.headers).toMatchObject({ 'content-length': '0', etag: etagOf(''), 'content-type': 'text/plain' });
  });

  it('takes an empty folder placeholder whatever types the bucket allows', async () => {
    const reply = await call('POST', '/object/images/folder/.emptyFolderPlaceholder', { token });
    expect(reply.json).toMatchObject({ Key: 'images/folder/.emptyFolderPlaceholder' });
  });

  it.each([
    ['text/plain;charset=UTF-8'],
    ['TEXT/Plain; charset=iso-8859-1'],
    ['image/png'],
    ['image/svg+xml; charset=utf-8'],
  ])('T2-07 compares types without parameters and case: %s fits image/* and text/plain (W-14)', async type => {
    const path = `/object/images/${encodeURIComponent(type)}`;
    const reply = await call('POST', path, { token, body: 'x', headers: { 'content-type': type } });
    expect(reply.status).toBe(200);
    expect((await call('GET', path, { token })).headers['content-type']).toBe(type);
  });

  it.each([
    ['a JSON object', Buffer.from('{"a":{"ü":1}}').toString('base64'), { a: { ü: 1 } }],
    ['no base64', '%%%', {}],
    ['base64 of no JSON', Buffer.from('hello').toString('base64'), {}],
    ['base64 of a JSON array', Buffer.from('[1]').toString('base64'), {}],
    ['text that Postgres cannot hold', Buffer.from('{"a":"\\u0000"}').toString('base64'), {}],
  ])('keeps x-metadata as user metadata, and ignores what is none: %s', async (what, header, kept) => {
    const path = `/object/files/metadata/${encodeURIComponent(what)}`;
    const reply = await call('POST', path, { token, body: 'x', headers: { 'x-metadata': header } });
    expect(reply.status).toBe(200);
    const info = await call('GET', path.replace('/object/', '/object/info/'), { token });
    expect(info.json).toMatchObject({ metadata: kept });
  });

  it('shows policies the user metadata, the type and the declared size before any byte moves', async () => {
    await addBucket(gateway, 'judged');
    await gateway.db.sql(`create policy judged on storage.objects for insert to authenticated with check (
      bucket_id = 'judged' and user_metadata ->> 'mood' = 'fine' and metadata ->> 'mimetype' = 'text/plain'
      and (metadata ->> 'size')::int <= 3)`);
    const upload = (body: string, mood: string, type = 'text/plain') =>
      call('POST', `/object/judged/${mood}-${body}`, {
        token: alice,
        body,
        headers: { 'x-metadata': Buffer.from(JSON.stringify({ mood })).toString('base64'), 'content-type': type },
      });
    expect((await upload('abc', 'fine')).status).toBe(200);
    for (const refused of [
      await upload('abcd', 'fine'),
      await upload('abc', 'bad'),
      await upload('ab', 'fine', 'a/b'),
    ]) {
      expect(refused.json).toMatchObject({ statusCode: '403' });
    }
  });

  it('sends the stored robots tag with downloads', async () => {
    const headers = { 'x-robots-tag': 'noindex, max-snippet: 5' };
    await call('POST', '/object/files/robots.txt', { token, body: 'x', headers });
    expect((await call('GET', '/object/files/robots.txt', { token })).headers['x-robots-tag']).toBe(
      'noindex, max-snippet: 5',
    );
  });

  it('keeps the content coding of encoded bytes and sends it with downloads (W-15)', async () => {
    const headers = { 'content-type': 'text/plain', 'content-encoding': 'gzip' };
    // Also where a bucket sends its readers to the store, which would not say how the bytes are encoded.
    await gateway.db.sql(`update storage.buckets set delivery = 'redirect' where id = 'files'`);
    await call('POST', '/object/files/page.txt.gz', { token, body: GZIPPED, headers });
    for (const method of ['GET', 'HEAD']) {
      const reply = await call(method, '/object/files/page.txt.gz', { token });
      expect(reply.headers).toMatchObject({ 'content-encoding': 'gzip', 'content-length': String(GZIPPED.length) });
    }
    expect(
      await (await fetch(`${gateway.url}/object/files/page.txt.gz`, { headers: { authorization: token } })).text(),
    ).toBe('hello');
  });
});

/** `hello`, compressed. */
const GZIPPED = Buffer.from('H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA==', 'base64');
