/** A gateway behind PgBouncer pooling by transaction: any connection of the server may run any batch. */
import { randomUUID } from 'node:crypto';
import { type Gateway, SERVICE_TOKEN, startGateway, tokenFor } from '../support/gateway.ts';
import { findPgBouncer, type PgBouncer, startPgBouncer } from '../support/pgbouncer.ts';
import { cloneTestDatabase, type TestDatabase } from '../support/test-database.ts';

const binary = findPgBouncer();
const describeWithPooler = binary === null ? describe.skip : describe;
if (binary === null) {
  process.stderr.write(
    'SKIPPED: the tests behind a pooler, because there is no PgBouncer (apt-get install pgbouncer)\n',
  );
}

describeWithPooler('behind a pooler in transaction mode', () => {
  let db: TestDatabase;
  let pooler: PgBouncer;
  let gateway: Gateway;

  beforeAll(async () => {
    db = await cloneTestDatabase();
    pooler = await startPgBouncer(binary ?? '', { server: db.target, serverConnections: 3 });
    gateway = await startGateway({
      database: db,
      wrapTarget: () => pooler.target,
      env: { DATABASE_PREPARE: 'false', DATABASE_POOL_SIZE: '20' },
    });
    await db.sql(`insert into storage.buckets (id, name) values ('notes', 'notes')`);
    await db.sql(
      `create policy own_notes on storage.objects to authenticated
       using (owner_id = (select auth.uid())::text) with check (owner_id = (select auth.uid())::text)`,
    );
  });

  afterAll(async () => {
    await gateway.stop();
    await pooler.stop();
    await db.drop();
  });

  const call = (method: string, path: string, token: string, body?: string) =>
    fetch(`${gateway.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'text/plain' }) },
      ...(body === undefined ? {} : { body }),
    });

  it('shows nobody what is another’s, though forty callers share three connections', async () => {
    const users = Array.from({ length: 40 }, () => randomUUID());
    const outcomes = await Promise.all(
      users.map(async user => {
        const token = tokenFor('authenticated', user);
        const put = await call('POST', `/object/notes/${user}`, token, user);
        const own = await call('GET', `/object/notes/${user}`, token);
        const others = await call('GET', `/object/notes/${users[(users.indexOf(user) + 1) % users.length]}`, token);
        return { put: put.status, own: await own.text(), others: others.status };
      }),
    );
    expect(outcomes).toEqual(users.map(user => ({ put: 200, own: user, others: 400 })));
  });

  it('leaves no role and no claims behind on a connection', async () => {
    await Promise.all(Array.from({ length: 30 }, () => call('GET', '/bucket/notes', SERVICE_TOKEN)));
    const anonymous = await Promise.all(
      Array.from({ length: 30 }, () => call('GET', '/bucket/notes', tokenFor('anon'))),
    );
    expect(anonymous.map(reply => reply.status)).toEqual(anonymous.map(() => 400));
  });

  it('cuts a statement off after its time, the pooler notwithstanding', async () => {
    const [row] = await db.sql<{ settings: string[] }>(
      `select rolconfig as settings from pg_roles where rolname = 'sluice_gateway'`,
    );
    expect(row?.settings.some(setting => setting.startsWith('statement_timeout='))).toBe(true);
  });
});
