/** The storage tree, changed by login: facts T0-17 to T0-25, T0-27, T0-29, and logging in. */
import { connect } from 'node:net';
import { addPeople, PASSWORD } from '../../support/accounts.ts';
import { md5, tracesOf } from '../../support/bucket-fixtures.ts';
import { BOUNDARY, type Call, makeCall } from '../../support/call.ts';
import { type Gateway, STORES, startGateway } from '../../support/gateway.ts';
import { ALICE_TOKEN, BOB_TOKEN, namesIn, putFiles, useTree } from '../../support/storage-tree.ts';
import { until } from '../../support/until.ts';

describe.each(STORES)('changing the tree, on the %s store,', store => {
  let gateway: Gateway;
  let call: Call;
  useTree(store, made => {
    ({ gateway, call } = made);
  });

  const act = (path: string, json: object, token = ALICE_TOKEN) => call('POST', `/storage/${path}`, { token, json });
  const move = (path: string, target: string) => act(path, { action: 'Move', new_path: target });
  const makeFolder = (path: string) => act(path, { action: 'CreateFolder' });
  const read = async (path: string) => {
    const { status, text } = await call('GET', `/storage/${path}`, { token: ALICE_TOKEN });
    return status === 200 ? text : status;
  };
  const put = (folder: string, ...names: string[]) =>
    putFiles(
      call,
      folder,
      names.map(name => ({ name, value: `the bytes of ${name}` })),
    );

  it.each([
    ['{"action":"Nope"}', 'application/json'],
    ['{"action":', 'application/json'],
    ['[]', 'application/json'],
    ['{"action":"Move"}', 'application/json'],
    ['{"action":"Move","new_path":""}', 'application/json'],
    ['{"action":"Move","new_path":"/alice/"}', 'application/json'],
    ['{"action":"Move","new_path":"/alice/../bob/x"}', 'application/json'],
  ])('T0-19 T0-27 refuses the body %s with 400', async (body, type) => {
    await put('alice/', 'a.txt');
    const headers = { 'content-type': type };
    expect((await call('POST', '/storage/alice/a.txt', { token: ALICE_TOKEN, body, headers })).status).toBe(400);
    expect(await namesIn(call, 'alice/')).toEqual(['a.txt']);
  });

  it('T0-17 moves a file within the tree', async () => {
    await put('alice/', 'a.txt');
    expect((await move('alice/a.txt', '/alice/docs/b.txt')).status).toBe(200);
    expect([await read('alice/a.txt'), await read('alice/docs/b.txt')]).toEqual([404, 'the bytes of a.txt']);
    expect([await namesIn(call, 'alice/'), await namesIn(call, 'alice/docs')]).toEqual([['docs/'], ['b.txt']]);
  });

  it('T0-18 moves a folder with everything in it, and nothing beside it', async () => {
    await put('alice/docs', 'a.txt');
    await put('alice/docs/deep', 'b.txt');
    await put('alice/docs2', 'c.txt');
    expect((await move('alice/docs', 'alice/moved')).status).toBe(200);
    expect(await read('alice/moved/deep/b.txt')).toBe('the bytes of b.txt');
    expect([await read('alice/docs'), await read('alice/docs/a.txt')]).toEqual([404, 404]);
    expect(await namesIn(call, 'alice/')).toEqual(['docs2/', 'moved/']);
  });

  it('T0-19 moves nothing into another user’s tree, and nothing that is missing', async () => {
    await put('alice/docs', 'a.txt');
    expect((await move('alice/docs/a.txt', '/bob/x')).status).toBe(401);
    expect((await move('alice/docs', '/bob/x')).status).toBe(401);
    expect((await move('alice/docs', '/bob')).status).toBe(401);
    expect((await move('alice/nothing', '/alice/x')).status).toBe(404);
    expect((await move('alice/docs/a.txt', '/alice/no/such/a.txt')).status).toBe(404);
    expect(await read('alice/docs/a.txt')).toBe('the bytes of a.txt');
  });

  it('replaces a file by a file, and nothing by or with a folder', async () => {
    await put('alice/', 'a.txt', 'b.txt');
    await put('alice/docs', 'c.txt');
    expect((await move('alice/a.txt', '/alice/docs')).status).toBe(400);
    expect((await move('alice/docs', '/alice/a.txt')).status).toBe(400);
    expect((await move('alice/b.txt', '/alice/a.txt/b.txt')).status).toBe(400);
    expect((await move('alice/docs', '/alice/docs/deep')).status).toBe(400);
    expect((await move('alice/', '/alice/x')).status).toBe(400);
    expect((await move('alice/a.txt', '/alice/a.txt')).status).toBe(200);
    expect((await move('alice/a.txt', '/alice/b.txt')).status).toBe(200);
    expect([await read('alice/b.txt'), await namesIn(call, 'alice/')]).toEqual([
      'the bytes of a.txt',
      ['b.txt', 'docs/'],
    ]);
    expect(await tracesOf(gateway)).toMatchObject({ rows: 3, unfinished: 0, blobs: 3 });
  });

  it('replaces also a file that has come in the same moment', async () => {
    const names = Array.from({ length: 10 }, (_, index) => `${index}.txt`);
    await put('alice/docs', ...names);
    const replies = await Promise.all(names.map(name => move(`alice/docs/${name}`, '/alice/docs/one.txt')));
    expect(replies.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(await namesIn(call, 'alice/docs')).toEqual(['one.txt']);
  });

  it('tells whoever makes a folder that somebody has just made that it is there', async () => {
    const replies = await Promise.all(Array.from({ length: 10 }, () => makeFolder('alice/docs')));
    const told = replies.map(({ json }) => json);
    expect(told).toEqual(expect.arrayContaining([{ status: 'ok' }, 'The folder exists already']));
    expect(told.filter(json => json !== 'The folder exists already')).toHaveLength(1);
  });

  it('moves all of a folder or nothing, where a policy forbids some of it', async () => {
    await put('alice/docs', 'a.txt', 'b.txt');
    await gateway.db.sql(`create policy "b stays" on storage.objects as restrictive for update to authenticated
      using (name not like '%b.txt')`);
    await gateway.db.sql(`create policy "b is kept" on storage.objects as restrictive for delete to authenticated
      using (name not like '%b.txt')`);
    expect((await move('alice/docs', '/alice/moved')).status).toBe(401);
    expect((await call('DELETE', '/storage/alice/docs', { token: ALICE_TOKEN })).status).toBe(401);
    await gateway.db.sql('drop policy "b stays" on storage.objects');
    await gateway.db.sql('drop policy "b is kept" on storage.objects');
    expect(await namesIn(call, 'alice/docs')).toEqual(['a.txt', 'b.txt']);
  });

  it('makes a folder that stays when it is empty, once, and only in a folder', async () => {
    await put('alice/', 'a.txt');
    expect((await makeFolder('alice/docs')).status).toBe(200);
    expect([await namesIn(call, 'alice/'), await namesIn(call, 'alice/docs')]).toEqual([['a.txt', 'docs/'], []]);
    for (const path of ['alice/docs', 'alice/', 'alice/a.txt', 'alice/a.txt/x']) {
      expect([path, (await makeFolder(path)).status]).toEqual([path, 400]);
    }
    expect((await makeFolder('alice/no/such')).status).toBe(404);
    expect((await makeFolder('bob/docs')).status).toBe(401);
  });

  it('keeps a folder that an upload or a move has made when its last file goes', async () => {
    await put('alice/docs', 'a.txt');
    await move('alice/docs/a.txt', '/alice/more/a.txt');
    await call('DELETE', '/storage/alice/more/a.txt', { token: ALICE_TOKEN });
    expect([await namesIn(call, 'alice/docs'), await namesIn(call, 'alice/more')]).toEqual([[], []]);
  });

  it('T0-22 refuses an upload that is no form, a form without a file, and a folder that cannot be', async () => {
    await put('alice/', 'a.txt');
    expect((await call('PUT', '/storage/alice/new', { token: ALICE_TOKEN, json: { a: 1 } })).status).toBe(400);
    expect((await call('PUT', '/storage/alice/new', { token: ALICE_TOKEN, form: [] })).status).toBe(400);
    expect((await put('alice/a.txt', 'b.txt')).status).toBe(400);
    expect((await put('alice/no/such', 'b.txt')).status).toBe(404);
    expect(await namesIn(call, 'alice/')).toEqual(['a.txt']);
  });

  it('T0-20 never overwrites', async () => {
    const written = [];
    for (const value of ['1', '2', '3']) {
      written.push((await putFiles(call, 'alice/', [{ name: 'a.tar.gz', value }])).json);
    }
    expect(written.map(json => (json as { files_written: string[] }).files_written)).toEqual([
      ['/alice/a.tar.gz'],
      ['/alice/a.tar (1).gz'],
      ['/alice/a.tar (2).gz'],
    ]);
    expect([await read('alice/a.tar.gz'), await read('alice/a.tar%20(2).gz')]).toEqual(['1', '3']);
    await put('alice/docs', 'b.txt');
    await put('alice/', 'docs');
    expect(await namesIn(call, 'alice/')).toContain('docs (1)');
  });

  it('gives each of many simultaneous uploads of one name a file of its own', async () => {
    const values = Array.from({ length: 8 }, (_, index) => `upload ${index}`);
    const replies = await Promise.all(values.map(value => putFiles(call, 'alice/new', [{ name: 'a.txt', value }])));
    expect(replies.map(({ status }) => status)).toEqual(values.map(() => 200));
    const names = (await namesIn(call, 'alice/new')) ?? [];
    const texts = await Promise.all(names.map(name => read(`alice/new/${encodeURIComponent(name)}`)));
    expect(texts.sort()).toEqual(values);
  });

  it('T0-20 shortens a name that is as long as one may be, to set it beside another', async () => {
    const longest = `${'ü'.repeat(506)}.txt`; // and `alice/` in front is 1022 bytes
    await put('alice/', longest, longest);
    expect(await namesIn(call, 'alice/')).toEqual([`${'ü'.repeat(505)} (1).txt`, longest]);
  });

  it('T0-21 keeps a file where it was put, whatever it is called', async () => {
    const names = ['../../etc/x', 'C:\\\\up\\\\y', '..', '/', '.emptyFolderPlaceholder'];
    expect((await put('alice/docs', ...names)).status).toBe(200);
    const found = (await namesIn(call, 'alice/docs')) ?? [];
    expect(found).toHaveLength(5);
    expect(found).toEqual(expect.arrayContaining(['x', 'y']));
    expect(found.filter(name => /^[\w-]{21}$/.test(name))).toHaveLength(3);
    expect(await namesIn(call, 'alice/')).toEqual(['docs/']);
  });

  it('gives a part without a file name a random one, and refuses what it could not keep as it came', async () => {
    const part = (bytes: Buffer) =>
      call('PUT', '/storage/alice/', {
        token: ALICE_TOKEN,
        headers: { 'content-type': 'multipart/form-data; boundary=x' },
        body: Buffer.concat([
          Buffer.from('--x\r\nContent-Disposition: form-data; name="note"\r\n\r\n'),
          bytes,
          Buffer.from('\r\n--x--\r\n'),
        ]),
      });
    expect((await part(Buffer.from([0x89, 0x50]))).json).toMatch(/"note" is no text, and needs a file name/);
    expect(await namesIn(call, 'alice/')).toEqual([]);
    expect((await part(Buffer.from('dünn'))).status).toBe(200);
    const [name = ''] = (await namesIn(call, 'alice/')) ?? [];
    expect([name, await read(`alice/${name}`)]).toEqual([expect.stringMatching(/^[\w-]{21}$/), 'dünn']);
  });

  it('takes many files of one form, the large among the small', async () => {
    const large = Buffer.alloc(3 * 1024 * 1024, 'large ');
    const { json } = await putFiles(call, 'alice/', [
      { name: 'a', value: 'a' },
      { name: 'b', value: large },
      { name: 'c', value: '' },
    ]);
    expect(json).toEqual({ files_written: ['/alice/a', '/alice/b', '/alice/c'] });
    const { bytes } = await call('GET', '/storage/alice/b', { token: ALICE_TOKEN });
    expect(md5(bytes)).toBe(md5(large));
  });

  it('T0-29 shows nothing of a file whose upload was cut, and keeps the files before it', async () => {
    const part = (name: string) =>
      `--${BOUNDARY}\r\ncontent-disposition: form-data; name="f"; filename="${name}"\r\n\r\n`;
    const body = `${part('whole.txt')}whole\r\n${part('cut.txt')}${'x'.repeat(100_000)}`;
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    socket.write(
      `PUT /storage/alice/docs HTTP/1.1\r\nhost: x\r\nauthorization: ${ALICE_TOKEN}\r\ncontent-length: 900000\r\n` +
        `content-type: multipart/form-data; boundary=${BOUNDARY}\r\n\r\n${body}`,
    );
    await until(
      'the first file is there',
      async () => (await namesIn(call, 'alice/docs'))?.includes('whole.txt') ?? false,
    );
    socket.destroy();
    expect(await namesIn(call, 'alice/docs')).toEqual(['whole.txt']);
    // A store that was cut off in the middle may still finish what it was sent, so its entry waits for its lease.
    await until('the lease of the cut file has run out, once there is one', async () => {
      await gateway.db.sql(`update sluice.blobs set lease_until = now() - interval '1 s' where state = 'pending'`);
      return (await tracesOf(gateway)).unfinished === 0;
    });
  });

  it.each([
    ['DELETE', 'a.txt', undefined, 'if-match'],
    ['DELETE', 'a.txt', undefined, 'if-unmodified-since'],
    ['POST', 'a.txt', { action: 'Move', new_path: '/alice/b.txt' }, 'if-match'],
    ['PUT', '', undefined, 'if-match'],
    ['PUT', '', undefined, 'content-range'],
  ])(
    'refuses what %s /storage/alice/%s %j cannot heed: %s, and changes nothing',
    async (method, path, json, header) => {
      await put('alice/', 'a.txt');
      const form = [{ name: 'f', value: 'x', type: 'text/plain', fileName: 'c.txt' }];
      const options = { ...(json && { json }), ...(method === 'PUT' && { form }) };
      const ask = (token: string) =>
        call(method, `/storage/alice/${path}`, { ...options, token, headers: { [header]: '"x"' } });
      expect((await ask(BOB_TOKEN)).status).toBe(401);
      const { status, json: said } = await ask(ALICE_TOKEN);
      expect([status, String(said).toLowerCase()]).toEqual([400, expect.stringContaining(header)]);
      expect(await namesIn(call, 'alice/')).toEqual(['a.txt']);
    },
  );

  it('T0-23 removes a file once', async () => {
    await put('alice/', 'a.txt');
    expect((await call('DELETE', '/storage/alice/a.txt', { token: ALICE_TOKEN })).json).toEqual({ status: 'ok' });
    expect(await read('alice/a.txt')).toBe(404);
    expect((await call('DELETE', '/storage/alice/a.txt', { token: ALICE_TOKEN })).status).toBe(404);
  });

  it('T0-24 removes a folder with everything in it, and nothing beside it', async () => {
    await put('alice/docs', 'a.txt');
    await put('alice/docs/deep', 'b.txt');
    await put('alice/docs2', 'c.txt');
    expect((await call('DELETE', '/storage/alice/docs/', { token: ALICE_TOKEN })).status).toBe(200);
    expect([await read('alice/docs'), await read('alice/docs/deep/b.txt')]).toEqual([404, 404]);
    expect(await namesIn(call, 'alice/')).toEqual(['docs2/']);
    expect(await tracesOf(gateway)).toMatchObject({ rows: 2, unfinished: 0, blobs: 2 });
  });

  it('keeps what other tables and constraints in the database demand, and says so in words of its own', async () => {
    await put('alice/docs', 'a.txt', 'b.txt');
    await gateway.db.sql('create table public.pinned (id uuid references storage.objects (id))');
    await gateway.db.sql(`insert into public.pinned select id from storage.objects where name like '%b.txt'`);
    const { status, json } = await call('DELETE', '/storage/alice/docs', { token: ALICE_TOKEN });
    expect([status, json]).toEqual([400, 'A file is still referenced by another table']);
    await gateway.db.sql('drop table public.pinned');
    await gateway.db.sql(`alter table storage.objects add constraint "no c" check (name not like '%c.txt')`);
    const moved = await move('alice/docs/a.txt', 'alice/docs/c.txt');
    await gateway.db.sql('alter table storage.objects drop constraint "no c"');
    expect([moved.status, moved.json]).toEqual([400, 'A rule of the database is against it']);
    expect(await namesIn(call, 'alice/docs')).toEqual(['a.txt', 'b.txt']);
  });

  it('T0-25 keeps the root', async () => {
    await put('alice/', 'a.txt');
    expect((await call('DELETE', '/storage/alice/', { token: ALICE_TOKEN })).status).toBe(400);
    expect((await call('DELETE', '/storage/alice/', { token: BOB_TOKEN })).status).toBe(401);
    expect(await namesIn(call, 'alice/')).toEqual(['a.txt']);
  });
});

describe('logging in', () => {
  let gateway: Gateway;
  let call: Call;
  beforeAll(async () => {
    gateway = await startGateway({ env: { RATE_LIMITS: 'login=3/1m' } });
    call = makeCall(gateway.url);
    await addPeople(gateway.db);
  });
  afterAll(() => gateway.stop());

  const logIn = (username: string, password: string) => call('POST', '/auth/login', { json: { username, password } });

  it('refuses what is no pair with 400', async () => {
    expect((await call('POST', '/auth/login', { json: { username: 'alice' } })).status).toBe(400);
  });

  it('opens the user’s own tree, and no other', async () => {
    const { status, json } = await logIn('alice', PASSWORD);
    const { access_token: token } = json as { access_token: string };
    expect(status).toBe(200);
    expect((await call('GET', '/storage/alice/', { token })).json).toEqual({ entries: [] });
    expect((await call('GET', '/storage/alice/', { headers: { authorization: token } })).status).toBe(200);
    expect((await call('GET', '/storage/bob/', { token })).status).toBe(401);
  });

  it('refuses a banned user, and a wrong pair at last with 429 and a time', async () => {
    expect(await logIn('dave', PASSWORD)).toMatchObject({ status: 401, json: 'The account is banned' });
    expect(await logIn('dave', 'wrong')).toMatchObject({ status: 401, json: 'Failed to log in' });
    const replies = [];
    for (let tries = 0; tries < 5; tries += 1) replies.push(await logIn('bob', 'wrong'));
    expect(replies[0]).toMatchObject({ status: 401, json: 'Failed to log in' });
    expect(replies.at(-1)?.status).toBe(429);
    expect(Number(replies.at(-1)?.headers['retry-after'])).toBeGreaterThan(0);
  });
});
