/** Signing in and sessions, as two gateways on one database see them. */

import type { RequestScope } from '../../src/domain/caller.ts';
import { parseSigningKeys } from '../../src/identity/signing-keys.ts';
import { makeTokenVerifier } from '../../src/identity/token-verifier.ts';
import { admit, admitOrDefer, findKillSwitches, refund, setKillSwitches } from '../../src/operations/admit.ts';
import { addPeople, changePerson, openSessionFor, PASSWORD } from '../support/accounts.ts';
import { type Gateway, JWT_SECRET, startGateway } from '../support/gateway.ts';
import { ANON, SERVICE, scopeOf } from '../support/scopes.ts';

const HOUR_MS = 3_600_000;

let gateway: Gateway;
let other: Gateway;
let addresses = 0;

beforeAll(async () => {
  gateway = await startGateway({ env: { RATE_LIMITS: 'login=3/1h,file-name=2/1h' } });
  other = await startGateway({ beside: gateway, env: { RATE_LIMITS: 'login=3/1h,file-name=2/1h' } });
  await addPeople(gateway.db);
  await gateway.db.sql(`insert into storage.permits (name, meaning)
    values ('past-kill-switches', 'x'), ('test-visitor', 'x') on conflict do nothing`);
  await gateway.db.sql(`create policy test_staff_passes on storage.permits for select to authenticated
    using (name = 'past-kill-switches' and (select auth.claim('staff')) = 'true')`);
});
afterAll(async () => {
  await other.stop();
  await gateway.stop();
});

beforeEach(() => gateway.db.sql('delete from sluice.rate_limits'));

const verifier = makeTokenVerifier({
  keys: parseSigningKeys({ secret: JWT_SECRET, jwks: null }),
  roles: ['anon', 'authenticated'],
  clock: Date,
});

/** A request by whoever holds the token. */
function scopeBy(token: string, overrides: Partial<RequestScope> = {}): RequestScope {
  return scopeOf(verifier.verify(token), overrides);
}

/** From an address that nobody has used before, unless told. */
function signIn(username: string, password = PASSWORD, { at = gateway, address = '' } = {}) {
  addresses += 1;
  return at.app.accounts.signIn(scopeOf(ANON), {
    username,
    password,
    address: address === '' ? `192.0.2.${addresses}` : address,
    lifetimeMs: HOUR_MS,
    name: 'browser',
  });
}

