/** API 001: a user's own files, listed, paged, marked and deleted. */
import type { Call } from '../../support/call.ts';
import { type Gateway, tokenFor } from '../../support/gateway.ts';
import { ALICE, BOB } from '../../support/scopes.ts';
import { ALICE_TOKEN, BOB_TOKEN, putFile, refused, STAFF_TOKEN, startUploads } from '../../support/uploads.ts';

let gateway: Gateway;
let call: Call;
beforeAll(async () => {
  ({ gateway, call } = await startUploads());
});
afterAll(() => gateway.stop());
beforeEach(() => gateway.db.sql('delete from storage.objects'));

const asAlice = (json?: unknown) => ({ token: ALICE_TOKEN, ...(json === undefined ? {} : { json }) });
const get = async (path: string) => (await call('GET', `/api/user/${path}`, asAlice())).json;
const names = async (path: string) => ((await get(path)) as { name: string }[]).map(({ name }) => name);

describe('refuses', () => {
  it.each([
    ['GET', 'files'],
    ['GET', 'paged?page=1'],
    ['PATCH', 'files'],
    ['DELETE', 'files'],
  ])('%s %s without a login', async (method, path) => {
    expect(refused(await call(method, `/api/user/${path}`))).toEqual([401, 'not logged in']);
  });

  it.each([
    ['PATCH', {}, 400, 'no file id'],
    ['PATCH', { id: 'x', favorite: true }, 400, 'no file id'],
    ['PATCH', { id: 1 }, 400, 'favorite must be a boolean'],
    ['PATCH', { id: 999_999, favorite: true }, 404, 'file not found'],
    ['DELETE', {}, 400, 'no file id'],
    ['DELETE', { all: 'true' }, 400, 'no file id'],
    ['DELETE', { id: 999_999 }, 404, 'file not found'],
  ])('%s %j: %d %s', async (method, json, status, error) => {
    expect(refused(await call(method, '/api/user/files', asAlice(json)))).toEqual([status, error]);
  });

  it.each([
    ['', 'no page'],
    ['?page=', 'no page'],
    ['?page=x', 'page is not a number'],
    ['?page=1&sortBy=owner', 'invalid sortBy option'],
    ['?page=1&sortBy=__proto__', 'invalid sortBy option'],
  ])('the page %s: %s', async (query, error) => {
    expect(refused(await call('GET', `/api/user/paged${query}`, asAlice()))).toEqual([400, error]);
  });

  it("another user's file, as if there were none, and nothing changes", async () => {
    const his = await putFile(gateway, 'his.txt', { owner: BOB });
    const patch = await call('PATCH', '/api/user/files', asAlice({ id: his, favorite: true }));
    expect(refused(patch)).toEqual([404, 'file not found']);
    expect(refused(await call('DELETE', '/api/user/files', asAlice({ id: his })))).toEqual([404, 'file not found']);
    expect((await call('GET', '/api/user/files', { token: BOB_TOKEN })).json).toMatchObject([
      { name: 'his.txt', favorite: false },
    ]);
  });

  it("a user's file by the staff, who change it at the staff's own routes, as if there were none", async () => {
    const id = await putFile(gateway, 'hers.txt');
    const asStaff = (json: object) => ({ token: STAFF_TOKEN, json });
    const patch = await call('PATCH', '/api/user/files', asStaff({ id, favorite: true }));
    expect(refused(patch)).toEqual([404, 'file not found']);
    expect(refused(await call('DELETE', '/api/user/files', asStaff({ id })))).toEqual([404, 'file not found']);
    expect(await get('files')).toMatchObject([{ id, favorite: false }]);
  });

  it('to delete a file that somebody else deletes in the same moment, which is gone', async () => {
    for (let round = 0; round < 8; round += 1) {
      const id = await putFile(gateway, `${round}.txt`);
      const deletions = Array.from({ length: 8 }, () => call('DELETE', '/api/user/files', asAlice({ id })));
      const replies = await Promise.all(deletions);
      const told = replies.filter(({ status }) => status !== 200).map(refused);
      expect(told).toEqual(Array(7).fill([404, 'file not found']));
    }
  });
});

it.each([
  [2, 403, 403],
  [128, 200, 403],
  [256, 403, 200],
  [1, 200, 200],
])('lets a session with the scopes %d read (%d) and change (%d) as its flags say', async (scopes, reads, changes) => {
  const id = await putFile(gateway, 'a.txt');
  const token = tokenFor('authenticated', ALICE, { account_id: 1, scopes });
  for (const path of ['files', 'paged?page=1', 'folders']) {
    expect((await call('GET', `/api/user/${path}`, { token })).status).toBe(reads);
  }
  const folder = await call('POST', '/api/user/folders', { token, json: { name: 'a', add: [id] } });
  expect(folder.status).toBe(changes);
  const favor = await call('PATCH', '/api/user/files', { token, json: { id, favorite: true } });
  expect(favor.status).toBe(changes);
  expect((await call('DELETE', '/api/user/files', { token, json: { id } })).status).toBe(changes);
});

