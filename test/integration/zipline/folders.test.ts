/** API 001, folders: the facts T1-01 to T1-18 and T1-20, and the routes that support them. */
import type { Call } from '../../support/call.ts';
import { ANON_TOKEN, type Gateway } from '../../support/gateway.ts';
import { BOB } from '../../support/scopes.ts';
import {
  ALICE_TOKEN,
  BOB_TOKEN,
  makeFolder,
  putFile,
  refused,
  STAFF_TOKEN,
  startUploads,
} from '../../support/uploads.ts';

const NOT_YOUR_FOLDER = [403, 'you do not have permission to access this folder'];
const GONE = [404, 'folder not found'];
const IN = [400, 'file is already in folder'];
const NOT_YOUR_FILE = [403, 'you do not have permission to access this file'];
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let gateway: Gateway;
let call: Call;
beforeAll(async () => {
  ({ gateway, call } = await startUploads());
});
afterAll(() => gateway.stop());
beforeEach(async () => {
  await gateway.db.sql('delete from storage.objects');
  await gateway.db.sql('delete from sluice.folders');
});

const folders = (id: unknown, query = '') => `/api/user/folders/${id}${query}`;
const asAlice = (json?: unknown) => ({ token: ALICE_TOKEN, ...(json === undefined ? {} : { json }) });
const read = async (id: number, query = '?files=true') =>
  (await call('GET', folders(id, query), asAlice())).json as Record<string, unknown> & { files: { id: number }[] };
const idsIn = async (id: number) => (await read(id)).files.map(file => file.id);
const state = () =>
  gateway.db
    .sql(`select o.name, f.folder_id, f.favorite from sluice.files f join storage.objects o on o.id = f.object_id
    order by 1`)
    .then(async files => [files, await gateway.db.sql('select id, name, public from sluice.folders order by 1')]);

