/** What a transaction asks before its own statement: that the session still holds, and that the caller has the permits. */
import { type Database, makeDatabase } from '../../src/database/database.ts';
import type { Statement } from '../../src/database/statement.ts';
import type { Caller, RequestScope } from '../../src/domain/caller.ts';
import { countRoundTrips, type PostgresCounter } from '../support/counting-proxies.ts';
import { ALICE, ANON, BOB, SERVICE, scopeOf, user } from '../support/scopes.ts';
import { cloneTestDatabase, type TestDatabase } from '../support/test-database.ts';

const SESSION = '5e551011-0000-4000-8000-000000000001';

const whoAmI: Statement<null, Record<string, unknown>> = {
  name: 'who_am_i',
  runs: 'caller-reads',
  text: `select current_user::text as role, auth.jwt() as claims, storage.target() as target,
    current_setting('transaction_read_only') as read_only`,
  values: () => [],
  row: row => row,
};
const gatewayRole: Statement<null, unknown> = {
  name: 'gateway_role',
  runs: 'gateway',
  text: 'select current_user::text as role from sluice.accounts',
  values: () => [],
  row: row => row.role,
};
const scoped: Statement<number, unknown> = {
  name: 'scoped',
  runs: 'caller-reads',
  text: 'select auth.has_scope($1) as has',
  values: flag => [flag],
  row: row => row.has,
};

function inSession(claims: Record<string, unknown> = {}): Caller {
  return { ...user(ALICE, { session_id: SESSION, ...claims }), sessionId: SESSION };
}

describe.each([true, false])('with prepared statements %s', prepare => {
  let db: TestDatabase;
  let counter: PostgresCounter;
  let database: Database;

  beforeAll(async () => {
    db = await cloneTestDatabase();
    counter = await countRoundTrips(db.target);
    database = makeDatabase({ target: counter.target, poolSize: 1, prepare });
    await db.sql(`insert into storage.permits (name, meaning) values ('staff', 'is staff'), ('tree', 'owns the tree')`);
    await db.sql(`create policy staff on storage.permits for select to authenticated
      using (name = 'staff' and (select auth.claim('staff')) = 'true')`);
    await db.sql(`create policy tree on storage.permits for select to authenticated
      using (name = 'tree' and (select auth.claim('username')) = (select storage.target()))`);
  });
  afterAll(async () => {
    await database.close();
    await counter.stop();
    await db.drop();
  });
  beforeEach(async () => {
    await db.sql('delete from sluice.accounts');
    await db.sql(`insert into sluice.accounts (id, username, uid) values ($1, 'alice', '1700000000000')`, [ALICE]);
    await db.sql(`insert into sluice.sessions (id, account, expires_at) values ($1, $2, now() + interval '1h')`, [
      SESSION,
      ALICE,
    ]);
  });

  const run = (caller: Caller, overrides: Partial<RequestScope> = {}) =>
    database.run(scopeOf(caller, overrides), whoAmI, null);

  it.each([
    ['was ended', `update sluice.sessions set revoked_at = now()`],
    ['has run out', `update sluice.sessions set expires_at = now()`],
    ['is gone', 'delete from sluice.sessions'],
    ['lost its account', 'delete from sluice.accounts'],
    [
      'is of another account',
      `with bob as (insert into sluice.accounts (username, uid) values ('bob', '1700000000001') returning id)
       update sluice.sessions set account = bob.id from bob`,
    ],
  ])('refuses a session that %s, whatever is asked', async (_, change) => {
    await db.sql(change);
    await expect(run(inSession())).rejects.toMatchObject({ code: 'invalid-session' });
    await expect(database.run(scopeOf(inSession()), gatewayRole, null)).rejects.toMatchObject({
      code: 'invalid-session',
    });
    expect((await run(user(BOB)))[0]?.role).toBe('authenticated');
  });

  it('tells the policies what the account is now, not what it was when the token was made', async () => {
    await db.sql(`update sluice.accounts set verified_at = now(), banned_at = now(), staff = true, totp_secret = 'x'`);
    await db.sql('update sluice.sessions set scopes = 128');
    const [row] = await run(inSession({ staff: false, verified: false, scopes: null, team: 'red' }));
    expect(row).toMatchObject({ role: 'authenticated', read_only: 'on', target: null });
    expect(row?.claims).toMatchObject({
      sub: ALICE,
      username: 'alice',
      uid: '1700000000000',
      verified: true,
      banned: true,
      staff: true,
      admin: false,
      backend: 'default',
      second_factor: true,
      scopes: 128,
      team: 'red',
    });
  });

  it('believes the claims of callers without a session as they are', async () => {
    expect((await run(user(ALICE, { staff: true })))[0]?.claims).toEqual({
      role: 'authenticated',
      sub: ALICE,
      staff: true,
    });
  });

  it.each([
    ['anonymous', ANON, ['staff'], 'staff'],
    ['without the claim', user(BOB), ['staff'], 'staff'],
    ['short of one of two', user(BOB, { staff: true }), ['staff', 'tree'], 'tree'],
    ['short of both', user(BOB), ['tree', 'staff'], 'tree'],
    ['who asks for a permit that does not exist', user(BOB, { staff: true }), ['stuff'], 'stuff'],
  ])('refuses a caller %s by the first missing permit', async (_, caller, permits, permit) => {
    await expect(run(caller, { permits, target: 'alice' })).rejects.toMatchObject({
      code: 'not-permitted',
      facts: { permit },
    });
  });

  it('refuses a target that is another’s', async () => {
    const alice = inSession();
    await expect(run(alice, { permits: ['tree'], target: 'bob' })).rejects.toMatchObject({ code: 'not-permitted' });
    expect(await run(alice, { permits: ['tree'], target: 'alice' })).toMatchObject([{ target: 'alice' }]);
    expect(await run(alice)).toMatchObject([{ target: null }]);
  });

  it('gives the service every permit', async () => {
    expect(await run(SERVICE, { permits: ['staff', 'tree'] })).toHaveLength(1);
  });

  it('runs the gateway’s own statements as the gateway, after the permits were asked for as the caller', async () => {
    const wanted = { permits: ['tree'], target: 'alice' };
    expect(await database.run(scopeOf(inSession(), wanted), gatewayRole, null)).toEqual(['sluice_gateway']);
    expect(await database.run(scopeOf(user(BOB, { username: 'alice' }), wanted), gatewayRole, null)).toEqual([
      'sluice_gateway',
    ]);
    await expect(database.run(scopeOf(user(BOB), wanted), gatewayRole, null)).rejects.toMatchObject({
      code: 'not-permitted',
    });
  });

  it('asks for session and permits in the same round trip', async () => {
    const scope = scopeOf(inSession(), { permits: ['tree'], target: 'alice' });
    await database.run(scope, gatewayRole, null);
    counter.take();
    await database.run(scope, gatewayRole, null);
    expect(counter.take()).toBe(1);
  });

  it.each([
    ['a caller without scopes', undefined, 128, true],
    ['a session that is not scoped', null, 128, true],
    ['a session with the flag', 130, 128, true],
    ['a session with another flag', 2, 128, false],
    ['a session with the flag for everything', 1, 128, true],
    ['scopes that are no flags', 'read write', 128, false],
    ['scopes beyond an integer', '99999999999', 128, false],
  ])('has_scope judges %s', async (_, scopes, flag, verdict) => {
    expect(await database.run(scopeOf(user(ALICE, { scopes })), scoped, flag)).toEqual([verdict]);
  });
});