it('removes everything at once in no scoped session', async () => {
  await putFile(gateway, 'a.txt');
  for (const scopes of [256, 1]) {
    const token = tokenFor('authenticated', ALICE, { account_id: 1, scopes });
    const reply = await call('DELETE', '/api/user/files', { token, json: { all: true } });
    expect(refused(reply)).toEqual([403, 'you do not have permission to do this']);
  }
  expect(await names('files')).toEqual(['a.txt']);
  const reply = await call('DELETE', '/api/user/files', asAlice({ all: true }));
  expect([reply.json, reply.headers['cache-control']]).toEqual([{ count: 1 }, 'no-store']);
});

describe('the list', () => {
  it('has all of one’s own files, newest first, or their number, and none that is over', async () => {
    await putFile(gateway, 'a.txt');
    await putFile(gateway, 'b.png', { type: 'image/png' });
    await putFile(gateway, 'c.bin', { type: 'application/octet-stream' });
    await putFile(gateway, 'his.txt', { owner: BOB });
    await putFile(gateway, 'over.txt', { expiresAt: new Date(0) });
    expect(await names('files')).toEqual(['c.bin', 'b.png', 'a.txt']);
    expect(await get('files?count=true')).toEqual({ count: 3 });
    expect(await names('files?filter=media')).toEqual(['b.png', 'a.txt']);
    expect(await get('files?favorite=true')).toEqual([]);
    expect(await get('files?favorite=true&count=true')).toEqual({ count: 0 });
  });

  it('has those marked as favorites', async () => {
    const id = await putFile(gateway, 'a.txt');
    const mark = (favorite: boolean) => call('PATCH', '/api/user/files', asAlice({ id: String(id), favorite }));
    expect((await mark(true)).json).toMatchObject({ id, favorite: true });
    expect(await names('files?favorite=true')).toEqual(['a.txt']);
    expect((await mark(false)).json).toMatchObject({ id, favorite: false });
    expect(await names('files?favorite=true')).toEqual([]);
  });

  it('comes in pages of sixteen, which together are the whole', async () => {
    for (let n = 10; n < 28; n += 1) await putFile(gateway, `${n}.txt`, { text: 'x'.repeat(n) });
    expect(await get('paged?count=true')).toEqual({ count: 2 });
    const pages = [await names('paged?page=1'), await names('paged?page=2'), await names('paged?page=3')];
    expect(pages.map(page => page.length)).toEqual([16, 2, 0]);
    expect(pages.flat()).toEqual(await names('files'));
  });

  it.each(['createdAt', 'views', 'expiresAt', 'size', 'name', 'mimetype'])(
    'is sorted by %s, both ways',
    async sortBy => {
      const far = (days: number) => new Date(Date.now() + days * 86_400_000);
      const files = [
        ['b.txt', { text: 'xx', type: 'text/plain', expiresAt: far(2) }, 5],
        ['a.txt', { text: 'x', type: 'image/png', expiresAt: far(1) }, 3],
        ['c.txt', { text: 'xxx', type: 'video/mp4', expiresAt: far(3) }, 7],
      ] as const;
      for (const [name, file, views] of files) {
        const id = await putFile(gateway, name, file);
        await gateway.db.sql('update sluice.files set views = $2 where id = $1', [id, views]);
      }
      const expected = sortBy === 'createdAt' ? ['b.txt', 'a.txt', 'c.txt'] : ['a.txt', 'b.txt', 'c.txt'];
      const rising = sortBy === 'mimetype' ? ['a.txt', 'b.txt', 'c.txt'] : expected;
      expect(await names(`paged?page=1&sortBy=${sortBy}&order=asc`)).toEqual(rising);
      expect(await names(`paged?page=1&sortBy=${sortBy}`)).toEqual([...rising].reverse());
    },
  );
});

describe('deleting', () => {
  it('one file gives it back for the last time; its address is gone', async () => {
    const id = await putFile(gateway, 'a.txt');
    expect((await call('DELETE', '/api/user/files', asAlice({ id }))).json).toMatchObject({ id, name: 'a.txt' });
    expect(refused(await call('DELETE', '/api/user/files', asAlice({ id })))).toEqual([404, 'file not found']);
    expect(refused(await call('GET', '/u/a.txt'))).toEqual([404, 'file not found']);
  });

  it("all of one's own leaves the others'", async () => {
    for (const name of ['a.txt', 'b.txt', 'c.txt']) await putFile(gateway, name);
    await putFile(gateway, 'his.txt', { owner: BOB });
    expect((await call('DELETE', '/api/user/files', asAlice({ all: true }))).json).toEqual({ count: 3 });
    expect((await call('DELETE', '/api/user/files', asAlice({ all: true }))).json).toEqual({ count: 0 });
    expect(await gateway.db.sql('select name from storage.objects')).toEqual([{ name: 'his.txt' }]);
  });
});