describe('refuses', () => {
  const METHODS = ['GET', 'POST', 'DELETE', 'PATCH'];

  it.each(METHODS)('%s by whoever is not logged in, first of all (T1-07)', async method => {
    for (const options of [{}, { token: 'rubbish' }, { token: ANON_TOKEN }, { json: { file: 'x' } }]) {
      expect(refused(await call(method, folders('abc'), options))).toEqual([401, 'not logged in']);
    }
  });

  it.each(METHODS)('%s of an id that is no number (T1-04)', async method => {
    for (const id of ['abc', '1.5', '-1', '0x1', '%20', '9'.repeat(40)]) {
      expect(refused(await call(method, folders(id), asAlice()))).toEqual([400, 'id must be a number']);
    }
  });

  it.each(METHODS)('%s of an unknown folder, whatever the body says (T1-05)', async method => {
    expect(refused(await call(method, folders(999_999), asAlice({ file: 'x' })))).toEqual([404, 'folder not found']);
  });

  it.each([
    ['GET', undefined],
    ['POST', { file: 1 }],
    ['POST', {}],
    ['DELETE', { file: 1 }],
    ['DELETE', { deletingFolder: true }],
    ['DELETE', {}],
    ['PATCH', { public: true }],
    ['PATCH', {}],
  ])("%s %j of another user's folder, and nothing changes (T1-06)", async (method, json) => {
    const id = await makeFolder(call, BOB_TOKEN);
    const before = await state();
    expect(refused(await call(method, folders(id), asAlice(json)))).toEqual(NOT_YOUR_FOLDER);
    expect(await state()).toEqual(before);
  });

  it('PUT, which this API does not have (T1-17)', async () => {
    const put = await call('PUT', folders(1), asAlice({ file: 1 }));
    expect([refused(put), put.headers.allow]).toEqual([[405, 'method not allowed'], 'GET, HEAD, POST, DELETE, PATCH']);
    expect(refused(await call('PUT', '/api/user/files', asAlice()))).toEqual([405, 'method not allowed']);
    expect(refused(await call('GET', '/api/user/nothing', asAlice()))).toEqual([404, 'not found']);
    expect(refused(await call('OPTIONS', '/api/user/nothing'))).toEqual([404, 'not found']);
    expect((await fetch(gateway.url + folders(1), { method: 'OPTIONS' })).status).toBe(204);
  });

  it.each([
    ['POST', {}, 'file is required'],
    ['POST', undefined, 'file is required'],
    ['POST', { file: null }, 'file is required'],
    ['POST', { file: 0 }, 'file is required'],
    ['POST', { file: '' }, 'file is required'],
    ['POST', { file: 'x' }, 'file must be a number'],
    ['POST', { file: [1] }, 'file must be a number'],
    ['POST', { file: 1.5 }, 'file must be a number'],
    ['DELETE', { deletingFolder: false }, 'file is required'],
    ['DELETE', {}, 'file is required'],
    ['DELETE', { file: 'x' }, 'file must be a number'],
    ['PATCH', {}, 'public must be a boolean'],
    ['PATCH', { public: 'yes' }, 'public must be a boolean'],
  ])('%s with the body %j: %s (T1-09, T1-16)', async (method, json, error) => {
    const id = await makeFolder(call, ALICE_TOKEN);
    expect(refused(await call(method, folders(id), asAlice(json)))).toEqual([400, error]);
  });

  it.each([
    ['{', 'The body is not valid JSON'],
    ['[]', 'body must be object'],
    ['null', 'body must be object'],
  ])('the body %s, after what is wrong with the folder', async (body, error) => {
    const [hers, his] = [await makeFolder(call, ALICE_TOKEN), await makeFolder(call, BOB_TOKEN)];
    const options = { token: ALICE_TOKEN, body, headers: { 'content-type': 'application/json' } };
    for (const method of ['POST', 'DELETE', 'PATCH']) {
      expect(refused(await call(method, folders(hers), options))).toEqual([400, error]);
      expect(refused(await call(method, folders(his), options))).toEqual(NOT_YOUR_FOLDER);
      expect(refused(await call(method, folders(999_999), options))).toEqual(GONE);
    }
  });

  it.each(['POST', 'DELETE'])("%s of an unknown file and of another user's (T1-10, T1-14)", async method => {
    const id = await makeFolder(call, ALICE_TOKEN);
    const his = await putFile(gateway, 'his.txt', { owner: BOB });
    const before = await state();
    expect(refused(await call(method, folders(id), asAlice({ file: 999_999 })))).toEqual([404, 'file not found']);
    expect(refused(await call(method, folders(id), asAlice({ file: his })))).toEqual(NOT_YOUR_FILE);
    expect(await state()).toEqual(before);
  });

  it('a file that is in the folder already, and taking out one that is not (T1-10, T1-14)', async () => {
    const id = await makeFolder(call, ALICE_TOKEN);
    const file = await putFile(gateway, 'a.txt');
    expect(refused(await call('DELETE', folders(id), asAlice({ file })))).toEqual([400, 'file is not in folder']);
    await call('POST', folders(id), asAlice({ file }));
    expect(refused(await call('POST', folders(id), asAlice({ file })))).toEqual([400, 'file is already in folder']);
  });

  it("another user's file by the staff, who change everybody's elsewhere, and it stays where it is", async () => {
    const id = await makeFolder(call, STAFF_TOKEN);
    const hers = await makeFolder(call, ALICE_TOKEN, { name: 'hers', add: [await putFile(gateway, 'hers.txt')] });
    const [file] = await idsIn(hers);
    const asStaff = (json: unknown) => ({ token: STAFF_TOKEN, json });
    for (const method of ['POST', 'DELETE']) {
      expect(refused(await call(method, folders(id), asStaff({ file })))).toEqual(NOT_YOUR_FILE);
    }
    const reply = await call('POST', '/api/user/folders', asStaff({ name: 'a', add: [file] }));
    expect(refused(reply)).toEqual([400, `files ${file} not found`]);
    expect(await idsIn(hers)).toEqual([file]);
  });

  it('to put a file into a folder that somebody removes in the same moment, which is gone', async () => {
    for (let round = 0; round < 8; round += 1) {
      const id = await makeFolder(call, ALICE_TOKEN);
      const file = await putFile(gateway, `${round}.txt`);
      const replies = await Promise.all([
        call('DELETE', folders(id), asAlice({ deletingFolder: true })),
        ...Array.from({ length: 7 }, () => call('POST', folders(id), asAlice({ file }))),
      ]);
      const told = replies.filter(({ status }) => status !== 200).map(refused);
      expect([GONE, IN]).toEqual(expect.arrayContaining(told));
    }
  });

  it("the folder rather than the file where both are another user's (T1-11)", async () => {
    const id = await makeFolder(call, BOB_TOKEN);
    const his = await putFile(gateway, 'his.txt', { owner: BOB });
    expect(refused(await call('POST', folders(id), asAlice({ file: his })))).toEqual(NOT_YOUR_FOLDER);
  });

  it.each([
    [{}, 'name is required'],
    [{ name: 7 }, 'name is required'],
    [{ name: ' ' }, 'name cannot be empty'],
    [{ name: 'x'.repeat(1025) }, 'invalid name: at most 1024 bytes, without U+0000'],
    [{ name: 'a\u0000b' }, 'invalid name: at most 1024 bytes, without U+0000'],
    [{ name: 'a', add: 3 }, 'add must be an array of file ids'],
    [{ name: 'a', add: [999_998, 999_999] }, 'files 999998, 999999 not found'],
    [{ name: 'a', add: ['x'] }, 'files x not found'],
  ])('to create %j: %s', async (json, error) => {
    expect(refused(await call('POST', '/api/user/folders', asAlice(json)))).toEqual([400, error]);
    expect(await gateway.db.sql('select from sluice.folders')).toEqual([]);
  });

  it("to create a folder with another user's file, which it calls missing", async () => {
    const mine = await putFile(gateway, 'mine.txt');
    const his = await putFile(gateway, 'his.txt', { owner: BOB });
    const reply = await call('POST', '/api/user/folders', asAlice({ name: 'a', add: [mine, his] }));
    expect(refused(reply)).toEqual([400, `files ${his} not found`]);
    expect(await state()).toMatchObject([[{ folder_id: null }, { folder_id: null }], []]);
  });
});