describe('signing in', () => {
  it.each([
    ['a wrong password', 'alice', 'wrong'],
    ['the password in another case', 'alice', PASSWORD.toUpperCase()],
    ['an empty password', 'alice', ''],
    ['a name that nobody has', 'nobody', PASSWORD],
    ['a name in another case', 'ALICE', PASSWORD],
    ['a name that Postgres could not hold', 'al\0ice', PASSWORD],
    ['no name', '', PASSWORD],
  ])('refuses %s with the same words', async (_, username, password) => {
    await expect(signIn(username, password)).rejects.toMatchObject({
      code: 'invalid-password',
      message: 'Wrong user name or password',
    });
  });

  it('tells a banned user so only after the right password', async () => {
    await expect(signIn('dave', 'wrong')).rejects.toMatchObject({ code: 'invalid-password' });
    await expect(signIn('dave')).rejects.toMatchObject({
      code: 'not-permitted',
      facts: { permit: 'account-active' },
    });
  });

  it('refuses an account that has no password', async () => {
    await gateway.db.sql(`select sluice.add_account('keyless', '{}')`);
    await expect(signIn('keyless', '')).rejects.toMatchObject({ code: 'invalid-password' });
  });

  it('gives a token whose claims name the account in all its ways', async () => {
    const session = await signIn('alice');
    const caller = verifier.verify(session.token);
    expect(caller).toMatchObject({ role: 'authenticated', subject: session.account.id, sessionId: session.id });
    const { exp, iat, ...claims } = JSON.parse(caller.claims) as Record<string, number>;
    expect(claims).toEqual({
      iss: 'sluice',
      role: 'authenticated',
      sub: session.account.id,
      session_id: session.id,
      username: 'alice',
      account_id: session.account.accountId,
      uid: expect.stringMatching(/^\d{13}$/),
      email: 'alice@example.com',
      backend: 'default',
      verified: true,
      banned: false,
      staff: false,
      admin: false,
      second_factor: false,
      scopes: null,
    });
    expect(Number(exp) - Number(iat)).toBe(3600);
    expect(Math.abs(session.expiresAt.getTime() - Number(exp) * 1000)).toBeLessThan(5_000);
  });

  it('is refused after so many wrong passwords for an account, at whichever gateway and from wherever', async () => {
    for (const at of [gateway, other, gateway]) await signIn('stf0', 'wrong', { at }).catch(() => {});
    await expect(signIn('stf0', PASSWORD, { at: other })).rejects.toMatchObject({
      code: 'rate-limited',
      facts: { limit: 3, remaining: 0, resetSeconds: expect.any(Number) },
    });
    await expect(signIn('STF0', PASSWORD)).rejects.toMatchObject({ code: 'rate-limited' });
    expect((await signIn('bob')).account.username).toBe('bob');
  });

  it('is refused after so many wrong passwords from an address, for whichever name', async () => {
    const address = '2001:db8:1:2:3:4:5:6';
    for (const name of ['x', 'y', 'z']) await signIn(name, 'wrong', { address }).catch(() => {});
    await expect(signIn('bob', PASSWORD, { address })).rejects.toMatchObject({ code: 'rate-limited' });
    await expect(signIn('bob', PASSWORD, { address: '2001:db8:1:2::9' })).rejects.toMatchObject({
      code: 'rate-limited',
    });
    expect((await signIn('bob', PASSWORD, { address: '2001:db8:1:3::9' })).account.username).toBe('bob');
  });

  it('does not count right passwords', async () => {
    const address = '198.51.100.7';
    for (let turn = 0; turn < 5; turn += 1) await signIn('alice', PASSWORD, { address });
    await expect(signIn('alice', 'wrong', { address })).rejects.toMatchObject({ code: 'invalid-password' });
  });

  it.each([
    ['from one address', () => '198.51.100.8'],
    ['from an address each', () => ''],
  ])('lets all in who come at once %s with the right password, at whichever gateway', async (_, address) => {
    const logins = Array.from({ length: 30 }, (_, turn) =>
      signIn('alice', PASSWORD, { at: turn % 2 ? gateway : other, address: address() }).then(
        ({ account }) => account.username,
        error => error.code,
      ),
    );
    expect(new Set(await Promise.all(logins))).toEqual(new Set(['alice']));
    expect(await gateway.db.sql('select from sluice.rate_limits where count > 0')).toEqual([]);
  });

  it.each(['alice', 'nobody'])(
    'judges no more passwords of %s than the limit, however many come at once',
    async name => {
      const logins = Array.from({ length: 30 }, (_, turn) =>
        signIn(name, `wrong ${turn}`, { at: turn % 2 ? gateway : other }).catch(error => error.code),
      );
      const refusals = await Promise.all(logins);
      expect(refusals.sort()).toEqual([...Array(3).fill('invalid-password'), ...Array(27).fill('rate-limited')]);
      expect(await signIn(name, PASSWORD).catch(error => error.code)).toBe('rate-limited');
    },
  );

  it('can be switched off, except for staff', async () => {
    await setKillSwitches(gateway.app.core, scopeOf(SERVICE), { id: 4, enabled: true });
    try {
      await expect(signIn('alice', PASSWORD, { at: other })).rejects.toMatchObject({
        code: 'switched-off',
        facts: { feature: 4 },
      });
      expect((await signIn('stf')).account.username).toBe('stf');
    } finally {
      await setKillSwitches(gateway.app.core, scopeOf(SERVICE), { id: null, enabled: false });
    }
  });
});

