/** API 004: signing in, scoped sessions, and saying once more who one is. The numbers are those of the facts T4-… */
import { Secret, TOTP } from 'otpauth';
import { signToken } from '../../../src/identity/sign-token.ts';
import { changePerson, openSessionFor, PASSWORD, TOTP_SECRET } from '../../support/accounts.ts';
import { type Cloud, formFile, useTwoClouds, verdict } from '../../support/cloud.ts';
import { JWT_SECRET } from '../../support/gateway.ts';

let cloud: Cloud;
let second: Cloud;

useTwoClouds((...both) => {
  [cloud, second] = both;
});

const signIn = (json: unknown) => cloud.call('POST', '/api/login', { json });

/** A code of the authenticator app that has not been used yet. */
async function freshCode(secret = TOTP_SECRET): Promise<string> {
  await cloud.gateway.db.sql('update sluice.accounts set totp_step = 0');
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate();
}

describe('signing in', () => {
  it.each([
    ['a wrong password', { username: 'alice', password: 'wrong' }, '401 INVALID_PASSWORD_ERROR'],
    ['a name that nobody has', { username: 'nobody', password: PASSWORD }, '401 INVALID_PASSWORD_ERROR'],
    ['a banned user', { username: 'dave', password: PASSWORD }, '403 BANNED_ERROR'],
    ['a number for a name', { username: 5, password: PASSWORD }, '400 MISSING_FIELDS_ERROR'],
  ])('refuses %s', async (_, body, expected) => {
    expect(verdict(await signIn(body))).toBe(expected);
  });

  it('is not counted among requests, and kept by no cache', async () => {
    const { headers } = await signIn({ username: 'alice', password: PASSWORD });
    expect([headers['ratelimit-skipped'], headers['cache-control']]).toEqual(['true', 'no-store']);
  });

  it('says of too many tries what it says of every limit', async () => {
    for (let tries = 0; tries < 10; tries += 1) await signIn({ username: 'nobody', password: 'wrong' });
    const { status, headers } = await signIn({ username: 'nobody', password: 'wrong' });
    expect([status, headers['ratelimit-reason'], headers['ratelimit-skipped']]).toEqual([429, 'standard', undefined]);
  });

  it.each([
    ['no body', ''],
    ['an empty object', '{}'],
    ['broken JSON', '{'],
    ['no object', '[]'],
    ['null', 'null'],
  ])('names every field that is missing from %s', async (_, body) => {
    const headers = { 'content-type': 'application/json' };
    const { status, json } = await cloud.call('POST', '/api/login', { headers, body });
    expect([status, json]).toEqual([
      400,
      { code: 'MISSING_FIELDS_ERROR', message: 'Missing Fields', fields: ['username', 'password'] },
    ]);
  });

  it.each([
    [{}, 86_400],
    [{ rememberMe: true }, 3650 * 86_400],
  ])('gives a token that holds (%j)', async (more, seconds) => {
    const { status, json } = await signIn({ username: 'alice', password: PASSWORD, ...more });
    const { token, exp } = json as { token: string; exp: number };
    expect(status).toBe(201);
    expect(Math.abs(exp - (Date.now() / 1000 + seconds))).toBeLessThan(60);
    expect((await second.call('GET', '/api/users/me/files', { headers: { authorization: token } })).status).toBe(200);
  });
});

