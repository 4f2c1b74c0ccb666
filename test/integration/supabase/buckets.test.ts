/** Buckets over the wire: create, read, change, empty, delete, and who may. Facts T2-01 to T2-12. */
import { addBucket } from '../../support/bucket-fixtures.ts';
import { type Call, makeCall } from '../../support/call.ts';
import { ANON_TOKEN, type Gateway, SERVICE_TOKEN, startGateway, tokenFor } from '../../support/gateway.ts';
import { ALICE, BOB } from '../../support/scopes.ts';

const alice = tokenFor('authenticated', ALICE);
const bob = tokenFor('authenticated', BOB);
const token = SERVICE_TOKEN;

describe('buckets', () => {
  let gateway: Gateway;
  let call: Call;

  beforeAll(async () => {
    gateway = await startGateway({ env: { MAX_UPLOAD_SIZE: '10MiB' } });
    call = makeCall(gateway.url);
  });
  afterAll(() => gateway.stop());

  const bucketNames = async () => {
    const rows = await gateway.db.sql<{ id: string }>('select id from storage.buckets order by id');
    return rows.map(row => row.id);
  };

  it.each([
    ['no name', {}, "body must have required property 'name'"],
    ['a name that is no text', { name: ['x'] }, 'body/name must be string'],
    [
      'a size limit that is no size',
      { name: 'b', file_size_limit: '2 parsecs' },
      expect.stringContaining('body/file_size_limit'),
    ],
    ['a negative size limit', { name: 'b', file_size_limit: -1 }, expect.stringContaining('body/file_size_limit')],
    ['a type that is not offered', { name: 'b', type: 'ANALYTICS' }, expect.stringContaining('body/type')],
  ])('T2-04 refuses a bucket with %s and makes none', async (_what, json, message) => {
    const before = await bucketNames();
    const reply = await call('POST', '/bucket/', { token, json });
    expect(reply.status).toBe(400);
    expect(reply.json).toEqual({ statusCode: '400', error: 'Error', message, code: 'InvalidRequest' });
    expect(await bucketNames()).toEqual(before);
  });

  it.each([
    ['with a slash', 'a/b'],
    ['with a leading blank', ' a'],
    ['with a trailing blank', 'a '],
    ['of 101 characters', 'x'.repeat(101)],
    ['that is empty', ''],
    ['outside the character set', 'säule'],
    ['with a line break', 'a\nb'],
    ['that is a path segment of this API', 'sign'],
    ['that is a path segment of this API', 'list-v2'],
  ])('T2-04 refuses a name %s', async (_what, name) => {
    const reply = await call('POST', '/bucket', { token, json: { name } });
    expect(reply.status).toBe(400);
    expect(reply.json).toEqual({
      statusCode: '400',
      error: 'Invalid Input',
      message: 'Bucket name invalid',
      code: 'InvalidBucketName',
    });
    expect((await call('POST', '/bucket', { token, json: { name: 'fine', id: name } })).status).toBe(400);
  });

  it('T2-04 accepts every character of the set, and 100 of them', async () => {
    for (const name of ["Az09_!-.*'() &$@=;:+,?", 'y'.repeat(100)]) {
      expect((await call('POST', '/bucket', { token, json: { name } })).json).toEqual({ name });
      const path = `/bucket/${encodeURIComponent(name)}`;
      expect((await call('GET', path, { token })).json).toMatchObject({ id: name });
      await call('DELETE', path, { token });
    }
  });

  it('T2-01 creates a private bucket without limits, named by its name', async () => {
    const created = await call('POST', '/bucket/', { token, json: { name: 'plain' } });
    expect([created.status, created.json]).toEqual([200, { name: 'plain' }]);
    expect((await call('GET', '/bucket/plain', { token })).json).toEqual({
      id: 'plain',
      name: 'plain',
      owner: '',
      public: false,
      file_size_limit: null,
      allowed_mime_types: null,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updated_at: expect.any(String),
    });
  });

  it.each([
    ['an unknown client', {}, 'STANDARD'],
    ['storage3 0.12.0', { 'user-agent': 'supabase-py/storage3 v0.12.0' }, undefined],
    ['storage3 0.12.1', { 'user-agent': 'supabase-py/storage3 v0.12.1' }, 'STANDARD'],
    ['storage3 1.0.0', { 'user-agent': 'storage3/1.0.0' }, 'STANDARD'],
    ['supabase-py 2.17.9', { 'x-client-info': 'supabase-py/2.17.9' }, undefined],
    ['supabase-py 2.18.0', { 'x-client-info': 'supabase-py/2.18.0' }, 'STANDARD'],
  ])('lists a bucket to %s with no property that it does not know', async (_client, headers, type) => {
    await call('POST', '/bucket', { token, json: { name: 'strictly' } });
    const list = (await call('GET', '/bucket?search=strictly', { token, headers })).json as [object];
    const known = [
      'id',
      'name',
      'owner',
      'public',
      'file_size_limit',
      'allowed_mime_types',
      'created_at',
      'updated_at',
    ];
    expect(Object.keys(list[0]).sort()).toEqual((type === undefined ? known : [...known, 'type']).sort());
    expect(list[0]).toMatchObject(type === undefined ? {} : { type });
  });

  it('shows how a bucket delivers where that is not by the gateway', async () => {
    await call('POST', '/bucket', { token, json: { name: 'straight', delivery: 'redirect' } });
    expect((await call('GET', '/bucket/straight', { token })).json).toMatchObject({ delivery: 'redirect' });
    await call('PUT', '/bucket/straight', { token, json: { delivery: 'proxy' } });
    expect((await call('GET', '/bucket/straight', { token })).json).not.toHaveProperty('delivery');
  });

  it('T2-02 finds a bucket by its id and not by its name', async () => {
    await call('POST', '/bucket', { token, json: { name: 'Display name', id: 'by-id' } });
    expect((await call('GET', '/bucket/by-id', { token })).json).toMatchObject({ id: 'by-id', name: 'Display name' });
    expect((await call('GET', '/bucket/Display%20name', { token })).json).toMatchObject({ statusCode: '404' });
  });

  it('T2-03 refuses a taken id and a taken name', async () => {
    await addBucket(gateway, 'taken');
    for (const json of [{ name: 'taken' }, { name: 'other', id: 'taken' }, { name: 'taken', id: 'other' }]) {
      const reply = await call('POST', '/bucket', { token, json });
      expect(reply.status).toBe(400);
      expect(reply.json).toEqual({
        statusCode: '409',
        error: 'Duplicate',
        message: 'The resource already exists',
        code: 'BucketAlreadyExists',
      });
    }
  });

  it('T2-05 refuses a bucket of a caller whom no policy lets insert one', async () => {
    for (const who of [alice, ANON_TOKEN]) {
      const reply = await call('POST', '/bucket', { token: who, json: { name: 'not-mine' } });
      expect(reply.status).toBe(400);
      expect(reply.json).toEqual({
        statusCode: '403',
        error: 'Unauthorized',
        message: expect.stringContaining('row-level security'),
        code: 'AccessDenied',
      });
    }
    expect(await bucketNames()).not.toContain('not-mine');
  });

  it.each([
    ['1kb', 1000],
    ['1.5 MB', 1_500_000],
    ['7B', 7],
    [2048, 2048],
    ['2048', 2048],
    [0, 0],
    [null, null],
  ])('T2-06 keeps a size limit of %p as %p bytes', async (limit, bytes) => {
    const changed = await call('PUT', '/bucket/plain', { token, json: { file_size_limit: limit } });
    expect(changed.status).toBe(200);
    expect((await call('GET', '/bucket/plain', { token })).json).toMatchObject({ file_size_limit: bytes });
  });

  it('T2-06 refuses a limit above the gateway’s own', async () => {
    const reply = await call('POST', '/bucket', { token, json: { name: 'huge', file_size_limit: '1GB' } });
    expect(reply.json).toEqual({
      statusCode: '413',
      error: 'Payload too large',
      message: 'The object exceeded the maximum allowed size',
      code: 'EntityTooLarge',
    });
  });

  it('T2-07 refuses an ill-formed type', async () => {
    for (const type of ['image', 'image/', '/png', 'a b/c', '']) {
      const reply = await call('POST', '/bucket', { token, json: { name: 'typed', allowed_mime_types: [type] } });
      expect(reply.json).toEqual({
        statusCode: '415',
        error: 'invalid_mime_type',
        message: `mime type ${type} is not supported`,
        code: 'InvalidMimeType',
      });
    }
  });

  it('T2-08 lists the buckets that policies show', async () => {
    expect((await call('GET', '/bucket/', { token: ANON_TOKEN })).json).toEqual([]);
    const all = (await call('GET', '/bucket', { token })).json as { id: string }[];
    expect(all.map(bucket => bucket.id).sort()).toEqual((await bucketNames()).sort());
  });

  it('T2-08 sorts, searches and pages the list', async () => {
    for (const id of ['page_1', 'page-2', 'PAGE_3']) await addBucket(gateway, id);
    const list = async (query: string) =>
      ((await call('GET', `/bucket?${query}`, { token })).json as { id: string }[]).map(bucket => bucket.id);
    expect((await list('search=page_')).sort()).toEqual(['PAGE_3', 'page_1']);
    expect(await list('search=PAGE&sortColumn=created_at&sortOrder=desc')).toEqual(['PAGE_3', 'page-2', 'page_1']);
    expect(await list('search=page&sortColumn=created_at&sortOrder=asc&limit=1&offset=1')).toEqual(['page-2']);
    expect(await list('search=%25')).toEqual([]);
    for (const query of ['limit=0', 'offset=-1', 'sortColumn=owner', 'sortOrder=up', 'limit=x']) {
      expect((await call('GET', `/bucket?${query}`, { token })).json).toMatchObject({
        statusCode: '400',
        error: 'Error',
      });
    }
  });

  it('T2-09 opens a bucket to everybody and closes it again', async () => {
    await addBucket(gateway, 'door');
    await call('POST', '/object/door/a.txt', { token, body: 'hello' });
    const read = () => call('GET', '/object/public/door/a.txt');
    expect((await read()).json).toMatchObject({ statusCode: '404', error: 'Bucket not found' });
    const opened = await call('PUT', '/bucket/door', { token, json: { public: true } });
    expect(opened.json).toEqual({ message: 'Successfully updated' });
    expect((await call('GET', '/bucket/door', { token })).json).toMatchObject({ public: true });
    expect((await read()).text).toBe('hello');
    await call('PUT', '/bucket/door', { token, json: { public: false } });
    expect((await read()).status).toBe(400);
  });

  it('T2-10 refuses a change of nothing, and of an unknown bucket', async () => {
    const empty = await call('PUT', '/bucket/plain', { token, json: {} });
    expect(empty.json).toMatchObject({ statusCode: '400', error: 'Error', code: 'InvalidRequest' });
    expect((await call('PUT', '/bucket/unknown', { token, json: { public: true } })).json).toEqual({
      statusCode: '404',
      error: 'Bucket not found',
      message: 'Bucket not found',
      code: 'NoSuchBucket',
    });
  });

  it('T2-10 changes only what is given', async () => {
    await addBucket(gateway, 'kept', { public: true, fileSizeLimit: 5, allowedMimeTypes: ['image/*'] });
    await call('PUT', '/bucket/kept', { token, json: { allowed_mime_types: null } });
    expect((await call('GET', '/bucket/kept', { token })).json).toMatchObject({
      public: true,
      file_size_limit: 5,
      allowed_mime_types: null,
    });
  });

  it('T2-11 deletes a bucket only once it is empty', async () => {
    await addBucket(gateway, 'full');
    await call('POST', '/object/full/deep/er/a.txt', { token, body: 'a' });
    const refused = await call('DELETE', '/bucket/full', { token, json: {} });
    expect(refused.status).toBe(400);
    expect(refused.json).toEqual({
      statusCode: '409',
      error: 'ResourceNotEmpty',
      message: 'The bucket you tried to delete is not empty',
      code: 'ResourceNotEmpty',
    });
    expect((await call('POST', '/bucket/full/empty', { token })).json).toEqual({ message: 'Successfully emptied' });
    expect((await call('POST', '/object/list/full', { token, json: { prefix: '' } })).json).toEqual([]);
    // A JSON content type over an empty body is what some clients send.
    const deleted = await call('DELETE', '/bucket/full', { token, headers: { 'content-type': 'application/json' } });
    expect(deleted.json).toEqual({ message: 'Successfully deleted' });
    for (const [method, path] of [
      ['GET', '/bucket/full'],
      ['DELETE', '/bucket/full'],
      ['POST', '/bucket/full/empty'],
    ] as const) {
      expect((await call(method, path, { token })).json).toMatchObject({ statusCode: '404', code: 'NoSuchBucket' });
    }
  });

  it('T2-12 empties an empty bucket', async () => {
    await addBucket(gateway, 'void');
    expect((await call('POST', '/bucket/void/empty', { token })).json).toEqual({ message: 'Successfully emptied' });
  });

  it('never says that a bucket is empty while objects that policies hide remain', async () => {
    await addBucket(gateway, 'mixed');
    await gateway.db.sql(
      `create policy mixed_bucket on storage.buckets for select to authenticated using (id = 'mixed')`,
    );
    await gateway.db.sql(`create policy mixed_own on storage.objects to authenticated
      using (bucket_id = 'mixed' and owner_id = auth.uid()::text) with check (bucket_id = 'mixed')`);
    await call('POST', '/object/mixed/alice.txt', { token: alice, body: 'a' });
    await call('POST', '/object/mixed/bob.txt', { token: bob, body: 'b' });
    expect((await call('POST', '/bucket/mixed/empty', { token: alice })).json).toMatchObject({ statusCode: '403' });
    const names = await gateway.db.sql(`select name from storage.objects where bucket_id = 'mixed' order by name`);
    expect(names).toEqual([{ name: 'alice.txt' }, { name: 'bob.txt' }]);
    expect((await call('DELETE', '/bucket/mixed', { token: alice })).json).toMatchObject({ statusCode: '403' });
    expect((await call('PUT', '/bucket/mixed', { token: alice, json: { public: true } })).json).toMatchObject({
      statusCode: '403',
    });
  });

  it('answers at /storage/v1 as at the root', async () => {
    const atRoot = await call('GET', '/bucket/plain', { token });
    expect((await call('GET', '/storage/v1/bucket/plain', { token })).json).toEqual(atRoot.json);
    expect((await call('GET', '/storage/v1/bucket/', { token })).status).toBe(200);
  });
});
