import pg from 'pg';
import { Batch } from '../../src/database/batch.ts';
import { type Database, makeDatabase } from '../../src/database/database.ts';
import type { Statement } from '../../src/database/statement.ts';
import { countRoundTrips } from '../support/counting-proxies.ts';
import { ALICE, ANON, BOB, SERVICE, scopeOf, user } from '../support/scopes.ts';
import { cloneTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { until } from '../support/until.ts';

const whoAmI: Statement<{ word: string }, Record<string, unknown>> = {
  name: 'who_am_i',
  runs: 'caller-reads',
  text: `select current_user::text as role, auth.uid() as uid, auth.role() as claimed, auth.jwt() ->> 'team' as team,
    storage.operation() as operation, current_setting('request.method') as method, $1::text as word,
    current_setting('transaction_read_only') as read_only`,
  values: ({ word }) => [word],
  row: row => row,
};
const visibleNames: Statement<null, string> = {
  name: 'visible_names',
  runs: 'caller-reads',
  text: 'select name from storage.objects order by name',
  values: () => [],
  row: row => row.name as string,
};
const instant: Statement<{ text: string }, unknown> = {
  name: 'instant',
  runs: 'caller-reads',
  text: 'select $1::timestamptz is not null as given',
  values: ({ text }) => [text],
  row: row => row.given,
};
const fails: Statement<null, unknown> = {
  name: 'fails',
  runs: 'caller-reads',
  text: 'select 1 / (select 0) as x',
  values: () => [],
  row: row => row,
};

describe('the batch', () => {
  let db: TestDatabase;
  let database: Database;

  beforeAll(async () => {
    db = await cloneTestDatabase();
    await db.sql(`insert into storage.buckets (id, name) values ('b', 'b')`);
    await db.sql(
      `insert into storage.objects (bucket_id, name, owner_id) values ('b', 'alice.txt', $1), ('b', 'bob.txt', $2)`,
      [ALICE, BOB],
    );
    await db.sql(`create policy own_rows on storage.objects for select using (owner_id = auth.uid()::text)`);
    database = makeDatabase({ target: db.target, poolSize: 1, prepare: true });
  });
  afterAll(async () => {
    await database.close();
    await db.drop();
  });

  /** A refused parameter leaves the statement prepared and its columns unknown; they were once taken for none. */
  it('gives the rows of a statement whose first parameters on this connection were refused', async () => {
    const refused = database.run(scopeOf(SERVICE), instant, { text: 'no time' });
    await expect(refused).rejects.toMatchObject({ code: 'invalid-parameter' });
    expect(await database.run(scopeOf(SERVICE), instant, { text: '2026-01-01' })).toEqual([true]);
  });

  it('refuses an object table outside a caller’s claims', async () => {
    const client = new pg.Client({ ...db.target, options: '-c role=sluice_gateway' });
    await client.connect();
    try {
      for (const table of ['storage.objects', 'storage.buckets']) {
        await expect(client.query(`select * from ${table}`)).rejects.toMatchObject({ code: '42501' });
        await expect(client.query(`delete from ${table}`)).rejects.toMatchObject({ code: '42501' });
      }
    } finally {
      await client.end();
    }
  });

  it('tells the policies who is asking, and forgets it afterwards', async () => {
    const scope = scopeOf(user(ALICE, { team: 'red' }), { method: 'PATCH', operation: 'storage.object.move' });
    expect(await database.run(scope, whoAmI, { word: 'it"s {a,b} \\ ünï' })).toEqual([
      {
        role: 'authenticated',
        uid: ALICE,
        claimed: 'authenticated',
        team: 'red',
        operation: 'storage.object.move',
        method: 'PATCH',
        word: 'it"s {a,b} \\ ünï',
        read_only: 'on',
      },
    ]);
    const [anonymous] = await database.run(scopeOf(ANON), whoAmI, { word: '' });
    expect(anonymous).toMatchObject({ role: 'anon', uid: null, team: null });
  });

  it('shows each of many alternating callers on one connection exactly their rows', async () => {
    const callers = [
      { scope: scopeOf(user(ALICE)), sees: ['alice.txt'] },
      { scope: scopeOf(user(BOB)), sees: ['bob.txt'] },
      { scope: scopeOf(ANON), sees: [] },
      { scope: scopeOf(SERVICE), sees: ['alice.txt', 'bob.txt'] },
    ];
    for (let round = 0; round < 250; round += 1) {
      for (const { scope, sees } of callers) {
        expect(await database.run(scope, visibleNames, null)).toEqual(sees);
      }
    }
  });

  it('goes on after an error, and parses a statement whose Parse the error skipped', async () => {
    const broken = { ...scopeOf(user(ALICE)), caller: { ...user(ALICE), role: 'nobody_has_this_role' } };
    const later: Statement<null, unknown> = { ...visibleNames, name: 'parsed_later' };
    await expect(database.run(broken, later, null)).rejects.toMatchObject({ code: 'internal' });
    await expect(database.run(scopeOf(user(ALICE)), fails, null)).rejects.toMatchObject({ code: 'internal' });
    await expect(database.run(scopeOf(user(ALICE)), fails, null)).rejects.toMatchObject({ code: 'internal' });
    expect(await database.run(scopeOf(user(ALICE)), later, null)).toEqual(['alice.txt']);
  });

  it('prepares anew what a change of a table has made stale, or a pooler has dropped', async () => {
    const everything: Statement<null, unknown> = {
      ...visibleNames,
      name: 'everything',
      text: 'select * from storage.buckets',
      row: row => row,
    };
    const before = await database.run(scopeOf(SERVICE), everything, null);
    await db.sql('alter table storage.buckets add column stale int');
    try {
      expect(await database.run(scopeOf(SERVICE), everything, null)).toEqual(
        before.map(row => ({ ...(row as object), stale: null })),
      );
    } finally {
      await db.sql('alter table storage.buckets drop column stale');
    }
    const dropsAll: Statement<null, unknown> = { ...visibleNames, name: 'drops_all', text: 'deallocate all' };
    await database.run(scopeOf(SERVICE), dropsAll, null);
    expect(await database.run(scopeOf(SERVICE), visibleNames, null)).toEqual(['alice.txt', 'bob.txt']);
  });

  it.each([
    ['parameters', { values: () => BigInt(JSON.parse('1.5')) as never }],
    ['rows', { row: (row: Record<string, unknown>) => new Date(String(row.name)).toISOString() }],
  ])('does not take a mistake of ours with %s for a Postgres that is away', async (_of, mistake) => {
    const running = database.run(
      scopeOf(SERVICE),
      { ...visibleNames, name: 'mistaken', ...mistake } as Statement<null, unknown>,
      null,
    );
    await expect(running).rejects.toThrow(RangeError);
    expect(database.gauges()).toMatchObject({ total: 1, idle: 1 });
  });

  it('works without named statements', async () => {
    const unprepared = makeDatabase({ target: db.target, poolSize: 1, prepare: false });
    try {
      expect(await unprepared.run(scopeOf(user(BOB)), visibleNames, null)).toEqual(['bob.txt']);
      expect(await unprepared.run(scopeOf(user(ALICE)), visibleNames, null)).toEqual(['alice.txt']);
    } finally {
      await unprepared.close();
    }
  });

  it('replaces a connection that the server has closed', async () => {
    expect(await database.run(scopeOf(user(BOB)), visibleNames, null)).toEqual(['bob.txt']);
    await db.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sluice' and datname = current_database()`,
    );
    expect(await database.run(scopeOf(user(BOB)), visibleNames, null)).toEqual(['bob.txt']);
  });

  it('fails the batch, not the process, when the connection is reset in the middle of it', async () => {
    const counter = await countRoundTrips(db.target);
    const through = makeDatabase({ target: counter.target, poolSize: 1, prepare: true });
    const sleeps: Statement<null, unknown> = {
      ...visibleNames,
      name: 'sleeps',
      text: 'select pg_sleep(60)',
      runs: 'caller-writes',
    };
    const cut = through.run(scopeOf(user(BOB)), sleeps, null);
    await until(
      'the batch under way',
      async () =>
        (
          await db.sql(
            `select 1 from pg_stat_activity where query like '%pg_sleep(60)%' and state = 'active' and pid <> pg_backend_pid()`,
          )
        ).length > 0,
    );
    counter.cut();
    await expect(cut).rejects.toMatchObject({ code: 'unavailable' });
    expect(await through.run(scopeOf(user(BOB)), visibleNames, null)).toEqual(['bob.txt']);
    await through.close();
    await counter.stop();
  });

  it('says unavailable when Postgres is away', async () => {
    const away = makeDatabase({
      target: { connectionString: 'postgres://x@127.0.0.1:1/x' },
      poolSize: 1,
      prepare: true,
    });
    await expect(away.run(scopeOf(ANON), visibleNames, null)).rejects.toMatchObject({ code: 'unavailable' });
    await away.close();
  });

  it('is one round trip: everything up to a single Sync', async () => {
    const client = new pg.Client(db.target);
    await client.connect();
    let syncs = 0;
    const connection = (client as unknown as { connection: { sync(): void } }).connection;
    const sync = connection.sync.bind(connection);
    connection.sync = () => {
      syncs += 1;
      sync();
    };
    const statement = { name: '', text: 'select 1 as one', values: [] };
    const batch = client.query(new Batch([statement, statement]) as unknown as pg.Submittable) as unknown as Batch;
    expect(await batch.rows).toEqual([{ one: 1 }]);
    expect(syncs).toBe(1);
    await client.end();
  });
});
