/** Proving once more who one is: HTTP Basic, passwords within a session, one-time codes and their enrolment. */
import { Secret, TOTP } from 'otpauth';
import type { RequestScope } from '../../src/domain/caller.ts';
import { type Accounts, makeAccounts } from '../../src/identity/accounts.ts';
import { makePasswords } from '../../src/identity/passwords.ts';
import { signToken } from '../../src/identity/sign-token.ts';
import { parseSigningKeys } from '../../src/identity/signing-keys.ts';
import { makeTokenVerifier } from '../../src/identity/token-verifier.ts';
import { addPeople, changePerson, openSessionFor, PASSWORD, TOTP_SECRET } from '../support/accounts.ts';
import { type Gateway, JWT_SECRET, startGateway } from '../support/gateway.ts';
import { ANON, SERVICE, scopeOf } from '../support/scopes.ts';

const keys = parseSigningKeys({ secret: JWT_SECRET, jwks: null });
const verifier = makeTokenVerifier({ keys, roles: ['anon', 'authenticated'], clock: Date });
const passwords = makePasswords({ maxAtOnce: 2 });

let gateway: Gateway;
let nowMs: number;
let accounts: Accounts;
let checked = 0;

beforeAll(async () => {
  gateway = await startGateway();
  await addPeople(gateway.db);
});
afterAll(() => gateway.stop());
beforeEach(async () => {
  nowMs = Date.now();
  checked = 0;
  accounts = makeAccounts({
    database: gateway.app.core.database,
    passwords: {
      ...passwords,
      verify: (password, hash) => {
        checked += 1;
        return passwords.verify(password, hash);
      },
    },
    keys,
    clock: { now: () => nowMs },
    loginLimit: { count: 3, windowMs: 60_000 },
  });
  await gateway.db.sql('delete from sluice.rate_limits');
  await gateway.db.sql('update sluice.accounts set totp_step = 0');
  await gateway.db.sql(`update sluice.accounts set totp_secret = $1 where username = 'stf'`, [TOTP_SECRET]);
});

async function sessionOf(username: string, scopes: number | null = null): Promise<RequestScope> {
  return scopeOf(verifier.verify((await openSessionFor(gateway.db, username, { scopes })).token));
}

/** The code that an app shows at the accounts' own time, or so many seconds from it. */
function codeOf(secret = TOTP_SECRET, afterSeconds = 0): string {
  return TOTP.generate({ secret: Secret.fromBase32(secret), timestamp: nowMs + afterSeconds * 1000 });
}

describe('HTTP Basic', () => {
  const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;
  const authenticate = (authorization: string, address = '192.0.2.1') =>
    accounts.authenticateBasic(scopeOf(ANON), { authorization, address });

  it.each([
    ['a wrong password', basic('adm:wrong')],
    ['a name that nobody has', basic(`nobody:${PASSWORD}`)],
    ['no colon', basic('adm')],
    ['no base64', 'Basic !!!'],
    ['nothing after the scheme', 'Basic'],
    ['another scheme', `Bearer ${PASSWORD}`],
    ['nothing', ''],
  ])('refuses %s', async (_, authorization) => {
    await expect(authenticate(authorization)).rejects.toMatchObject({ code: 'invalid-password' });
  });

  it('makes its user a caller as a session’s token would, without a session', async () => {
    const caller = await authenticate(basic(`adm:${PASSWORD}`));
    expect(caller).toMatchObject({ role: 'authenticated', sessionId: null });
    expect(JSON.parse(caller.claims)).toMatchObject({
      sub: caller.subject,
      username: 'adm',
      admin: true,
      backend: 'default',
      role: 'authenticated',
    });
  });

  it('takes a password with colons and letters beyond ASCII', async () => {
    const hash = await passwords.hash('a:ß:c');
    await gateway.db.sql(`select sluice.add_account('colon', jsonb_build_object('password_hash', $1::text))`, [hash]);
    expect((await authenticate(basic('colon:a:ß:c'))).role).toBe('authenticated');
  });

  it('believes a right password for a minute, and reads the account each time', async () => {
    const header = basic(`adm:${PASSWORD}`);
    for (let turn = 0; turn < 5; turn += 1) await authenticate(header);
    expect(checked).toBe(1);
    await changePerson(gateway.db, 'adm', { admin: false });
    expect(JSON.parse((await authenticate(header)).claims).admin).toBe(false);
    await changePerson(gateway.db, 'adm', { admin: true, banned: true });
    await expect(authenticate(header)).rejects.toMatchObject({ code: 'not-permitted' });
    await changePerson(gateway.db, 'adm', { banned: false });
    expect(checked).toBe(1);
    nowMs += 60_000;
    await authenticate(header);
    expect(checked).toBe(2);
  });

  it('believes no password that has been changed', async () => {
    const header = basic(`bob:${PASSWORD}`);
    await authenticate(header);
    const [old] = await gateway.db.sql(`select password_hash from sluice.accounts where username = 'bob'`);
    await gateway.db.sql(`select sluice.change_account('bob', jsonb_build_object('password_hash', $1::text))`, [
      await passwords.hash('another'),
    ]);
    await expect(authenticate(header)).rejects.toMatchObject({ code: 'invalid-password' });
    await gateway.db.sql(`update sluice.accounts set password_hash = $1 where username = 'bob'`, [old?.password_hash]);
  });

  it('is throttled like signing in, which does not keep out who is believed already', async () => {
    await authenticate(basic(`adm:${PASSWORD}`));
    for (let turn = 0; turn < 3; turn += 1) await authenticate(basic('adm:wrong')).catch(() => {});
    await expect(authenticate(basic('adm:wrong'))).rejects.toMatchObject({ code: 'rate-limited' });
    await expect(
      accounts.signIn(scopeOf(ANON), { username: 'adm', password: PASSWORD, address: '192.0.2.9', lifetimeMs: 1000 }),
    ).rejects.toMatchObject({ code: 'rate-limited' });
    expect((await authenticate(basic(`adm:${PASSWORD}`))).role).toBe('authenticated');
  });
});

