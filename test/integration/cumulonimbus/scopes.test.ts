/** API 004: each endpoint with each of the 20 scopes (T4-10). */
import { openSessionFor } from '../../support/accounts.ts';
import { type Cloud, startCloud, verdict } from '../../support/cloud.ts';
import { ENDPOINTS, pathFor, SCOPES, titleOf } from './endpoints.ts';

let cloud: Cloud;
const tokens = new Map<string, string>();

beforeAll(async () => {
  cloud = await startCloud();
  for (const who of ['alice', 'stf'] as const) {
    for (const scopes of SCOPES) {
      tokens.set(`${who} ${scopes}`, (await openSessionFor(cloud.gateway.db, who, { scopes })).token);
    }
  }
});
afterAll(() => cloud.gateway.stop());

describe.each(ENDPOINTS.map(endpoint => [titleOf(endpoint), endpoint] as const))('%s', (_, endpoint) => {
  const { method, path, scope, staff, options } = endpoint;
  const isEnough = (flag: number) => scope !== null && (flag === 1 || flag === scope);

  async function ask(flag: number, id: string) {
    const address = pathFor(endpoint, { uid: cloud.people.alice.uid, id });
    const token = tokens.get(`${staff ? 'stf' : 'alice'} ${flag}`);
    return cloud.call(method, address, { token, ...options?.([id]) });
  }

  it('refuses a session with any other scope, and changes nothing', async () => {
    const id = await cloud.put('alice');
    const verdicts: string[] = [];
    const others = SCOPES.filter(flag => !isEnough(flag));
    for (const flag of others) verdicts.push(verdict(await ask(flag, id)));
    expect(verdicts).toEqual(others.map(() => '403 INSUFFICIENT_PERMISSIONS_ERROR'));
    const file = await cloud.as('alice', 'GET', `/api/users/me/files/${id}`);
    expect(file.json).toMatchObject({ id, name: 'note.txt' });
    await cloud.forgetLimits();
  });

  it('lets a session with the named scope do it, and with the one for everything', async () => {
    const statuses: number[] = [];
    const enough = SCOPES.filter(isEnough);
    for (const flag of enough) statuses.push((await ask(flag, await cloud.put('alice'))).status);
    expect(statuses).toEqual(enough.map(() => (path === '/api/upload' ? 201 : 200)));
    expect(enough).toHaveLength(scope === null ? 0 : 2);
    await cloud.forgetLimits();
  });
});

describe('sessions, second factors and kill switches', () => {
  it.each([
    ['GET', '/api/users/me/sessions', 32],
    ['POST', '/api/users/me/sessions', 64],
    ['DELETE', '/api/users/me/sessions/nobodys', 64],
    ['POST', '/api/users/me/2fa/totp', null],
    ['POST', '/api/users/me/2fa/totp/confirm', null],
    ['DELETE', '/api/users/me/2fa/totp', null],
    ['GET', '/api/killswitches', 524288],
    ['PUT', '/api/killswitches/0', 524288],
    ['DELETE', '/api/killswitches/0', 524288],
    ['DELETE', '/api/killswitches', 524288],
  ] as const)('%s %s needs the scope %s or the one for everything', async (method, path, scope) => {
    const refused: number[] = [];
    for (const flag of SCOPES) {
      const json = { name: 'x', permissionFlags: flag };
      const reply = await cloud.call(method, path, {
        token: tokens.get(`stf ${flag}`),
        ...(method === 'GET' ? {} : { json }),
      });
      if (verdict(reply) === '403 INSUFFICIENT_PERMISSIONS_ERROR') refused.push(flag);
    }
    expect(refused).toEqual(SCOPES.filter(flag => scope === null || (flag !== 1 && flag !== scope)));
    await cloud.forgetLimits();
  });
});

it('lets a session with the flags of two scopes do what either may', async () => {
  await cloud.put('alice');
  const list = await cloud.scoped('alice', 2 | 128, 'GET', '/api/users/me/files');
  expect(list.status).toBe(200);
  expect(verdict(await cloud.scoped('alice', 2 | 128, 'GET', '/api/users/me/sessions'))).toBe(
    '403 INSUFFICIENT_PERMISSIONS_ERROR',
  );
});

it('makes nobody staff by a scope', async () => {
  for (const scopes of [1, 32768, 65536, 524288]) {
    expect(verdict(await cloud.scoped('alice', scopes, 'GET', '/api/files'))).toBe(
      '403 INSUFFICIENT_PERMISSIONS_ERROR',
    );
    expect(verdict(await cloud.scoped('alice', scopes, 'GET', '/api/killswitches'))).toBe(
      '403 INSUFFICIENT_PERMISSIONS_ERROR',
    );
  }
});

it('shows the bytes of a file at no door to a session that may only upload', async () => {
  const id = await cloud.put('alice');
  expect((await cloud.scoped('alice', 2, 'GET', `/object/uploads/${id}`)).status).toBe(400);
  expect((await cloud.scoped('alice', 256, 'GET', `/object/uploads/${id}`)).status).toBe(400);
  expect((await cloud.scoped('alice', 128, 'GET', `/object/uploads/${id}`)).text).toBe('some text');
});
