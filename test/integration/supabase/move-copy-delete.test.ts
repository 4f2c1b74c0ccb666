/** Move, copy and delete over the wire. Facts T2-34 to T2-36, T2-40, T2-41; behaviours W-5, W-6, W-8, W-9 of §7.2. */
import { addBucket, allowOwnFolders, tracesOf } from '../../support/bucket-fixtures.ts';
import { type Call, makeCall } from '../../support/call.ts';
import { type Gateway, SERVICE_TOKEN, startGateway, tokenFor } from '../../support/gateway.ts';
import { ALICE, BOB } from '../../support/scopes.ts';
import { type WatchedStore, watchStore } from '../../support/watched-store.ts';

const token = SERVICE_TOKEN;
const alice = tokenFor('authenticated', ALICE);
const bob = tokenFor('authenticated', BOB);
const NOT_FOUND = { statusCode: '404', error: 'not_found', message: 'Object not found', code: 'NoSuchKey' };
const NO_BUCKET = { statusCode: '404', error: 'Bucket not found', message: 'Bucket not found', code: 'NoSuchBucket' };

describe('move, copy and delete', () => {
  let gateway: Gateway;
  let call: Call;
  let watched: WatchedStore;

  beforeAll(async () => {
    gateway = await startGateway({
      wrapStore: inner => {
        watched = watchStore(inner);
        return watched.store;
      },
    });
    call = makeCall(gateway.url);
    await addBucket(gateway, 'files');
    await addBucket(gateway, 'archive');
    await addBucket(gateway, 'tiny', { fileSizeLimit: 3, allowedMimeTypes: ['text/plain'] });
    await allowOwnFolders(gateway, 'files', 'archive');
    await gateway.db.sql(`create policy readers on storage.objects for select to authenticated
      using (bucket_id = 'files' and name like 'shared/%')`);
  });
  afterAll(() => gateway.stop());

  const put = async (name: string, body: string, options: { bucket?: string; token?: string; type?: string } = {}) => {
    const { bucket = 'files', token: who = token, type = 'text/plain' } = options;
    const headers = { 'content-type': type, 'cache-control': 'max-age=7', 'x-robots-tag': 'noindex' };
    const reply = await call('PUT', `/object/${bucket}/${name}`, { token: who, body, headers });
    return (reply.json as { Id: string }).Id;
  };
  const read = async (name: string, bucket = 'files') =>
    (await call('GET', `/object/${bucket}/${name}`, { token })).text;
  const rowOf = async (bucket: string, name: string) => {
    const [row] = await gateway.db.sql<Record<string, unknown>>(
      'select * from storage.objects where bucket_id = $1 and name = $2',
      [bucket, name],
    );
    return row;
  };
  const move = (sourceKey: string, destinationKey: string, more: Record<string, unknown> = {}, who = token) =>
    call('POST', '/object/move', { token: who, json: { bucketId: 'files', sourceKey, destinationKey, ...more } });
  const copy = (
    sourceKey: string,
    destinationKey: string,
    more: Record<string, unknown> = {},
    headers = {},
    who = token,
  ) =>
    call('POST', '/object/copy', {
      token: who,
      headers,
      json: { bucketId: 'files', sourceKey, destinationKey, ...more },
    });

  it('replaces nothing by a copy with If-None-Match: *, whatever x-upsert says', async () => {
    await put('once/a', 'new');
    await put('once/b', 'kept');
    const headers = { 'x-upsert': 'true', 'if-none-match': '*' };
    const refused = await copy('once/a', 'once/b', {}, headers);
    expect([refused.status, refused.json]).toEqual([
      412,
      {
        statusCode: '412',
        error: 'Precondition Failed',
        message: 'The object exists already',
        code: 'PreconditionFailed',
      },
    ]);
    expect(await read('once/b')).toBe('kept');
    expect((await copy('once/a', 'once/c', {}, headers)).status).toBe(200);
  });

  it.each(['if-match', 'if-unmodified-since'])('refuses to copy or move under %s, which it cannot heed', async name => {
    await put('once/d', 'd');
    const headers = { [name]: name === 'if-match' ? '"x"' : 'Wed, 01 Jan 2020 00:00:00 GMT', 'x-upsert': 'true' };
    const json = { bucketId: 'files', sourceKey: 'once/d', destinationKey: 'once/e' };
    for (const verb of ['copy', 'move']) {
      const { status, json: body } = await call('POST', `/object/${verb}`, { token, headers, json });
      expect([status, body]).toEqual([400, expect.objectContaining({ statusCode: '400', code: 'InvalidParameter' })]);
    }
    expect(await rowOf('files', 'once/e')).toBeUndefined();
  });

  it.each([
    ['null', null],
    ['empty', ''],
  ])('takes a target bucket that is %s for none, as clients send it', async (what, destinationBucket) => {
    await put(`bare/${what}`, 'bytes');
    expect((await copy(`bare/${what}`, `bare/${what}-2`, { destinationBucket })).status).toBe(200);
    expect((await move(`bare/${what}-2`, `bare/${what}-3`, { destinationBucket })).status).toBe(200);
    expect(await read(`bare/${what}-3`)).toBe('bytes');
  });

  describe.each([
    ['move', move],
    ['copy', (from: string, to: string, more = {}, who = token) => copy(from, to, more, {}, who)],
  ] as const)('refuses to %s', (verb, run) => {
    it.each([
      ['a missing object', 'absent', 'x', {}, NOT_FOUND],
      ['out of a missing bucket', 'absent', 'x', { bucketId: 'nowhere' }, NO_BUCKET],
      ['into a missing bucket', 'shared/a', 'x', { destinationBucket: 'nowhere' }, NO_BUCKET],
      [
        'what is too large for the target',
        'shared/a',
        'x',
        { destinationBucket: 'tiny' },
        { statusCode: '413', code: 'EntityTooLarge' },
      ],
      [
        'a type that the target does not take',
        'shared/b',
        'x',
        { destinationBucket: 'tiny' },
        { statusCode: '415', code: 'InvalidMimeType' },
      ],
      ['to an empty name', 'shared/a', '', {}, { statusCode: '400', error: 'InvalidKey', message: 'Invalid key: ' }],
      ['from a name that cannot be', 'a\u0000', 'x', {}, { statusCode: '400', error: 'InvalidKey' }],
      ['without a target', 'shared/a', undefined, {}, { statusCode: '400', error: 'Error', code: 'InvalidRequest' }],
    ])('T2-40 T2-41 %s', async (_what, from, to, more, expected) => {
      await put('shared/a', 'four');
      await put('shared/b', 'b', { type: 'image/png' });
      const before = await tracesOf(gateway);
      const reply = await run(from, to as string, more);
      expect(reply.status).toBe(400);
      expect(reply.json).toMatchObject(expected);
      expect(await tracesOf(gateway)).toEqual(before);
    });

    it('T2-40 T2-41 onto an existing object, and both stay', async () => {
      await put(`from-${verb}`, 'from');
      await put(`onto-${verb}`, 'onto');
      const before = await tracesOf(gateway);
      const reply = await run(`from-${verb}`, `onto-${verb}`);
      expect(reply.json).toEqual({
        statusCode: '409',
        error: 'Duplicate',
        message: 'The resource already exists',
        code: verb === 'move' ? 'ResourceAlreadyExists' : 'KeyAlreadyExists',
      });
      expect([await read(`from-${verb}`), await read(`onto-${verb}`)]).toEqual(['from', 'onto']);
      expect(await tracesOf(gateway)).toEqual(before);
    });

    it('T2-40 T2-41 into somebody else’s folder, and nothing changes', async () => {
      await put(`${ALICE}/${verb}`, 'hers', { token: alice });
      const before = await rowOf('files', `${ALICE}/${verb}`);
      const reply = await run(`${ALICE}/${verb}`, `${BOB}/gift`, {}, alice);
      expect(reply.json).toMatchObject({ statusCode: '403', code: 'AccessDenied' });
      expect(await rowOf('files', `${ALICE}/${verb}`)).toEqual(before);
      expect(await rowOf('files', `${BOB}/gift`)).toBeUndefined();
    });
  });

  it('T2-40 refuses to move what the caller sees but may not change', async () => {
    await put('shared/fixed', 'fixed');
    const reply = await move('shared/fixed', `${ALICE}/fixed`, {}, alice);
    expect(reply.json).toMatchObject({ statusCode: '403', code: 'AccessDenied' });
    expect(await read('shared/fixed')).toBe('fixed');
  });

  it('T2-40 moves within and across buckets: same bytes, id, owner and facts; no byte moves (W-6)', async () => {
    const id = await put(`${ALICE}/m`, 'moved', { token: alice });
    const before = await rowOf('files', `${ALICE}/m`);
    const puts = watched.puts;
    const opened = watched.opened.length;
    expect((await move(`${ALICE}/m`, `${ALICE}/n`, {}, alice)).json).toEqual({ message: 'Successfully moved' });
    await move(`${ALICE}/n`, `${ALICE}/o`, { destinationBucket: 'archive' }, token);
    expect([watched.puts, watched.opened.length]).toEqual([puts, opened]);
    const { updated_at: _then, bucket_id: _bucket, name: _name, path_tokens: _path, ...same } = before ?? {};
    expect(await rowOf('archive', `${ALICE}/o`)).toMatchObject({ ...same, id });
    for (const name of ['m', 'n']) {
      expect((await call('GET', `/object/files/${ALICE}/${name}`, { token: alice })).json).toEqual(NOT_FOUND);
    }
    const moved = await call('GET', `/object/archive/${ALICE}/o`, { token: alice });
    expect(moved.text).toBe('moved');
    expect(moved.headers).toMatchObject({ 'x-robots-tag': 'noindex', 'cache-control': 'max-age=7' });
  });

  it('T2-40 moves an object onto itself without changing anything', async () => {
    await put('self', 'self');
    const before = await rowOf('files', 'self');
    expect((await move('self', 'self')).json).toEqual({ message: 'Successfully moved' });
    expect(await rowOf('files', 'self')).toEqual(before);
  });

  it('loses no overwrite that races with a move (W-6)', async () => {
    for (const round of [1, 2, 3, 4, 5]) {
      await put(`race-${round}`, 'old');
      const [moved, written] = await Promise.all([
        move(`race-${round}`, `raced-${round}`),
        call('PUT', `/object/files/race-${round}`, { token, body: 'new' }),
      ]);
      expect([moved.status, written.status]).toEqual([200, 200]);
      const target = await read(`raced-${round}`);
      const source = await call('GET', `/object/files/race-${round}`, { token });
      // The write came either before the move, and moved with it, or after, and made a new object.
      expect(source.status === 200 ? [target, source.text] : [target]).toEqual(
        source.status === 200 ? ['old', 'new'] : ['new'],
      );
    }
    expect(await tracesOf(gateway)).toMatchObject({ unfinished: 0 });
  });

  it('T2-41 copies: both exist, the copy has an id and an owner of its own, no byte moves', async () => {
    await put('shared/original', 'twice');
    const puts = watched.puts;
    const reply = await copy('shared/original', `${ALICE}/duplicate`, {}, {}, alice);
    expect(reply.status).toBe(200);
    const source = await rowOf('files', 'shared/original');
    expect(reply.json).toEqual({
      Id: expect.any(String),
      Key: `files/${ALICE}/duplicate`,
      id: (reply.json as { Id: string }).Id,
      name: `${ALICE}/duplicate`,
      bucket_id: 'files',
      owner: ALICE,
      owner_id: ALICE,
      version: source?.version,
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
      last_accessed_at: expect.stringMatching(/Z$/),
      metadata: expect.objectContaining({ mimetype: 'text/plain', cacheControl: 'max-age=7', size: 5 }),
      user_metadata: {},
    });
    expect((reply.json as { Id: string }).Id).not.toBe(source?.id);
    expect([await read('shared/original'), await read(`${ALICE}/duplicate`)]).toEqual(['twice', 'twice']);
    expect(watched.puts).toBe(puts);
  });

  it('T2-41 says the owner of a caller whose id is no UUID only where text is kept', async () => {
    await put('shared/by-name', 'x');
    const who = tokenFor('service_role', 'user-17');
    const reply = await copy('shared/by-name', 'by-name', {}, {}, who);
    expect(reply.json).toMatchObject({ owner: '', owner_id: 'user-17' });
    expect(await rowOf('files', 'by-name')).toMatchObject({ owner: null, owner_id: 'user-17' });
  });

  it('T2-41 keeps the copy when the original goes, and the bytes until the last of them goes', async () => {
    const before = await tracesOf(gateway);
    await put('first', 'shared bytes');
    await copy('first', 'second', { destinationBucket: 'archive' });
    await call('DELETE', '/object/files/first', { token });
    await tracesOf(gateway);
    expect(await read('second', 'archive')).toBe('shared bytes');
    await call('DELETE', '/object/archive/second', { token });
    expect(await tracesOf(gateway)).toEqual(before);
  });

  it('T2-41 takes new facts with copyMetadata false, and keeps what is not given', async () => {
    await put('typed', 'typed');
    const metadata = Buffer.from('{"a":1}').toString('base64');
    const more = { copyMetadata: false, metadata: { mimetype: 'text/csv', cacheControl: '' } };
    await copy('typed', 'retyped', more, { 'x-metadata': metadata });
    const reply = await call('GET', '/object/files/retyped', { token });
    expect(reply.headers).toMatchObject({ 'content-type': 'text/csv', 'cache-control': 'max-age=7' });
    const info = await call('GET', '/object/info/files/retyped', { token });
    expect(info.json).toMatchObject({ metadata: { a: 1 } });
    await copy('retyped', 'same', { metadata: { mimetype: 'image/png' } }, { 'x-metadata': 'e30=' });
    expect((await call('GET', '/object/info/files/same', { token })).json).toMatchObject({
      content_type: 'text/csv',
      metadata: { a: 1 },
    });
  });

  it.each([{ mimetype: 'text/plain\r\nx: y' }, { cacheControl: 'max-age=1\u0000' }, { mimetype: 'ü' }])(
    'T2-41 refuses facts that no header may carry: %j',
    async metadata => {
      await put('headed', 'headed');
      const reply = await copy('headed', 'unheaded', { copyMetadata: false, metadata });
      expect(reply.json).toMatchObject({ statusCode: '400' });
      expect(await rowOf('files', 'unheaded')).toBeUndefined();
    },
  );

  it('T2-41 replaces the target with x-upsert, and changes facts of an object copied onto itself', async () => {
    await put('new', 'new');
    const id = await put('target', 'old');
    const upsert = { 'x-upsert': 'true' };
    expect((await copy('new', 'target', {}, upsert)).json).toMatchObject({ Id: id });
    expect(await read('target')).toBe('new');
    const more = { copyMetadata: false, metadata: { cacheControl: 'no-store' } };
    expect((await copy('target', 'target', more, upsert)).status).toBe(200);
    expect((await call('GET', '/object/files/target', { token })).headers['cache-control']).toBe('no-store');
    expect(await read('target')).toBe('new');
    expect((await tracesOf(gateway)).unfinished).toBe(0);
  });

  it('T2-34 deletes one, once, and its bytes', async () => {
    const before = await tracesOf(gateway);
    await put('once', 'once');
    expect((await call('DELETE', '/object/files/once', { token })).json).toEqual({ message: 'Successfully deleted' });
    for (const method of ['DELETE', 'GET']) {
      expect((await call(method, '/object/files/once', { token })).json).toEqual(NOT_FOUND);
    }
    expect((await call('DELETE', '/object/nowhere/once', { token })).json).toEqual(NO_BUCKET);
    expect(await tracesOf(gateway)).toEqual(before);
  });

  it.each(['if-match', 'if-unmodified-since'])(
    'deletes nothing on a condition that it does not judge: %s',
    async name => {
      await put('conditioned', 'kept');
      const reply = await call('DELETE', '/object/files/conditioned', { token, headers: { [name]: '"x"' } });
      expect(reply.json).toMatchObject({ statusCode: '400', message: expect.stringMatching(/as it is, without If-/) });
      expect(await read('conditioned')).toBe('kept');
      await call('DELETE', '/object/files/conditioned', { token });
    },
  );

  it('T2-34 tells what is seen but may not be deleted apart from what is not there', async () => {
    await put('shared/kept', 'kept');
    const reply = await call('DELETE', '/object/files/shared/kept', { token: alice });
    expect([reply.status, reply.json]).toEqual([
      400,
      { statusCode: '403', error: 'Unauthorized', message: 'Access denied', code: 'AccessDenied' },
    ]);
    expect(await read('shared/kept')).toBe('kept');
  });

  it('asks nothing of the store while it deletes (W-5, W-8, W-9)', async () => {
    await put('quiet', 'quiet');
    const [row] = await gateway.db.sql<{ version: string }>(`select version from storage.objects where name = 'quiet'`);
    await call('DELETE', '/object/files/quiet', { token });
    const key = `${row?.version.slice(0, 2)}/${row?.version}`;
    await expect(gateway.app.core.blobs.stat(key)).resolves.toMatchObject({ sizeBytes: 5 });
    await gateway.app.sweeper.run();
    await expect(gateway.app.core.blobs.stat(key)).rejects.toMatchObject({ failure: 'absent' });
  });

  it('T2-35 deletes many: the existing, not the missing, the forbidden, the impossible or the repeated', async () => {
    await put(`${ALICE}/bulk`, 'hers', { token: alice });
    await put(`${BOB}/bulk`, 'his', { token: bob });
    await put('shared/bulk', 'shared');
    const prefixes = [`${ALICE}/bulk`, `${ALICE}/bulk`, 'absent', `${BOB}/bulk`, 'shared/bulk', '', 'a\u0000', ALICE];
    const reply = await call('DELETE', '/object/files', { token: alice, json: { prefixes } });
    expect(reply.json).toEqual([
      {
        name: `${ALICE}/bulk`,
        bucket_id: 'files',
        owner: ALICE,
        owner_id: ALICE,
        version: expect.any(String),
        id: expect.any(String),
        updated_at: expect.stringMatching(/Z$/),
        created_at: expect.stringMatching(/Z$/),
        last_accessed_at: expect.stringMatching(/Z$/),
        metadata: expect.objectContaining({ size: 4 }),
        user_metadata: {},
      },
    ]);
    expect([await read(`${BOB}/bulk`), await read('shared/bulk')]).toEqual(['his', 'shared']);
    expect((await call('DELETE', '/object/nowhere', { token, json: { prefixes: ['a'] } })).json).toEqual([]);
  });

  it('T2-36 refuses to delete none, more than 1000, and what is no list', async () => {
    for (const json of [{ prefixes: [] }, {}, { prefixes: Array.from({ length: 1001 }, (_, n) => `n${n}`) }]) {
      const reply = await call('DELETE', '/object/files', { token, json });
      expect(reply.json).toMatchObject({ statusCode: '400', error: 'Error', code: 'InvalidRequest' });
    }
  });
});