describe('a session', () => {
  const switches = (token: string, at = gateway) => findKillSwitches(at.app.core, scopeBy(token));

  it('ends at once for every gateway when it is revoked, and no other with it', async () => {
    const [first, second] = [await signIn('alice'), await signIn('alice')];
    expect(await switches(first.token, other)).toHaveLength(9);
    expect(await gateway.app.accounts.revokeSession(scopeBy(second.token), first.id)).toBe(true);
    await expect(switches(first.token, other)).rejects.toMatchObject({ code: 'invalid-session' });
    await expect(switches(first.token)).rejects.toMatchObject({ code: 'invalid-session' });
    expect(await switches(second.token, other)).toHaveLength(9);
    expect(await gateway.app.accounts.revokeSession(scopeBy(second.token), first.id)).toBe(false);
  });

  it('of another account is not revoked', async () => {
    const [alice, bob] = [await signIn('alice'), await signIn('bob')];
    expect(await gateway.app.accounts.revokeSession(scopeBy(bob.token), alice.id)).toBe(false);
    expect(await gateway.app.accounts.revokeSession(scopeBy(bob.token), 'no uuid')).toBe(false);
    expect(await switches(alice.token)).toHaveLength(9);
  });

  it('ends with a new password and with the account', async () => {
    const session = await signIn('carol');
    await gateway.db.sql(`select sluice.change_account('carol', '{"password_hash": "none"}')`);
    await expect(switches(session.token)).rejects.toMatchObject({ code: 'invalid-session' });
    const { token } = await openSessionFor(gateway.db, 'carol');
    await gateway.db.sql(`delete from sluice.accounts where username = 'carol'`);
    await expect(switches(token)).rejects.toMatchObject({ code: 'invalid-session' });
  });

  it('is listed to its own user, newest first', async () => {
    const { token } = await openSessionFor(gateway.db, 'adm', { scopes: 2 });
    const session = await signIn('adm');
    const listed = await gateway.app.accounts.listSessions(scopeBy(token));
    expect(listed.map(({ name, scopes }) => [name, scopes])).toEqual([
      ['browser', null],
      ['test', 2],
      ['test', null],
    ]);
    expect(listed[0]).toMatchObject({ id: session.id, expiresAt: session.expiresAt });
  });

  it.each([
    ['a scoped one', 128 | 256, 128, true],
    ['the same scopes', 128, 128, true],
    ['other scopes', 128, 2, false],
    ['more scopes', 128, 130, false],
    ['everything', 128, 1, false],
    ['one that is not scoped', 128, null, false],
    ['one that is not scoped, with the scope for everything', 1, null, false],
    ['any scopes, with the scope for everything', 1, 524288, true],
    ['one that is not scoped, without scopes of its own', null, null, true],
  ])('opens %s: held %p, wished %p', async (_, held, scopes, allowed) => {
    const { token } = await openSessionFor(gateway.db, 'bob', { scopes: held });
    const wish = { name: 'script', scopes, lifetimeMs: HOUR_MS };
    const opened = gateway.app.accounts.openSession(scopeBy(token), wish);
    if (allowed) expect((await opened).scopes).toBe(scopes);
    else await expect(opened).rejects.toMatchObject({ code: 'not-permitted', facts: { permit: 'session-scopes' } });
  });

  it('is needed to open another', async () => {
    const wish = { name: null, scopes: null, lifetimeMs: HOUR_MS };
    await expect(gateway.app.accounts.openSession(scopeOf(SERVICE), wish)).rejects.toMatchObject({
      code: 'invalid-session',
    });
  });
});