describe('reverification', () => {
  it.each([
    ['nothing', {}, 'missing-password'],
    ['an empty password', { password: '' }, 'missing-password'],
    ['a wrong password', { password: 'wrong' }, 'invalid-password'],
  ])('refuses %s', async (_, proof, code) => {
    await expect(accounts.reverify(await sessionOf('alice'), proof)).rejects.toMatchObject({ code });
  });

  it('takes the password of an account without a second factor', async () => {
    expect(await accounts.reverify(await sessionOf('alice'), { password: PASSWORD })).toBeUndefined();
  });

  it('needs a session', async () => {
    const proof = { password: PASSWORD };
    await expect(accounts.reverify(scopeOf(SERVICE), proof)).rejects.toMatchObject({ code: 'invalid-session' });
  });

  it('is refused after too many wrong attempts, right ones as well', async () => {
    const scope = await sessionOf('alice');
    for (let turn = 0; turn < 3; turn += 1) await accounts.reverify(scope, { password: 'wrong' }).catch(() => {});
    await expect(accounts.reverify(scope, { password: PASSWORD })).rejects.toMatchObject({ code: 'rate-limited' });
  });

  /** The token that a right password is answered with. */
  async function challengeOf(scope: RequestScope): Promise<string> {
    const error = await accounts.reverify(scope, { password: PASSWORD }).catch(thrown => thrown);
    expect(error).toMatchObject({ code: 'second-factor-required', facts: { types: 'totp' } });
    expect(Date.parse(error.facts.expiresAt)).toBe(nowMs + 300_000);
    return error.facts.token;
  }

  it('asks who has a second factor for a code, after the right password only', async () => {
    const scope = await sessionOf('stf');
    await expect(accounts.reverify(scope, { password: 'wrong' })).rejects.toMatchObject({ code: 'invalid-password' });
    const token = await challengeOf(scope);
    expect(await accounts.reverify(scope, { secondFactor: { token, code: codeOf() } })).toBeUndefined();
  });

  it.each([-30, 30])('takes the code of %i seconds from now, for clocks that disagree', async seconds => {
    const scope = await sessionOf('stf');
    const secondFactor = { token: await challengeOf(scope), code: codeOf(TOTP_SECRET, seconds) };
    expect(await accounts.reverify(scope, { secondFactor })).toBeUndefined();
  });

  it('takes a code once, however often it comes at the same time, and none before it afterwards', async () => {
    const scope = await sessionOf('stf');
    const secondFactor = { token: await challengeOf(scope), code: codeOf() };
    // As many connections as there are to be answers, so that none of them waits for one.
    await Promise.all([1, 2, 3].map(() => accounts.listSessions(scope)));
    const answers = await Promise.allSettled([1, 2, 3].map(() => accounts.reverify(scope, { secondFactor })));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const earlier = { ...secondFactor, code: codeOf(TOTP_SECRET, -30) };
    await gateway.db.sql('delete from sluice.rate_limits');
    await expect(accounts.reverify(scope, { secondFactor: earlier })).rejects.toMatchObject({
      code: 'invalid-second-factor',
      facts: { reason: 'code' },
    });
  });

  it.each([
    ['a wrong code', () => ({ code: codeOf(TOTP_SECRET, 3600) }), 'code'],
    ['a code that is none', () => ({ code: 'abcdef' }), 'code'],
    ['no code', () => ({ code: '' }), 'code'],
    ['a challenge that is no token', () => ({ token: 'rubbish' }), 'malformed'],
    [
      'a forged challenge',
      () => ({ token: signToken({}, { secret: 'x'.repeat(32), lifetimeSeconds: 9, clock: Date }) }),
      'challenge',
    ],
    ['a login in the place of a challenge', (scope: RequestScope) => ({ token: loginOf(scope) }), 'challenge'],
  ])('refuses %s', async (_, change, reason) => {
    const scope = await sessionOf('stf');
    const secondFactor = { token: await challengeOf(scope), code: codeOf(), ...change(scope) };
    await expect(accounts.reverify(scope, { secondFactor })).rejects.toMatchObject({
      code: 'invalid-second-factor',
      facts: { reason },
    });
  });

  it('refuses a challenge of another session, and one that is over', async () => {
    const [first, second] = [await sessionOf('stf'), await sessionOf('stf')];
    const token = await challengeOf(first);
    const refusal = { code: 'invalid-second-factor', facts: { reason: 'challenge' } };
    const answer = () => ({ secondFactor: { token, code: codeOf() } });
    await expect(accounts.reverify(second, answer())).rejects.toMatchObject(refusal);
    nowMs += 301_000;
    await expect(accounts.reverify(first, answer())).rejects.toMatchObject(refusal);
  });

  it('gives a challenge that opens nothing', async () => {
    const token = await challengeOf(await sessionOf('stf'));
    expect(() => verifier.verify(token)).toThrow('a signed link is not a login');
  });
});

