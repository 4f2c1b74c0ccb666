/** Where accounts keep their files: the rooms that the first of them opens, and the tree that goes by a user's name. */
import { checkRooms, openRooms } from '../../src/database/open-rooms.ts';
import { makeAccountKeeper } from '../../src/identity/manage-accounts.ts';
import { makePasswords } from '../../src/identity/passwords.ts';
import { addPeople, openTestRooms } from '../support/accounts.ts';
import { type Gateway, PACKAGE_ROOT, startGateway } from '../support/gateway.ts';
import { SERVICE, scopeOf } from '../support/scopes.ts';

let gateway: Gateway;

beforeAll(async () => {
  gateway = await startGateway();
  await addPeople(gateway.db);
});
afterAll(() => gateway.stop());

describe('a name that was somebody’s', () => {
  const keeper = () =>
    makeAccountKeeper({ database: gateway.app.core.database, passwords: makePasswords({ maxAtOnce: 1 }) });
  const scope = scopeOf(SERVICE);
  const lay = (name: string) =>
    gateway.db.sql(`insert into storage.objects (bucket_id, name) values ('home', $1)`, [name]);
  afterEach(() => gateway.db.sql('delete from storage.objects'));

  it('is refused while files lie in its tree, and says what to do', async () => {
    await keeper().add(scope, 'eve', {});
    await lay('eve/letters/one.txt');
    await expect(keeper().add(scope, 'eve', {})).rejects.toMatchObject({ code: 'account-exists' });
    await keeper().remove(scope, 'eve');
    await expect(keeper().add(scope, 'eve', {})).rejects.toMatchObject({
      code: 'object-exists',
      message: expect.stringMatching(/--with-files.*sluice sql "delete .*'eve\/'\)"/),
    });
    expect(await keeper().list(scope)).not.toContainEqual(expect.objectContaining({ username: 'eve' }));
  });

  it('is anybody’s without files, whatever lies in the trees of its neighbors', async () => {
    for (const name of ['fay2/a', 'fay.b/a', 'fa/y/a']) await lay(name);
    expect(await keeper().add(scope, 'fay', {})).toMatchObject({ username: 'fay' });
  });

  it('comes with the files where that is wished for', async () => {
    await lay('gil/a');
    expect(await keeper().add(scope, 'gil', { withFiles: true })).toMatchObject({ username: 'gil' });
  });
});

describe('the rooms', () => {
  it('are made once, and what an administrator makes of them stays', async () => {
    await gateway.db.sql(`update sluice.migrations set hash = 'changed since' where name = 'policies/uploads.sql'`);
    expect(await openTestRooms(gateway.db)).toEqual({ buckets: [], policySets: [] });
    expect(await openTestRooms(gateway.db, 'second')).toEqual({ buckets: ['backend-second'], policySets: [] });
  });

  it.each(['home', 'backend-third'])('are not opened while the bucket %s belongs to somebody', async id => {
    const { db } = gateway;
    const third = { packageRoot: PACKAGE_ROOT, backend: 'third' };
    await db.sql('insert into storage.buckets (id, name) values ($1, $1) on conflict do nothing', [id]);
    await db.sql(`update storage.buckets set owner_id = 'mallory' where id = $1`, [id]);
    const refused = { code: 'bucket-exists', facts: { bucket: id }, message: expect.stringContaining('mallory') };
    try {
      await expect(checkRooms(db.target, third)).rejects.toMatchObject(refused);
      await expect(openRooms(db.target, third)).rejects.toMatchObject(refused);
      expect(await db.sql(`select from storage.buckets where id = 'backend-third' and owner_id is null`)).toEqual([]);
    } finally {
      await db.sql(`delete from storage.buckets where id = 'backend-third'`);
      await db.sql(`update storage.buckets set owner_id = null`);
    }
  });

  it('are there for the people of the tests', async () => {
    const rows = await gateway.db.sql<{ id: string }>('select id from storage.buckets order by id');
    expect(rows.map(({ id }) => id)).toEqual(expect.arrayContaining(['backend-default', 'home', 'uploads']));
  });
});