describe('admission', () => {
  const limit = (by: string) => ({ limit: { name: 'file-name' as const, by: [by] } });
  const asAlice = async () => scopeBy((await openSessionFor(gateway.db, 'alice')).token);

  it('refuses more than the limit, however many ask at once at however many gateways', async () => {
    const scope = await asAlice();
    const asked = Array.from({ length: 12 }, (_, turn) =>
      admit((turn % 2 ? gateway : other).app.core, scope, limit('storm')).then(
        taken => taken?.remaining,
        error => error.code,
      ),
    );
    expect((await Promise.all(asked)).sort()).toEqual([0, 1, ...Array(10).fill('rate-limited')]);
  });

  it('counts each user and thing apart, and begins anew when the window is over', async () => {
    const scope = await asAlice();
    for (const by of ['a', 'a', 'b']) await admit(gateway.app.core, scope, limit(by));
    await expect(admit(gateway.app.core, scope, limit('a'))).rejects.toMatchObject({
      code: 'rate-limited',
      facts: { limit: 2, remaining: 0, resetSeconds: 3600 },
    });
    await gateway.db.sql(`update sluice.rate_limits set window_end = now() where key = 'file-name|a'`);
    expect(await admit(other.app.core, scope, limit('a'))).toMatchObject({
      limit: 2,
      remaining: 1,
      resetSeconds: 3600,
    });
  });

  it('is given back for what does not count after all', async () => {
    const scope = await asAlice();
    const taken = await admit(gateway.app.core, scope, limit('back'));
    if (taken === null) throw new Error('nothing was counted');
    await refund(other.app.core, scope, taken);
    expect(await admit(gateway.app.core, scope, limit('back'))).toMatchObject({ remaining: 1 });
  });

  it('counts nothing for a request that its session, permits or a switch refuse', async () => {
    const scope = { ...(await asAlice()), permits: ['test-visitor'] };
    await expect(admit(gateway.app.core, scope, limit('refused'))).rejects.toMatchObject({ code: 'not-permitted' });
    expect(await gateway.db.sql(`select from sluice.rate_limits where key = 'file-name|refused'`)).toEqual([]);
  });

  it.each([
    ['its own switch', 5, 5, 5],
    ['the switch for everything', 8, 5, 8],
  ])('is refused by %s, at every gateway at once, except for staff', async (_, id, feature, named) => {
    const [alice, staff] = [await asAlice(), scopeBy((await openSessionFor(gateway.db, 'stf')).token)];
    await setKillSwitches(gateway.app.core, staff, { id, enabled: true });
    try {
      await expect(admit(other.app.core, alice, { feature })).rejects.toMatchObject({
        code: 'switched-off',
        facts: { feature: named },
      });
      expect(await admit(other.app.core, staff, { feature })).toBeNull();
    } finally {
      await setKillSwitches(gateway.app.core, staff, { id: null, enabled: false });
    }
    expect(await admit(other.app.core, alice, { feature })).toBeNull();
  });

  it('defers what stops the thing asked for alone, and not what stops everything', async () => {
    const { core } = gateway.app;
    const [alice, staff] = [await asAlice(), scopeBy((await openSessionFor(gateway.db, 'stf')).token)];
    const asked = { feature: 5, ...limit('deferred') };
    try {
      await setKillSwitches(core, staff, { id: 5, enabled: true });
      const off = await admitOrDefer(core, alice, asked);
      expect(off).toMatchObject({ admitted: null, refusal: { code: 'switched-off', facts: { feature: 5 } } });
      await setKillSwitches(core, staff, { id: 8, enabled: true });
      await expect(admitOrDefer(core, alice, asked)).rejects.toMatchObject({ code: 'switched-off' });
    } finally {
      await setKillSwitches(core, staff, { id: null, enabled: false });
    }
    for (const remaining of [1, 0]) {
      expect(await admitOrDefer(core, alice, asked)).toMatchObject({ admitted: { remaining }, refusal: null });
    }
    expect(await admitOrDefer(core, alice, asked)).toMatchObject({ refusal: { code: 'rate-limited' } });
  });

  it('is not refused by another switch', async () => {
    await setKillSwitches(gateway.app.core, scopeOf(SERVICE), { id: 6, enabled: true });
    expect(await admit(other.app.core, await asAlice(), { feature: 5 })).toBeNull();
    expect((await findKillSwitches(other.app.core, scopeOf(SERVICE))).filter(({ enabled }) => enabled)).toEqual([
      { id: 6, enabled: true },
    ]);
    await setKillSwitches(gateway.app.core, scopeOf(SERVICE), { id: null, enabled: false });
  });

  it('clears windows that are over, so that addresses that never come back leave nothing', async () => {
    await gateway.db.sql(`insert into sluice.rate_limits
      select 'old|' || n, now() - interval '2h', now() - interval '1h', 1 from generate_series(1, 4) n`);
    const scope = await asAlice();
    for (const by of ['clear1', 'clear2']) await admit(gateway.app.core, scope, limit(by));
    expect(await gateway.db.sql(`select key from sluice.rate_limits where key like 'old|%'`)).toEqual([]);
  });
});

it('a change of flags is felt by the next request of a session at every gateway', async () => {
  const { token } = await openSessionFor(gateway.db, 'alice');
  const scope = { ...scopeBy(token), permits: ['past-kill-switches'] };
  await expect(findKillSwitches(other.app.core, scope)).rejects.toMatchObject({ code: 'not-permitted' });
  await changePerson(gateway.db, 'alice', { staff: true });
  expect(await findKillSwitches(other.app.core, scope)).toHaveLength(9);
  await changePerson(gateway.db, 'alice', { staff: false });
  await expect(findKillSwitches(other.app.core, scope)).rejects.toMatchObject({ code: 'not-permitted' });
});
