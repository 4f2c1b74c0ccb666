/** What the gateway may do by itself, and what it really asks of Postgres, read off the wire. */
import { type Gateway, SERVICE_TOKEN, SILENT_LOG, startGateway, tokenFor } from '../support/gateway.ts';
import { ALICE } from '../support/scopes.ts';
import { type StatementTap, tapStatements } from '../support/statement-tap.ts';
import { cloneTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { send } from './door.ts';
import { OTHER_PATHS, UPLOAD_PATHS } from './write-paths.ts';

const OBJECT_TABLES = ['storage.buckets', 'storage.objects'];

describe('the login role', () => {
  let db: TestDatabase;
  let tap: StatementTap;
  let gateway: Gateway;

  beforeAll(async () => {
    db = await cloneTestDatabase();
    tap = await tapStatements(db.target);
    gateway = await startGateway({ database: db, wrapTarget: () => tap.target, log: SILENT_LOG });
    for (const table of OBJECT_TABLES) {
      await db.sql(`create policy everything on ${table} to authenticated using (true) with check (true)`);
    }
  });
  afterAll(async () => {
    await gateway.stop();
    await tap.stop();
    await db.drop();
  });

  /** Every write path once, and every way to read. */
  async function doEverything(): Promise<void> {
    const token = tokenFor('authenticated', ALICE);
    for (const name of ['one', 'two'])
      await send(gateway.url, 'POST', '/bucket', { token, json: { name, public: true } });
    for (const path of [...UPLOAD_PATHS, ...OTHER_PATHS]) {
      await db.sql('delete from storage.objects');
      for (const [address, bytes] of Object.entries(path.given)) {
        await send(gateway.url, 'POST', `/object/${address}`, { token, body: new Uint8Array(bytes) });
      }
      const prepared = (await path.prepare?.(gateway)) ?? '';
      await path.act(gateway, prepared);
      await path.observe?.(gateway, prepared);
    }
    for (const path of ['authenticated/one/a', 'public/one/a', 'info/one/a', 'one/a', 'authenticated/one/absent']) {
      await send(gateway.url, 'GET', `/object/${path}`, { token });
    }
    await send(gateway.url, 'POST', '/object/list/one', { token, json: { prefix: '' } });
    await send(gateway.url, 'POST', '/object/list-v2/one', { token, json: {} });
    await send(gateway.url, 'GET', '/bucket', { token });
    await send(gateway.url, 'GET', '/bucket/one', { token });
    await send(gateway.url, 'PUT', '/bucket/two', { token, json: { public: false } });
    await send(gateway.url, 'DELETE', '/bucket/two', { token: SERVICE_TOKEN });
  }

  it("No statement touches object tables outside a caller's claims; the login role has no rights of its own there.", async () => {
    await doEverything();
    expect(tap.batches.length).toBeGreaterThan(50);
    const outside = tap.batches.filter(([enter, act, ...more]) => {
      const [role, claims] = enter?.values ?? [];
      const isEntered = /^select set_config\('role', \$1, true\)/.test(enter?.text ?? '') && Boolean(role && claims);
      // As the gateway only the ledger and the operation functions are asked, and these switch to the caller.
      const isOwn = role === 'sluice_gateway' && OBJECT_TABLES.some(table => act?.text.includes(table));
      return !isEntered || isOwn || act === undefined || more.length > 0;
    });
    expect(outside).toEqual([]);

    const verbs = ['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger'];
    const rights = await db.sql(
      `select t.tablename, verb from pg_tables t, unnest($1::text[]) as verb
       where t.schemaname = 'storage'
         and has_table_privilege('sluice_gateway', format('%I.%I', t.schemaname, t.tablename), verb)`,
      [verbs],
    );
    expect(rights).toEqual([]);
    const [login] = await db.sql(
      `select rolinherit, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname = 'sluice_gateway'`,
    );
    expect(Object.values(login ?? { missing: true })).toEqual([false, false, false, false, false]);
  });

  it.each([
    'select from storage.objects',
    'select from storage.buckets',
    'delete from storage.objects',
    `update storage.objects set name = 'x'`,
    `insert into storage.objects (bucket_id, name) values ('one', 'x')`,
    'truncate storage.objects',
  ])('is refused: %s', async statement => {
    await db.sql('begin');
    await db.sql('set local role sluice_gateway');
    await expect(db.sql(statement)).rejects.toMatchObject({ code: '42501' });
    await db.sql('rollback');
  });
});
