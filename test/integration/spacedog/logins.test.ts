/** API 003 for accounts: HTTP Basic, sessions, and what a flag of the account changes at once (T3-14, T3-15). */
import { addPeople, addPerson, changePerson, openSessionFor, openTestRooms, PASSWORD } from '../../support/accounts.ts';
import { type Call, makeCall } from '../../support/call.ts';
import { type Gateway, startGateway } from '../../support/gateway.ts';

const DOMAIN = 'files.example.com';
const ON_ONE = { host: `one.${DOMAIN}` };

let gateway: Gateway;
let call: Call;
let tokens: { readonly adm: string; readonly alice: string };
beforeAll(async () => {
  gateway = await startGateway({ env: { BACKEND_DOMAIN: DOMAIN, RATE_LIMITS: 'login=1000/1m' } });
  call = makeCall(gateway.url);
  const { adm, alice } = await addPeople(gateway.db);
  tokens = { adm: adm.token, alice: alice.token };
  await openTestRooms(gateway.db, 'one');
  await addPerson(gateway.db, 'una', { verified: true, admin: true, backend: 'one' });
});
afterAll(() => gateway.stop());
beforeEach(() => gateway.db.sql('delete from storage.objects'));

const basic = (username: string, password = PASSWORD) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

const put = (authorization: string, headers = {}) =>
  call('PUT', '/1/file/www/a.txt', { body: 'bytes', headers: { authorization, ...headers } });

it.each([
  ['a wrong password', basic('adm', 'wrong'), 401],
  ['an unknown name', basic('nobody'), 401],
  ['no pair', 'Basic YWRt', 401],
  ['what is no base64', 'Basic %%%', 401],
  ['nothing', 'Basic', 401],
  ['a user who is no administrator', basic('alice'), 403],
  ['an administrator of another backend', basic('una'), 403],
  ['a banned user', basic('dave'), 403],
])('refuses %s, and stores nothing (T3-14, T3-15)', async (_, authorization, status) => {
  expect((await put(authorization)).status).toBe(status);
  expect((await call('DELETE', '/1/file', { headers: { authorization } })).status).toBe(status);
  expect(await gateway.db.sql('select from storage.objects')).toEqual([]);
});

it('knows administrators by name and password, by backend, and by their sessions', async () => {
  expect((await put(basic('adm'))).status).toBe(200);
  expect((await put(`Bearer ${tokens.adm}`)).status).toBe(200);
  expect((await put(tokens.alice)).status).toBe(403);
  expect((await call('GET', '/1/file/www/a.txt')).headers['x-spacedog-owner']).toBe('adm');
  expect((await put(basic('adm'), ON_ONE)).status).toBe(403);
  expect((await put(basic('una'), ON_ONE)).status).toBe(200);
  expect((await call('GET', '/1/file/www/a.txt', { headers: ON_ONE })).headers['x-spacedog-owner']).toBe('una');
});

it('feels at once that somebody is no administrator any more, by password and by session', async () => {
  await addPerson(gateway.db, 'eve', { verified: true, admin: true });
  expect((await put(basic('eve'))).status).toBe(200);
  await changePerson(gateway.db, 'eve', { admin: false });
  expect((await put(basic('eve'))).status).toBe(403);
  await changePerson(gateway.db, 'adm', { admin: false });
  expect((await put(`Bearer ${tokens.adm}`)).status).toBe(403);
});

it('feels at once that an administrator is banned, in a session that goes on', async () => {
  await addPerson(gateway.db, 'ivy', { verified: true, admin: true });
  const { token } = await openSessionFor(gateway.db, 'ivy');
  expect((await put(`Bearer ${token}`)).status).toBe(200);
  await gateway.db.sql("update sluice.accounts set banned_at = now() where username = 'ivy'");
  expect((await put(`Bearer ${token}`)).status).toBe(403);
  expect((await call('DELETE', '/1/file/www', { token })).status).toBe(403);
  expect((await call('GET', '/1/file/www/a.txt')).text).toBe('bytes');
});

it.each([
  ['UPLOAD_FILE', 2, [200, 403, 403]],
  ['FILE_MODIFY', 256, [403, 403, 200]],
  ['both', 258, [200, 200, 200]],
  ['FILE_READ', 128, [403, 403, 403]],
  ['ALL', 1, [200, 200, 200]],
])('holds a scoped session with %s to its flags when it adds, replaces and deletes', async (_, scopes, expected) => {
  const gus = `gus${scopes}`;
  await addPerson(gateway.db, gus, { verified: true, admin: true });
  const { token } = await openSessionFor(gateway.db, gus, { scopes });
  const own = await openSessionFor(gateway.db, gus);
  await call('PUT', '/1/file/www/there.txt', { body: 'there', token: own.token });
  const added = await call('PUT', '/1/file/www/new.txt', { body: 'new', token });
  const replaced = await call('PUT', '/1/file/www/there.txt', { body: 'other', token });
  const deleted = await call('DELETE', '/1/file/www/there.txt', { token });
  expect([added.status, replaced.status, deleted.status]).toEqual(expected);
});

it('refuses a wrong password also where reading needs none', async () => {
  expect((await call('GET', '/1/file', { headers: { authorization: basic('adm', 'wrong') } })).status).toBe(401);
  expect((await call('GET', '/1/file', { headers: { authorization: basic('alice') } })).status).toBe(200);
});

it('refuses more wrong passwords than the limit allows with 429 and a time, to HEAD as well', async () => {
  await gateway.db.sql('delete from sluice.rate_limits');
  const strict = await startGateway({ beside: gateway, env: { RATE_LIMITS: 'login=3/1m' } });
  const ask = (method: string) =>
    makeCall(strict.url)(method, '/1/file', { headers: { authorization: basic('bob', 'wrong') } });
  const replies = [];
  for (let tries = 0; tries < 4; tries += 1) replies.push(await ask('GET'));
  replies.push(await ask('HEAD'));
  await strict.stop();
  expect(replies.map(({ status }) => status)).toEqual([401, 401, 401, 429, 429]);
  const message = 'too many wrong passwords, wait as many seconds as Retry-After says';
  expect(replies[3]?.json).toEqual({ success: false, status: 429, error: { message } });
  expect(Number(replies[4]?.headers['retry-after'])).toBeGreaterThan(0);
});

it('takes requests that come at once with a right password for one try', async () => {
  await gateway.db.sql('delete from sluice.rate_limits');
  const strict = await startGateway({ beside: gateway, env: { RATE_LIMITS: 'login=1/1m' } });
  const headers = { authorization: basic('bob') };
  const replies = await Promise.all(
    Array.from({ length: 12 }, () => makeCall(strict.url)('GET', '/1/file', { headers })),
  );
  await strict.stop();
  expect(replies.map(({ status }) => status)).toEqual(Array(12).fill(200));
});

it('believes a password only where it came from', async () => {
  await gateway.db.sql('delete from sluice.rate_limits');
  const env = { RATE_LIMITS: 'login=2/1m', TRUST_PROXY: 'true' };
  const strict = await startGateway({ beside: gateway, env });
  const ask = (password: string | undefined, from: string) =>
    makeCall(strict.url)('GET', '/1/file', {
      headers: { authorization: basic('bob', password), 'x-forwarded-for': from },
    });
  const here = await ask(undefined, '192.0.2.1');
  for (let tries = 0; tries < 2; tries += 1) await ask('wrong', '192.0.2.2');
  const replies = [await ask(undefined, '192.0.2.2'), await ask(undefined, '192.0.2.1')];
  await strict.stop();
  expect([here, ...replies].map(({ status }) => status)).toEqual([200, 429, 200]);
});