describe('a folder', () => {
  it('has numbers for ids, instants in UTC, and files only where they are asked for (T1-01, T1-03, T1-18)', async () => {
    const id = await makeFolder(call, ALICE_TOKEN, { name: ' test ' });
    for (const query of ['', '?files=false', '?files=0', '?files=']) {
      const folder = await read(id, query);
      expect(folder).toEqual({
        id,
        name: 'test',
        userId: 1,
        createdAt: expect.stringMatching(INSTANT),
        updatedAt: expect.stringMatching(INSTANT),
        public: false,
      });
      expect(String(folder.updatedAt) >= String(folder.createdAt)).toBe(true);
    }
  });

  it('shows its files with all that is known of them, and never a hash (T1-02)', async () => {
    const folderId = await makeFolder(call, ALICE_TOKEN);
    expect((await read(folderId)).files).toEqual([]);
    const expiresAt = new Date(Date.now() + 1e6);
    const record = { folderId, expiresAt, maxViews: 3, embed: true, originalName: 'A.TXT', passwordHash: 'secret' };
    const id = await putFile(gateway, 'a b.txt', record);
    expect((await read(folderId, '?files=TRUE')).files).toEqual([
      {
        id,
        name: 'a b.txt',
        originalName: 'A.TXT',
        mimetype: 'text/plain',
        createdAt: expect.stringMatching(INSTANT),
        expiresAt: expiresAt.toISOString(),
        maxViews: 3,
        views: 0,
        favorite: false,
        embed: true,
        format: 'RANDOM',
        userId: 1,
        folderId,
        url: '/u/a%20b.txt',
        size: 20,
        password: true,
      },
    ]);
  });

  it('takes a file by its number or the text of it (T1-08, T1-09)', async () => {
    const id = await makeFolder(call, ALICE_TOKEN);
    const [one, two] = [await putFile(gateway, '1.txt'), await putFile(gateway, '2.txt')];
    const reply = await call('POST', folders(id, '?files=true'), asAlice({ file: one }));
    expect(reply.json).toMatchObject({ id, files: [{ id: one, folderId: id }] });
    expect((await call('POST', folders(id), asAlice({ file: String(two) }))).json).not.toHaveProperty('files');
    expect(await idsIn(id)).toEqual([one, two]);
  });

  it('takes a file out of the folder it was in (T1-12)', async () => {
    const file = await putFile(gateway, 'a.txt');
    const first = await makeFolder(call, ALICE_TOKEN, { name: 'first', add: [file] });
    const second = await makeFolder(call, ALICE_TOKEN, { name: 'second' });
    expect((await call('POST', folders(second), asAlice({ file }))).status).toBe(200);
    expect([await idsIn(first), await idsIn(second)]).toEqual([[], [file]]);
  });

  it('lets a file go, which stays (T1-13)', async () => {
    const file = await putFile(gateway, 'a.txt');
    const id = await makeFolder(call, ALICE_TOKEN, { name: 'a', add: [file] });
    const reply = await call('DELETE', folders(id, '?files=true'), asAlice({ file }));
    expect([reply.status, reply.json]).toEqual([200, expect.objectContaining({ id, files: [] })]);
    expect((await call('GET', '/api/user/files', asAlice())).json).toMatchObject([{ id: file, folderId: null }]);
  });

  it.each(['deletingFolder', 'deleteFolder'])('goes with %s, its files stay (T1-15)', async flag => {
    const file = await putFile(gateway, 'a.txt');
    const id = await makeFolder(call, ALICE_TOKEN, { name: 'a', add: [file] });
    const { status, json } = await call('DELETE', folders(id, '?files=true'), asAlice({ [flag]: true }));
    expect([status, Object.keys(json as object)]).toEqual([200, ['id', 'name', 'userId', 'createdAt', 'updatedAt']]);
    expect(refused(await call('GET', folders(id), asAlice()))).toEqual([404, 'folder not found']);
    expect((await call('GET', '/api/user/files', asAlice())).json).toMatchObject([{ id: file, folderId: null }]);
  });

  it("is listed with its owner's others, the one changed last first", async () => {
    const file = await putFile(gateway, 'a.txt');
    const first = await makeFolder(call, ALICE_TOKEN, { name: 'first' });
    const second = await makeFolder(call, ALICE_TOKEN, { name: 'second' });
    await makeFolder(call, BOB_TOKEN, { name: 'his' });
    await call('POST', folders(first), asAlice({ file }));
    const list = async (query: string) => (await call('GET', `/api/user/folders${query}`, asAlice())).json;
    expect(await list('')).toMatchObject([{ id: first }, { id: second }]);
    expect(await list('?files=true')).toMatchObject([{ id: first, files: [{ id: file }] }, { files: [] }]);
  });
});