describe('sessions', () => {
  it('are opened with scopes, listed and ended, which another gateway feels at once', async () => {
    const json = { name: 'uploader', permissionFlags: 2, longLived: true };
    const opened = await cloud.as('alice', 'POST', '/api/users/me/sessions', { json });
    const { id, token, ...rest } = opened.json as Record<string, string>;
    expect([opened.status, rest]).toMatchObject([201, { name: 'uploader', permissionFlags: 2 }]);
    expect((await second.call('POST', '/api/upload', { token, form: [formFile()] })).status).toBe(201);
    expect(verdict(await second.call('GET', '/api/users/me/files', { token }))).toBe(
      '403 INSUFFICIENT_PERMISSIONS_ERROR',
    );

    const list = (await cloud.as('alice', 'GET', '/api/users/me/sessions')).json as { count: number; items: object[] };
    expect(list.count).toBe(list.items.length);
    expect(list.items[0]).toMatchObject({ id, name: 'uploader', permissionFlags: 2, current: false });
    expect(list.items.filter(item => (item as { current: boolean }).current)).toHaveLength(1);
    expect(JSON.stringify(list)).not.toContain(token);

    expect(verdict(await cloud.as('bob', 'DELETE', `/api/users/me/sessions/${id}`))).toBe('404 INVALID_SESSION_ERROR');
    expect((await cloud.as('alice', 'DELETE', `/api/users/me/sessions/${id}`)).status).toBe(200);
    expect(verdict(await second.call('POST', '/api/upload', { token, form: [formFile()] }))).toBe(
      '401 INVALID_SESSION_ERROR',
    );
  });

  it.each([
    ['no flags', 0],
    ['flags that are none', 2 ** 21],
    ['a text', 'all'],
  ])('refuse %s', async (_, permissionFlags) => {
    const reply = await cloud.as('alice', 'POST', '/api/users/me/sessions', { json: { permissionFlags } });
    expect(reply.json).toMatchObject({ code: 'MISSING_FIELDS_ERROR', fields: ['permissionFlags'] });
  });

  it.each([
    ['a name that holds NUL', '{"name":"a\\u0000b"}', ['name']],
    ['broken JSON, though every field may be missing', '{', ['body']],
  ])('refuse %s', async (_, body, fields) => {
    const headers = { 'content-type': 'application/json' };
    const reply = await cloud.as('alice', 'POST', '/api/users/me/sessions', { headers, body });
    expect(reply.json).toMatchObject({ code: 'MISSING_FIELDS_ERROR', fields });
  });

  it('never open one that could do more than themselves', async () => {
    const open = (permissionFlags: number | null) =>
      cloud.scoped('alice', 64 | 128, 'POST', '/api/users/me/sessions', { json: { permissionFlags } });
    for (const flags of [null, 1, 2, 64 | 128 | 256]) {
      expect(verdict(await open(flags))).toBe('403 INSUFFICIENT_PERMISSIONS_ERROR');
    }
    expect((await open(128)).status).toBe(201);
  });
});

