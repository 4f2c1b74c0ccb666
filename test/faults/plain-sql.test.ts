/** Whoever changes rows, and by whatever way, the bytes follow: administrators in psql are part of the design. */
import { type Gateway, SERVICE_TOKEN, startGateway } from '../support/gateway.ts';
import { expectAgreement, readEverything, sweep } from './agreement.ts';
import { digest, send } from './door.ts';

const token = SERVICE_TOKEN;
const BYTES = Buffer.from('bytes that outlive a rollback and nothing else');

describe('rows changed by plain SQL', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
    await send(gateway.url, 'POST', '/bucket', { token, json: { name: 'b' } });
    await gateway.db.sql('create schema app');
    await gateway.db.sql('create table app.projects (id int primary key)');
    await gateway.db.sql(`alter table storage.objects
      add column project int references app.projects (id) on delete cascade`);
  });
  afterAll(() => gateway.stop());

  beforeEach(async () => {
    await gateway.db.sql('delete from storage.objects');
    await gateway.db.sql('insert into app.projects values (1) on conflict do nothing');
    for (const name of ['one', 'two']) {
      await send(gateway.url, 'POST', `/object/b/${name}`, { token, body: new Uint8Array(BYTES) });
    }
    const json = { bucketId: 'b', sourceKey: 'one', destinationKey: 'copy of one' };
    await send(gateway.url, 'POST', '/object/copy', { token, json });
  });

  const whole = (...names: string[]) => Object.fromEntries(names.map(name => [`b/${name}`, digest(BYTES)]));

  it.each([
    ['a row is deleted', [`delete from storage.objects where name = 'two'`], ['one', 'copy of one']],
    [
      'one of two rows is deleted that name the same bytes',
      [`delete from storage.objects where name = 'one'`],
      ['two', 'copy of one'],
    ],
    ['both are deleted at once', [`delete from storage.objects where name like '%one'`], ['two']],
    [
      'a foreign key cascades from an application table',
      [`update storage.objects set project = 1 where name = 'two'`, 'delete from app.projects'],
      ['one', 'copy of one'],
    ],
    ['the table is truncated', ['truncate storage.objects'], []],
    ['the table is truncated by a cascade', ['truncate app.projects cascade'], []],
    ['a bucket is deleted with its rows', ['begin', 'delete from storage.objects', 'commit'], []],
    [
      'rows trade their bytes',
      [
        `update storage.objects o set version = (
           select p.version from storage.objects p where p.name = case o.name when 'one' then 'two' else 'one' end)
         where name in ('one', 'two')`,
      ],
      ['one', 'two', 'copy of one'],
    ],
    ['a row is renamed', [`update storage.objects set name = 'new' where name = 'two'`], ['one', 'new', 'copy of one']],
  ] as const)('sweeps what no row names any more, and nothing else, when %s', async (_, statements, left) => {
    for (const statement of statements) await gateway.db.sql(statement);
    await sweep(gateway);
    expect(await readEverything(gateway)).toEqual(whole(...left));
    await expectAgreement(gateway);
  });

  it('sweeps thousands of rows removed at once, and keeps what is copied before the sweeper comes', async () => {
    await sweep(gateway);
    await gateway.db.sql(`insert into storage.objects (bucket_id, name, version, metadata)
      select bucket_id, 'many/' || n, version, metadata from storage.objects, generate_series(1, 2500) n where name = 'two'`);
    await gateway.db.sql(`delete from storage.objects where name like 'many/%' or name in ('two', 'one')`);
    expect(await gateway.app.sweeper.counts()).toMatchObject({ dead: 2502 });
    const json = { bucketId: 'b', sourceKey: 'copy of one', destinationKey: 'late' };
    await send(gateway.url, 'POST', '/object/copy', { token, json });
    await sweep(gateway);
    expect(await gateway.app.sweeper.counts()).toMatchObject({ dead: 0 });
    expect(await readEverything(gateway)).toEqual(whole('copy of one', 'late'));
    await expectAgreement(gateway);
  });

  it('shares the notes of what was removed between sweepers, and loses none that is rolled back', async () => {
    await gateway.db.sql(`insert into storage.objects (bucket_id, name, version)
      select 'b', 'many/' || n, 'aa-' || n from generate_series(1, 3000) n`);
    await gateway.db.sql(`insert into sluice.blobs (version, store_key, state, live_at)
      select 'aa-' || n, 'aa/aa-' || n, 'live', now() from generate_series(1, 3000) n`);
    await gateway.db.sql('begin');
    await gateway.db.sql(`delete from storage.objects where name like 'many/%'`);
    await gateway.db.sql('rollback');
    expect(await gateway.db.sql('select count(*)::int as notes from sluice.removals')).toEqual([{ notes: 0 }]);
    await gateway.db.sql(`delete from storage.objects where name like 'many/%'`);
    expect(await gateway.db.sql('select count(*)::int as notes from sluice.removals')).toEqual([{ notes: 3 }]);
    await Promise.all([gateway.app.sweeper.run(), sweep(gateway)]);
    expect(await gateway.db.sql(`select from sluice.blobs where version like 'aa-%'`)).toEqual([]);
    await expectAgreement(gateway);
  });

  it('sweeps the bytes of a row whose version is set to null, and then does not find the object', async () => {
    await gateway.db.sql(`update storage.objects set version = null where name = 'two'`);
    await sweep(gateway);
    expect(await readEverything(gateway)).toEqual({
      ...whole('one', 'copy of one'),
      'b/two': expect.stringMatching(/^status 400/),
    });
    await expectAgreement(gateway);
  });

  it.each([
    'delete from storage.objects',
    'truncate storage.objects',
    'update storage.objects set version = null',
    'delete from app.projects',
  ])('keeps every byte when it is rolled back: %s', async statement => {
    await gateway.db.sql('update storage.objects set project = 1');
    await gateway.db.sql('begin');
    await gateway.db.sql(statement);
    await gateway.db.sql('rollback');
    await sweep(gateway);
    expect(await readEverything(gateway)).toEqual(whole('one', 'two', 'copy of one'));
    await expectAgreement(gateway);
  });

  it('keeps the bytes of a row that is put back before the sweeper comes', async () => {
    await gateway.db.sql(
      'create table app.saved as select id, bucket_id, name, version, metadata from storage.objects',
    );
    await gateway.db.sql('delete from storage.objects');
    await gateway.db.sql(
      `insert into storage.objects (id, bucket_id, name, version, metadata) select * from app.saved`,
    );
    await sweep(gateway);
    expect(await readEverything(gateway)).toEqual(whole('one', 'two', 'copy of one'));
    await expectAgreement(gateway);
  });

  it.each([
    [
      'a row is removed and put back',
      `with gone as (delete from storage.objects where name = 'two' returning *)
       insert into storage.objects (id, bucket_id, name, version, metadata)
         select id, bucket_id, name, version, metadata from gone`,
    ],
    ['one of two rows is removed that name the same bytes', `delete from storage.objects where name = 'copy of one'`],
  ])('leaves the bytes alive where, in one statement, %s', async (_, statement) => {
    await gateway.db.sql(statement);
    const states = 'select distinct state from sluice.blobs b join storage.objects o using (version)';
    expect(await gateway.db.sql(states)).toEqual([{ state: 'live' }]);
    await sweep(gateway);
    expect(await readEverything(gateway)).toMatchObject(whole('one', 'two'));
    await expectAgreement(gateway);
  });

  it.each([
    ['deleted', `delete from storage.objects where name = 'two'`],
    ['given other bytes', `update storage.objects set version = null where name = 'two'`],
    ['truncated', 'truncate storage.objects'],
    ['deleted with thousands', `delete from storage.objects where name = 'two' or name like 'many/%'`],
  ])('begins the grace of bytes when their row is %s, not when the transaction began', async (_, statement) => {
    await gateway.db.sql(`insert into storage.objects (bucket_id, name, version)
      select 'b', 'many/' || n, 'many-' || n from generate_series(1, 1001) n`);
    await gateway.db.sql('begin');
    await gateway.db.sql('create temporary table earlier on commit drop as select clock_timestamp() as instant');
    await gateway.db.sql(statement);
    const marks = await gateway.db.sql(
      `select at > instant as later from earlier, (
         select dead_at from sluice.blobs where state = 'dead' union all select removed_at from sluice.removals) m (at)
       where at >= now()`,
    );
    await gateway.db.sql('rollback');
    expect(marks.length).toBeGreaterThan(0);
    expect(marks).toEqual(marks.map(() => ({ later: true })));
  });

  it('never calls an upload done whose row a trigger of the application has swallowed', async () => {
    await gateway.db.sql(`create function app.swallow() returns trigger language plpgsql as 'begin return null; end'`);
    await gateway.db.sql(
      'create trigger swallow before insert on storage.objects for each row execute function app.swallow()',
    );
    for (const upsert of ['true', 'false']) {
      const headers = { 'x-upsert': upsert };
      const got = await send(gateway.url, 'POST', '/object/b/swallowed', {
        token,
        headers,
        body: new Uint8Array(BYTES),
      });
      expect(got.status).toBe(400);
    }
    await gateway.db.sql('drop trigger swallow on storage.objects');
    await sweep(gateway);
    expect(await readEverything(gateway)).toEqual(whole('one', 'two', 'copy of one'));
    await expectAgreement(gateway);
  });
});
