/** The storage tree, read by login: facts T0-01 to T0-07, T0-16, T0-26. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { etagOf } from '../../support/bucket-fixtures.ts';
import type { Call } from '../../support/call.ts';
import { type Gateway, PACKAGE_ROOT, SERVICE_TOKEN, STORES, tokenFor } from '../../support/gateway.ts';
import { ALICE_TOKEN, BOB_TOKEN, namesIn, putFiles, useTree } from '../../support/storage-tree.ts';

const PNG = Buffer.from('89504e470d0a1a0a', 'hex');

describe.each(STORES)('reading the tree, on the %s store,', store => {
  let gateway: Gateway;
  let call: Call;
  useTree(store, made => {
    ({ gateway, call } = made);
  });

  const as = (token: string) => ({ token });
  const ACTIONS = [
    ['GET', undefined],
    ['HEAD', undefined],
    ['POST', { action: 'MakePathToken' }],
    ['POST', { action: 'Move', new_path: '/alice/elsewhere' }],
    ['POST', { action: 'CreateFolder' }],
    ['PUT', undefined],
    ['DELETE', undefined],
  ] as const;

  it.each(ACTIONS)('T0-05 answers %s %j without a token with 401', async (method, json) => {
    await putFiles(call, 'alice/docs', [{ name: 'a.txt', value: 'a' }]);
    for (const path of ['alice/docs/a.txt', 'alice/docs', 'alice/', 'alice/nothing']) {
      const reply = await call(method, `/storage/${path}`, json === undefined ? {} : { json });
      expect([path, reply.status]).toEqual([path, 401]);
    }
    expect(await namesIn(call, 'alice/docs')).toEqual(['a.txt']);
  });

  it.each(ACTIONS)('T0-06 answers %s %j on another user’s tree with 401, whatever is there', async (method, json) => {
    await putFiles(call, 'alice/docs', [{ name: 'a.txt', value: 'a' }]);
    const form = method === 'PUT' ? { form: [{ name: 'f', value: 'x', type: 'text/plain' }] } : {};
    for (const path of [
      'alice/docs/a.txt',
      'alice/docs',
      'alice/',
      'alice/nothing',
      'nobody/a',
      'a%6Cice%2Fdocs/a.txt',
    ]) {
      const reply = await call(method, `/storage/${path}`, { token: BOB_TOKEN, ...form, ...(json && { json }) });
      expect([path, reply.status]).toEqual([path, 401]);
    }
    expect(await namesIn(call, 'alice/docs')).toEqual(['a.txt']);
  });

  it.each([
    ['POST', '', {}],
    ['POST', '', { body: '{"action":', headers: { 'content-type': 'application/json' } }],
    ['POST', '', { json: { action: 'Nope' } }],
    ['PUT', '', { json: {} }],
    ['GET', '?token=a&token=b', {}],
  ] as const)(
    'T0-05 T0-06 says 401 to strangers before it says what of %s %s is malformed',
    async (method, query, more) => {
      for (const token of [BOB_TOKEN, 'rubbish', undefined]) {
        const reply = await call(method, `/storage/alice/docs${query}`, { ...more, ...(token && { token }) });
        expect([token, reply.status]).toEqual([token, 401]);
      }
      expect((await call(method, `/storage/alice/docs${query}`, { ...more, token: ALICE_TOKEN })).status).toBe(400);
    },
  );

  it.each(['rubbish', 'aaaaaaaaaaaaaaaaaaaaa'])('answers the login %s with 401', async token => {
    expect((await call('GET', '/storage/alice/', as(token))).status).toBe(401);
  });

  it('T0-04 answers a missing file and a missing folder with 404, to HEAD without a body', async () => {
    for (const path of ['/storage/alice/no.txt', '/storage/alice/no/', '/storage/alice/no/nothing']) {
      expect((await call('GET', path, as(ALICE_TOKEN))).json).toBe('Not found');
      const head = await call('HEAD', path, as(ALICE_TOKEN));
      expect([head.status, head.bytes.length]).toEqual([404, 0]);
    }
  });

  it('answers a path or method that it does not have with 404, in its own form', async () => {
    expect((await call('PATCH', '/storage/alice/a', as(ALICE_TOKEN))).json).toBe('Not found');
    expect((await call('GET', '/storage/alice', as(ALICE_TOKEN))).status).toBe(404);
    for (const path of ['/auth/nothing', '/auth', '/auth/', '/storage', '/storage/']) {
      expect([path, (await call('GET', path, as(ALICE_TOKEN))).json]).toEqual([path, 'Not found']);
    }
    expect((await call('GET', '/storages', as(ALICE_TOKEN))).json).toMatchObject({ statusCode: '404' });
  });

  it('leaves the bucket API’s own prefix to the bucket API', async () => {
    const { status, json } = await call('GET', '/storage/v1/bucket/home', as(SERVICE_TOKEN));
    expect([status, json]).toMatchObject([200, { id: 'home' }]);
    expect((await call('GET', '/storage/v1/nothing')).json).toMatchObject({ statusCode: '404' });
  });

  it('says what to do next to whoever is not logged in, forgets the slash of a root, or the folder above', async () => {
    expect((await call('DELETE', '/storage/alice/a')).json).toMatch(/^Not authorized: .*POST \/auth\/login/);
    expect((await call('GET', '/storage/alice/', as('rubbish'))).json).toMatch(/^Not authorized: .*POST \/auth\/login/);
    expect((await call('GET', '/storage/alice', as(ALICE_TOKEN))).json).toMatch(/^Not found: .* slash at its end/);
    const folder = { token: ALICE_TOKEN, json: { action: 'CreateFolder' } };
    expect((await call('POST', '/storage/alice/a/b', folder)).json).toMatch(/^Not found: .*CreateFolder/);
    expect((await putFiles(call, 'alice/a/b', [{ name: 'c', value: '' }])).json).toMatch(/^Not found: .*CreateFolder/);
  });

  it('serves a login of another issuer, whose users have ids of any form', async () => {
    const foreign = (username: string) => as(tokenFor('authenticated', 'auth0|507f1f77', { username }));
    await putFiles(call, 'alice/docs', [{ name: 'a.txt', value: 'a' }]);
    await gateway.db.sql(readFileSync(join(PACKAGE_ROOT, 'policies', 'uploads.sql'), 'utf8'));
    expect((await call('GET', '/storage/alice/docs/a.txt', foreign('alice'))).text).toBe('a');
    expect((await call('GET', '/storage/alice/docs/a.txt', foreign('bob'))).status).toBe(401);
  });

  it('lists nothing that has no path here, whatever other doors have put there', async () => {
    for (const name of ['docs/%2e%2e/up.txt', 'docs/%2e/here.txt', 'docs/%2e%2e', 'docs//none.txt', 'docs/a.txt']) {
      const body = { token: ALICE_TOKEN, body: 'x', headers: { 'content-type': 'text/plain' } };
      expect((await call('POST', `/object/home/alice/${name}`, body)).status).toBe(200);
    }
    expect(await namesIn(call, 'alice/docs')).toEqual(['a.txt']);
  });

  it('T0-01 lists the root of a fresh user as an empty list of entries', async () => {
    const { status, headers, json } = await call('GET', '/storage/alice/', as(ALICE_TOKEN));
    expect([status, headers['content-type'], json]).toEqual([200, 'application/json; charset=utf-8', { entries: [] }]);
  });

  it('T0-02 lists what was put in, one level at a time', async () => {
    await putFiles(call, 'alice/docs', [
      { name: 'a.txt', value: 'four' },
      { name: 'b.bin', value: Buffer.alloc(7) },
    ]);
    const { json } = await call('GET', '/storage/alice/docs', as(ALICE_TOKEN));
    expect(json).toEqual({
      entries: [
        { is_file: true, name: 'a.txt', size: 4 },
        { is_file: true, name: 'b.bin', size: 7 },
      ],
    });
    const root = await call('GET', '/storage/alice/', as(ALICE_TOKEN));
    expect(root.json).toEqual({ entries: [{ is_file: false, name: 'docs', size: 0 }] });
  });

  it('lists a folder with and without its slash, and takes repeated slashes for one', async () => {
    await putFiles(call, 'alice/docs', [{ name: 'a.txt', value: 'a' }]);
    for (const path of ['alice/docs', 'alice/docs/', 'alice//docs//'])
      expect(await namesIn(call, path)).toEqual(['a.txt']);
    expect((await call('GET', '/storage/alice//docs///a.txt', as(ALICE_TOKEN))).text).toBe('a');
  });

  it.each([
    'alice/../bob/b.txt',
    'alice/./a.txt',
    'alice/%2e%2e/bob/b.txt',
    'alice/docs/.emptyFolderPlaceholder',
    'alice/a%00',
  ])('refuses the path %s', async path => {
    await putFiles(call, 'bob/', [{ name: 'b.txt', value: 'b' }], BOB_TOKEN);
    expect((await call('GET', `/storage/${path}`, as(ALICE_TOKEN))).status).toBe(400);
    for (const method of ['GET', 'POST', 'DELETE']) {
      expect((await call(method, `/storage/${path}`)).status).toBe(401);
      expect((await call(method, `/storage/${path}?token=rubbish`, as('rubbish'))).status).toBe(401);
    }
  });

  it('T0-03 answers with the bytes of a file, and the type that its name suggests', async () => {
    await putFiles(call, 'alice/', [{ name: 'cat.png', value: PNG }]);
    const { status, headers, bytes } = await call('GET', '/storage/alice/cat.png', as(ALICE_TOKEN));
    expect([status, bytes]).toEqual([200, PNG]);
    expect(headers).toMatchObject({
      'content-type': 'image/png',
      'content-length': '8',
      'accept-ranges': 'bytes',
      etag: etagOf(PNG),
      'content-disposition': 'inline; filename=cat.png',
    });
    expect(headers['last-modified']).toBeDefined();
  });

  it('keeps the type that the form gives where the name suggests none, as something to save', async () => {
    await putFiles(call, 'alice/', [{ name: 'data', value: 'x', type: 'application/x-own' }]);
    const { headers } = await call('GET', '/storage/alice/data', as(ALICE_TOKEN));
    expect(headers).toMatchObject({
      'content-type': 'application/x-own',
      'content-disposition': 'attachment; filename=data',
    });
  });

  it('opens a page in a sandbox', async () => {
    await putFiles(call, 'alice/', [{ name: 'page.html', value: '<script>1</script>' }]);
    const { headers } = await call('GET', '/storage/alice/page.html', as(ALICE_TOKEN));
    expect(headers['content-security-policy']).toContain('sandbox');
  });

  it('T0-07 answers HEAD of a file with the headers of GET and no body', async () => {
    await putFiles(call, 'alice/', [{ name: 'a.txt', value: 'the text' }]);
    const get = await call('GET', '/storage/alice/a.txt', as(ALICE_TOKEN));
    const head = await call('HEAD', '/storage/alice/a.txt', as(ALICE_TOKEN));
    expect([head.status, head.bytes.length]).toEqual([200, 0]);
    for (const name of ['content-length', 'content-type', 'etag', 'last-modified', 'content-disposition']) {
      expect([name, head.headers[name]]).toEqual([name, get.headers[name]]);
    }
  });

  it('T0-26 answers a range with 206, a current copy with 304, and what cannot be with 412 and 416', async () => {
    await putFiles(call, 'alice/', [{ name: 'a.txt', value: 'the text' }]);
    const ask = (headers: Record<string, string>) =>
      call('GET', '/storage/alice/a.txt', { token: ALICE_TOKEN, headers });
    const part = await ask({ range: 'bytes=0-3' });
    expect([part.status, part.text, part.headers['content-range']]).toEqual([206, 'the ', 'bytes 0-3/8']);
    expect((await ask({ 'if-none-match': etagOf('the text') })).status).toBe(304);
    expect((await ask({ 'if-match': '"other"' })).status).toBe(412);
    const beyond = await ask({ range: 'bytes=9-' });
    expect([beyond.status, beyond.headers['content-range']]).toEqual([416, 'bytes */8']);
  });

  it.each(['a b.txt', '100%.txt', 'no#1.txt', 'a+b.txt', 'Ünïcode 猫.txt', 'q?.txt', "it's (1).txt"])(
    'T0-16 keeps the name %s in every way',
    async name => {
      await putFiles(call, 'alice/', [{ name, value: name }]);
      expect(await namesIn(call, 'alice/')).toEqual([name]);
      const path = `/storage/alice/${encodeURIComponent(name)}`;
      expect((await call('GET', path, as(ALICE_TOKEN))).text).toBe(name);
      const made = await call('POST', path, { token: ALICE_TOKEN, json: { action: 'MakePathToken' } });
      const { token } = made.json as { token: string };
      expect((await call('GET', `${path}?token=${token}`)).text).toBe(name);
    },
  );

  it('lists a folder of several pages whole, in byte order', async () => {
    await gateway.db.sql(`insert into storage.objects (bucket_id, name, version, metadata)
      select 'home', 'alice/many/' || case when n % 7 = 0 then n || '/x' else n || '.txt' end, 'v' || n, '{"size": 3}'
      from generate_series(1, 2345) n`);
    const names = await namesIn(call, 'alice/many');
    const expected = Array.from({ length: 2345 }, (_, index) => index + 1).map(n =>
      n % 7 === 0 ? `${n}/` : `${n}.txt`,
    );
    expect(names).toEqual(expected.sort((a, b) => (a < b ? -1 : 1)));
  });

  it('shows what came in through the bucket API, and the other way round', async () => {
    await call('POST', '/object/home/alice/deep/er/x.txt', {
      token: ALICE_TOKEN,
      body: 'x',
      headers: { 'content-type': 'text/plain' },
    });
    expect(await namesIn(call, 'alice/deep')).toEqual(['er/']);
    expect((await call('GET', '/storage/alice/deep/er/x.txt', as(ALICE_TOKEN))).text).toBe('x');
    await putFiles(call, 'alice/deep', [{ name: 'y.txt', value: 'y' }]);
    expect((await call('GET', '/object/home/alice/deep/y.txt', as(ALICE_TOKEN))).text).toBe('y');
  });

  it('lets a policy open a tree to others', async () => {
    await putFiles(call, 'alice/', [{ name: 'a.txt', value: 'a' }]);
    await gateway.db.sql(
      `create policy shared_tree on storage.permits for select to anon using (storage.target() = 'alice')`,
    );
    await gateway.db.sql(
      `create policy shared_files on storage.objects for select to anon using (name like 'alice/%')`,
    );
    expect((await call('GET', '/storage/alice/a.txt')).text).toBe('a');
    expect((await call('DELETE', '/storage/alice/a.txt')).status).toBe(401);
    await gateway.db.sql('drop policy shared_tree on storage.permits');
    await gateway.db.sql('drop policy shared_files on storage.objects');
  });
});