describe('deleting everything', () => {
  const removeAll = (who: 'alice' | 'stf', json: unknown, path = '/api/users/me/files/all') =>
    cloud.as(who, 'DELETE', path, { json });

  it('asks for the password, and once in 7 days does it (T4-17, T4-21)', async () => {
    await cloud.put('alice');
    await cloud.put('alice');
    const bobs = await cloud.put('bob');
    for (const json of [undefined, {}, { password: '' }]) {
      const missing = await removeAll('alice', json);
      expect([missing.status, missing.json]).toEqual([
        400,
        { code: 'MISSING_FIELDS_ERROR', message: 'Missing Fields', fields: ['password'] },
      ]);
    }
    const wrong = await removeAll('alice', { password: 'wrong' });
    expect([wrong.status, wrong.json]).toEqual([401, { code: 'INVALID_PASSWORD_ERROR', message: 'Invalid Password' }]);
    expect(wrong.headers['ratelimit-skipped']).toBe('true');
    expect(await cloud.ids('alice')).toHaveLength(2);

    const gone = await removeAll('alice', { password: PASSWORD });
    expect([gone.status, gone.json]).toEqual([
      200,
      { code: 'DELETE_FILES_SUCCESS', message: 'Files Successfully Deleted', count: 2 },
    ]);
    expect([await cloud.ids('alice'), await cloud.ids('bob')]).toEqual([[], [bobs]]);
    const again = await second.as('alice', 'DELETE', '/api/users/me/files/all', { json: { password: PASSWORD } });
    expect(verdict(again)).toBe('429 RATELIMITED_ERROR');
    expect(Number(again.headers['ratelimit-reset'])).toBeGreaterThan(7 * 86_400 - 120);
  });

  it('gives 0 where there is nothing', async () => {
    expect((await removeAll('alice', { password: PASSWORD })).json).toMatchObject({ count: 0 });
  });

  it.each([1, 256])('refuses a session with the scope %d, whatever it says (T4-17)', async scopes => {
    await cloud.put('alice');
    const json = { password: PASSWORD };
    expect(verdict(await cloud.scoped('alice', scopes, 'DELETE', '/api/users/me/files/all', { json }))).toBe(
      '403 INSUFFICIENT_PERMISSIONS_ERROR',
    );
    expect(await cloud.ids('alice')).toHaveLength(1);
  });

  it.each([
    ['one’s own', '/api/users/me/files/all', 'stf'],
    ['another’s, as staff (T4-19)', '/api/users/:uid/files/all', 'alice'],
  ] as const)('of %s asks whoever has a second factor for a code (T4-18)', async (_, where, owner) => {
    const path = where.replace(':uid', cloud.people.alice.uid);
    const [id, bobs] = [await cloud.put(owner), await cloud.put('bob')];
    const asked = await removeAll('stf', { password: PASSWORD }, path);
    const { token, exp, types, code } = asked.json as Record<string, unknown>;
    expect([asked.status, code, types]).toEqual([401, 'SECOND_FACTOR_CHALLENGE_REQUIRED_ERROR', ['totp']]);
    expect(Number(exp)).toBeGreaterThan(Date.now() / 1000);

    const answer = (more: object) =>
      removeAll('stf', { '2fa': { token, type: 'totp', code: '000000', ...more } }, path);
    expect(verdict(await answer({}))).toBe('401 INVALID_SECOND_FACTOR_RESPONSE_ERROR');
    expect(verdict(await answer({ token: 'rubbish' }))).toBe('400 INVALID_SECOND_FACTOR_RESPONSE_ERROR');
    expect(verdict(await answer({ token: cloud.people.stf.token }))).toBe('401 INVALID_SECOND_FACTOR_RESPONSE_ERROR');
    for (const type of ['webauthn', 'backup']) {
      expect(verdict(await answer({ type, code: await freshCode() }))).toBe('401 INVALID_SECOND_FACTOR_RESPONSE_ERROR');
    }
    expect(await cloud.ids(owner)).toEqual([id]);

    const right = await freshCode();
    expect((await answer({ code: right })).json).toMatchObject({ count: 1 });
    expect([await cloud.ids(owner), await cloud.ids('bob')]).toEqual([[], [bobs]]);
    await cloud.forgetLimits();
    expect(verdict(await answer({ code: right }))).toBe('401 INVALID_SECOND_FACTOR_RESPONSE_ERROR');
  });

  it('refuses an expired challenge, and deletes nothing (T4-18)', async () => {
    const id = await cloud.put('stf');
    const { token } = (await removeAll('stf', { password: PASSWORD })).json as { token: string };
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
    const { exp: _exp, iat: _iat, ...claims } = JSON.parse(payload) as Record<string, unknown>;
    const challengeOf = (madeMs: number) =>
      signToken(claims, { secret: JWT_SECRET, lifetimeSeconds: 300, clock: { now: () => madeMs } });
    const answer = async (challenge: string) =>
      removeAll('stf', { '2fa': { token: challenge, type: 'totp', code: await freshCode() } });
    const late = await answer(challengeOf(Date.now() - 301_000));
    expect([late.status, late.json]).toEqual([
      401,
      { code: 'INVALID_SECOND_FACTOR_RESPONSE_ERROR', message: 'Invalid Second Factor Response' },
    ]);
    expect(await cloud.ids('stf')).toEqual([id]);
    // The same challenge, in its time: it was the time alone that was wrong.
    expect((await answer(challengeOf(Date.now() - 290_000))).json).toMatchObject({ count: 1 });
  });

  it('tells the password first, then the second factor, then the switch, then its limit', async () => {
    const { db } = cloud.gateway;
    const ask = (json: unknown) => cloud.as('bob', 'DELETE', '/api/users/me/files/all', { json });
    const code = async () => {
      const { token } = (await ask({ password: PASSWORD })).json as { token: string };
      return { '2fa': { token, type: 'totp', code: await freshCode() } };
    };
    expect((await ask({ password: PASSWORD })).status).toBe(200);
    await cloud.put('bob');
    await changePerson(db, 'bob', { totp_secret: TOTP_SECRET });
    await db.sql('update sluice.kill_switches set enabled = true where id = 7');
    try {
      expect(verdict(await ask({}))).toBe('400 MISSING_FIELDS_ERROR');
      expect(verdict(await ask({ password: 'wrong' }))).toBe('401 INVALID_PASSWORD_ERROR');
      expect(verdict(await ask({ password: PASSWORD }))).toBe('401 SECOND_FACTOR_CHALLENGE_REQUIRED_ERROR');
      expect((await ask(await code())).json).toMatchObject({ code: 'SERVICE_UNAVAILABLE_ERROR', feature: 7 });
      await db.sql('update sluice.kill_switches set enabled = false');
      expect(verdict(await ask({ password: 'wrong' }))).toBe('401 INVALID_PASSWORD_ERROR');
      expect(verdict(await ask(await code()))).toBe('429 RATELIMITED_ERROR');
      expect(await cloud.ids('bob')).toHaveLength(1);
    } finally {
      await db.sql('update sluice.kill_switches set enabled = false');
      await db.sql("update sluice.accounts set totp_secret = null where username = 'bob'");
    }
  });

  it('knows no user of another number (T4-09)', async () => {
    const path = '/api/users/1234567890123/files/all';
    const { token } = (await removeAll('stf', { password: PASSWORD }, path)).json as { token: string };
    const reply = await removeAll('stf', { '2fa': { token, type: 'totp', code: await freshCode() } }, path);
    expect(verdict(reply)).toBe('404 INVALID_USER_ERROR');
  });
});

