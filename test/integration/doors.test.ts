/**
 * Five doors, one store: what was put in through one is read through the others, as several users, and a policy changed
 * in the meantime is felt at every door at once.
 */
import { type Account, addPeople, type Person } from '../support/accounts.ts';
import { type CallOptions, makeCall } from '../support/call.ts';
import { type Gateway, STORES, startGateway } from '../support/gateway.ts';

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex');

describe.each(STORES)('over the %s store', store => {
  let gateway: Gateway;
  let call: ReturnType<typeof makeCall>;
  let people: Readonly<Record<Person, Account>>;
  beforeAll(async () => {
    gateway = await startGateway({ store });
    call = makeCall(gateway.url);
    people = await addPeople(gateway.db);
  });
  afterAll(() => gateway.stop());

  const as = (person: Person, options: CallOptions = {}): CallOptions => ({ token: people[person].token, ...options });
  const file = (fileName: string, value: string | Buffer, type = 'text/plain') => ({
    form: [{ name: 'file', value, type, fileName }],
  });
  const upload = async (person: Person, fileName: string, value: string | Buffer) => {
    const { json } = await call('POST', '/api/upload', as(person, file(fileName, value)));
    return new URL((json as { url: string }).url).pathname.slice('/u/'.length);
  };
  /** The status as clients see it, and the bytes where there are any. */
  const read = async (path: string, options: CallOptions = {}) => {
    const { status, text } = await call('GET', path, options);
    return status === 200 ? text : status;
  };

  describe('a tree of folders (000) and the bucket API (002)', () => {
    it('shows each what the other has stored, to the owner alone', async () => {
      await call('PUT', '/storage/alice/docs', as('alice', file('from-tree.txt', 'by the tree')));
      await call('POST', '/object/home/alice/docs/from-bucket.txt', as('alice', { body: 'by the bucket' }));
      expect(await read('/object/authenticated/home/alice/docs/from-tree.txt', as('alice'))).toBe('by the tree');
      expect(await read('/storage/alice/docs/from-bucket.txt', as('alice'))).toBe('by the bucket');
      const { json } = await call('GET', '/storage/alice/docs', as('alice'));
      const names = (json as { entries: { name: string }[] }).entries.map(entry => entry.name);
      expect(names.sort()).toEqual(['from-bucket.txt', 'from-tree.txt']);
      expect(await read('/object/authenticated/home/alice/docs/from-tree.txt', as('bob'))).toBe(400);
      expect(await read('/storage/alice/docs/from-bucket.txt', as('bob'))).toBe(401);
      expect(await read('/storage/alice/docs/from-bucket.txt')).toBe(401);
    });

    it('opens to others, and closes, with a policy', async () => {
      await call('PUT', '/storage/alice/shared', as('alice', file('plan.txt', 'the plan')));
      const doors = ['/storage/alice/shared/plan.txt', '/object/authenticated/home/alice/shared/plan.txt'];
      const seenByBob = () => Promise.all(doors.map(door => read(door, as('bob'))));
      expect(await seenByBob()).toEqual([401, 400]);
      await gateway.db.sql(
        `create policy bob_reads_shared on storage.objects for select to authenticated
           using (bucket_id = 'home' and starts_with(name, 'alice/shared/') and (select auth.claim('username')) = 'bob')`,
      );
      await gateway.db.sql(
        `create policy bob_enters on storage.permits for select to authenticated
           using (name = 'home-tree' and storage.target() = 'alice' and (select auth.claim('username')) = 'bob')`,
      );
      expect(await seenByBob()).toEqual(['the plan', 'the plan']);
      // A path token would open all of the tree to him.
      const token = { json: { action: 'MakePathToken' } };
      expect((await call('POST', '/storage/alice/diary.txt', as('bob', token))).status).toBe(401);
      expect((await call('POST', '/storage/alice/diary.txt', as('alice', token))).status).toBe(200);
      await gateway.db.sql('drop policy bob_reads_shared on storage.objects');
      expect(await seenByBob()).toEqual([404, 400]);
      await gateway.db.sql('drop policy bob_enters on storage.permits');
      expect(await seenByBob()).toEqual([401, 400]);
    });
  });

  describe('uploads: folders of files (001), the file host (004) and the bucket API (002)', () => {
    it('shows one upload at four doors to its owner, and to strangers by its address alone', async () => {
      const id = await upload('alice', 'pixel.txt', PNG);
      expect(id).toMatch(/^[\w-]{10}\.png$/);
      const host = await call('GET', `/api/users/me/files/${id}`, as('alice'));
      expect(host.json).toMatchObject({ id, name: 'pixel.txt', size: PNG.length, userID: people.alice.uid });
      const { json: files } = await call('GET', '/api/user/files', as('alice'));
      expect(files).toContainEqual(
        expect.objectContaining({ name: id, mimetype: 'image/png', userId: people.alice.accountId, url: `/u/${id}` }),
      );
      expect((await call('GET', `/object/authenticated/uploads/${id}`, as('alice'))).bytes).toEqual(PNG);
      expect((await call('GET', `/u/${id}`)).bytes).toEqual(PNG);
      expect(await read(`/object/authenticated/uploads/${id}`, as('bob'))).toBe(400);
      expect(await read(`/api/users/me/files/${id}`, as('bob'))).toBe(404);
    });

    it('knows a file that came through the bucket API', async () => {
      await call(
        'POST',
        '/object/uploads/abcdefghij.txt',
        as('alice', { body: 'from the bucket', headers: { 'content-type': 'text/plain' } }),
      );
      expect(await read('/u/abcdefghij.txt')).toBe('from the bucket');
      const { json: file } = await call('GET', '/api/users/me/files/abcdefghij.txt', as('alice'));
      expect(file).toMatchObject({ id: 'abcdefghij.txt', userID: people.alice.uid, size: 15 });
      const { json: files } = await call('GET', '/api/user/files', as('alice'));
      expect(files).toContainEqual(expect.objectContaining({ name: 'abcdefghij.txt', originalName: null }));
    });

    it('forgets a file at every door when one removes it', async () => {
      const id = await upload('alice', 'gone.txt', 'soon gone');
      await call('DELETE', `/object/uploads/${id}`, as('alice'));
      expect(await read(`/u/${id}`)).toBe(404);
      expect(await read(`/api/users/me/files/${id}`, as('alice'))).toBe(404);
      const { json: files } = await call('GET', '/api/user/files', as('alice'));
      expect(files).not.toContainEqual(expect.objectContaining({ name: id }));
    });

    it('stops showing files by their address when that policy goes', async () => {
      const id = await upload('alice', 'a.txt', 'shown or not');
      await gateway.db.sql('alter policy uploads_view_by_address on storage.objects to service_role');
      expect([await read(`/u/${id}`), await read(`/api/users/me/files/${id}`, as('alice'))]).toEqual([
        404,
        expect.stringContaining(id),
      ]);
      await gateway.db.sql('alter policy uploads_view_by_address on storage.objects to anon, authenticated');
      expect(await read(`/u/${id}`)).toBe('shown or not');
    });
  });

  describe('files of a backend (003) and the bucket API (002)', () => {
    it('shows each what the other has stored, until a policy says otherwise', async () => {
      await call('PUT', '/1/file/www/a.html', as('adm', { body: '<p>a', headers: { 'content-type': 'text/html' } }));
      await call('POST', '/object/backend-default/www/b.txt', as('adm', { body: 'b' }));
      expect(await read('/object/backend-default/www/a.html')).toBe('<p>a');
      expect(await read('/1/file/www/b.txt')).toBe('b');
      await gateway.db.sql('alter policy backends_read on storage.objects to service_role');
      expect([await read('/object/backend-default/www/a.html'), await read('/1/file/www/b.txt')]).toEqual([400, 404]);
      await gateway.db.sql('alter policy backends_read on storage.objects to anon, authenticated');
    });
  });

  it('ends a session at every door at once', async () => {
    const doors = ['/storage/bob/', '/api/user/files', '/api/users/me/files', '/bucket'];
    const statuses = () => Promise.all(doors.map(async door => (await call('GET', door, as('bob'))).status));
    expect(await statuses()).toEqual([200, 200, 200, 200]);
    await gateway.db.sql(`update sluice.sessions set revoked_at = now() where account = $1`, [people.bob.id]);
    expect(await statuses()).toEqual([401, 401, 401, 400]);
  });

  it('shows what is open to anybody also to whoever comes with a session that has ended', async () => {
    const id = await upload('alice', 'a.txt', 'for anybody');
    expect(await read(`/u/${id}`, as('bob'))).toBe('for anybody');
    expect(await read('/folder/1', as('bob'))).toBe(404);
  });

  it('turns a banned user away at every door at once', async () => {
    const doors = ['/storage/alice/', '/api/user/files', '/api/users/me/files'];
    await gateway.db.sql(`update sluice.accounts set banned_at = now() where username = 'alice'`);
    const statuses = await Promise.all(doors.map(async door => (await call('GET', door, as('alice'))).status));
    expect(statuses).toEqual([401, 403, 403]);
    const listed = await call('POST', '/object/list/uploads', as('alice', { json: { prefix: '' } }));
    expect(listed.json).toEqual([]);
  });
});