describe('a second factor', () => {
  it('counts once a code of it was given, is told to the policies, and goes for another code', async () => {
    const scope = await sessionOf('alice');
    const { secret, url } = await accounts.proposeSecondFactor(scope);
    expect(url).toMatch(/^otpauth:\/\/totp\/Sluice:alice\?.*secret=[A-Z2-7]{32}&/);
    expect(await accounts.reverify(scope, { password: PASSWORD })).toBeUndefined();
    await expect(accounts.confirmSecondFactor(scope, '000000')).rejects.toMatchObject({
      code: 'invalid-second-factor',
    });
    await accounts.confirmSecondFactor(scope, codeOf(secret));
    const [claims] = await gateway.db.sql<{ claims: Record<string, unknown> }>(
      `select sluice.claims_of_account(a) as claims from sluice.accounts a where username = 'alice'`,
    );
    expect(claims?.claims.second_factor).toBe(true);
    await expect(accounts.reverify(scope, { password: PASSWORD })).rejects.toMatchObject({
      code: 'second-factor-required',
    });
    await expect(accounts.removeSecondFactor(scope, codeOf(secret))).rejects.toMatchObject({
      code: 'invalid-second-factor',
    });
    nowMs += 30_000;
    await accounts.removeSecondFactor(scope, codeOf(secret));
    expect(await accounts.reverify(scope, { password: PASSWORD })).toBeUndefined();
  });

  it('is not replaced by a second proposal', async () => {
    await expect(accounts.proposeSecondFactor(await sessionOf('stf'))).rejects.toMatchObject({
      code: 'not-permitted',
      facts: { permit: 'no-second-factor' },
    });
  });

  it('is not confirmed where none was proposed', async () => {
    await expect(accounts.confirmSecondFactor(await sessionOf('bob'), codeOf())).rejects.toMatchObject({
      code: 'invalid-second-factor',
    });
  });
});

function loginOf({ caller }: RequestScope): string {
  return signToken(JSON.parse(caller.claims), { secret: JWT_SECRET, lifetimeSeconds: 60, clock: Date });
}