describe('a public folder', () => {
  it('is nobody’s to open before its owner says so, or after it is private again', async () => {
    const id = await makeFolder(call, ALICE_TOKEN);
    const page = async () => refused(await call('GET', `/folder/${id}`));
    expect(await page()).toEqual([404, 'folder not found']);
    expect((await call('PATCH', folders(id), asAlice({ public: true }))).json).toMatchObject({ id, public: true });
    expect((await call('GET', `/folder/${id}`)).status).toBe(200);
    await call('PATCH', folders(id), asAlice({ public: false }));
    expect(await page()).toEqual([404, 'folder not found']);
    expect(refused(await call('GET', '/folder/x'))).toEqual([400, 'id must be a number']);
    expect(refused(await call('DELETE', `/folder/${id}`))).toEqual([405, 'method not allowed']);
  });

  it("shows its files to anybody, without the owner's own notes, and of a password only that there is one", async () => {
    const id = await makeFolder(call, ALICE_TOKEN);
    await putFile(gateway, 'a.txt', { folderId: id, passwordHash: 'secret', displayName: 'draft' });
    await putFile(gateway, 'over.txt', { folderId: id, expiresAt: new Date(0) });
    await putFile(gateway, 'elsewhere.txt');
    await call('PATCH', folders(id), asAlice({ public: true }));
    const { json, text } = await call('GET', `/folder/${id}`);
    expect(json).toMatchObject({ id, name: 'test', files: [{ name: 'a.txt', url: '/u/a.txt', password: true }] });
    expect((json as { files: unknown[] }).files).toHaveLength(1);
    expect(text).not.toMatch(/secret|draft/);
  });
});