describe('one-time codes', () => {
  it('are taken on with a code of the new device, asked for, and given up with another', async () => {
    const { token } = await openSessionFor(cloud.gateway.db, 'bob');
    const ask = (method: string, path: string, json: unknown) =>
      cloud.call(method, `/api/users/me${path}`, { token, json });
    expect(verdict(await ask('POST', '/2fa/totp', {}))).toBe('400 MISSING_FIELDS_ERROR');
    const begun = await ask('POST', '/2fa/totp', { password: PASSWORD });
    const { secret, uri } = begun.json as Record<string, string>;
    expect([begun.status, String(uri).startsWith('otpauth://totp/')]).toEqual([201, true]);
    expect((await ask('DELETE', '/files/all', { password: PASSWORD })).status).toBe(200);
    await cloud.forgetLimits();

    expect(verdict(await ask('POST', '/2fa/totp/confirm', { code: '000000' }))).toBe(
      '401 INVALID_SECOND_FACTOR_RESPONSE_ERROR',
    );
    expect((await ask('POST', '/2fa/totp/confirm', { code: await freshCode(secret) })).status).toBe(200);
    expect(verdict(await ask('DELETE', '/files/all', { password: PASSWORD }))).toBe(
      '401 SECOND_FACTOR_CHALLENGE_REQUIRED_ERROR',
    );
    expect((await ask('DELETE', '/2fa/totp', { code: await freshCode(secret) })).status).toBe(200);
    expect((await ask('DELETE', '/files/all', { password: PASSWORD })).status).toBe(200);
  });
});

describe('kill switches', () => {
  it('are set by staff that says once more who it is', async () => {
    const path = '/api/killswitches/5';
    expect(verdict(await cloud.as('stf0', 'PUT', path))).toBe('400 MISSING_FIELDS_ERROR');
    expect(verdict(await cloud.as('stf', 'PUT', path, { json: { password: PASSWORD } }))).toBe(
      '401 SECOND_FACTOR_CHALLENGE_REQUIRED_ERROR',
    );
    expect((await cloud.as('stf0', 'PUT', path, { json: { password: PASSWORD } })).status).toBe(200);
    expect((await cloud.as('stf0', 'DELETE', path, { json: { password: PASSWORD } })).status).toBe(200);
  });
});
