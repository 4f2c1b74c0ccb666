/** API 004: rate limits and kill switches, over two gateways on one database. The numbers are those of the facts T4-… */
import { PASSWORD } from '../../support/accounts.ts';
import type { CallOptions, CallReply } from '../../support/call.ts';
import { type Cloud, formFile, useTwoClouds, verdict } from '../../support/cloud.ts';

let cloud: Cloud;
let second: Cloud;

useTwoClouds((...both) => {
  [cloud, second] = both;
});

const limitOf = ({ headers }: CallReply) =>
  ['limit', 'remaining', 'skipped', 'reason'].map(name => headers[`ratelimit-${name}`]);

/** Asks one gateway and the other in turn. */
function askInTurn(times: number, ask: (through: Cloud) => Promise<CallReply>): Promise<CallReply[]> {
  return Array.from({ length: times }, (_, turn) => (turn % 2 === 0 ? cloud : second)).reduce(
    async (replies, through) => [...(await replies), await ask(through)],
    Promise.resolve<CallReply[]>([]),
  );
}

describe('rate limits', () => {
  const LIMITED = [
    ['PUT', '/name', { name: 'x' }],
    ['DELETE', '/name', undefined],
    ['PUT', '/extension', { extension: 'txt' }],
  ] as const;

  it.each(LIMITED)(
    'take 20 an hour of %s …%s, whichever gateway is asked, and refuse the next (T4-21, T4-22)',
    async (method, end, json) => {
      const path = `/api/users/me/files/${await cloud.put('alice')}${end}`;
      const replies = await askInTurn(20, through => through.as('alice', method, path, { json }));
      expect(replies.map(({ status }) => status)).toEqual(Array(20).fill(200));
      expect(replies.map(limitOf)).toEqual(replies.map((_, taken) => ['20', String(19 - taken), undefined, undefined]));
      const refused = await second.as('alice', method, path, { json });
      expect([refused.status, refused.json]).toEqual([
        429,
        { code: 'RATELIMITED_ERROR', message: 'You Have Been Ratelimited. Please Try Again Later.' },
      ]);
      expect(limitOf(refused)).toEqual(['20', '0', undefined, 'standard']);
      expect(Number(refused.headers['ratelimit-reset'])).toBeGreaterThan(3500);
      expect(Number(refused.headers['ratelimit-reset'])).toBeLessThanOrEqual(3600);
      await cloud.gateway.db.sql(`update sluice.rate_limits set window_end = now() where key not like 'default%'`);
      expect((await cloud.as('alice', method, path, { json })).status).toBe(200);
    },
  );

  it('are another’s own, each endpoint’s own, and none of the staff’s (T4-21)', async () => {
    const id = await cloud.put('alice');
    const path = `/api/users/me/files/${id}`;
    await askInTurn(21, through => through.as('alice', 'PUT', `${path}/name`, { json: { name: 'x' } }));
    expect((await cloud.as('alice', 'PUT', `${path}/name`, { json: { name: 'x' } })).status).toBe(429);
    expect((await cloud.as('alice', 'DELETE', `${path}/name`)).status).toBe(200);
    const bobs = `/api/users/me/files/${await cloud.put('bob')}/name`;
    expect((await cloud.as('bob', 'PUT', bobs, { json: { name: 'x' } })).status).toBe(200);
    const staffs = `/api/users/${cloud.people.alice.uid}/files/${id}/name`;
    const replies = await askInTurn(25, through => through.as('stf', 'PUT', staffs, { json: { name: 'x' } }));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('count a refusal, unless it is listed as free (T4-21, T4-22)', async () => {
    const name = (id: string, json: unknown) => cloud.as('alice', 'PUT', `/api/users/me/files/${id}/name`, { json });
    expect(limitOf(await name('absent.png', {}))).toEqual(['20', '19', undefined, undefined]);
    expect(limitOf(await name('absent.png', { name: 'x' }))).toEqual(['20', '18', undefined, undefined]);

    const remove = (ids: unknown) => cloud.as('alice', 'DELETE', '/api/users/me/files', { json: { ids } });
    for (const ids of ['x', Array(51).fill('x'), ['absent.png']]) {
      expect(limitOf(await remove(ids))).toEqual([undefined, undefined, 'true', undefined]);
    }
    expect(limitOf(await remove([await cloud.put('alice')]))).toEqual(['20', '19', undefined, undefined]);
  });

  it('take 20 deletions of several files in 6 hours (T4-21)', async () => {
    const replies: CallReply[] = [];
    for (let taken = 0; taken < 21; taken += 1) {
      const ids = [await cloud.put('alice')];
      replies.push(await cloud.as('alice', 'DELETE', '/api/users/me/files', { json: { ids } }));
    }
    expect(replies.map(({ status }) => status)).toEqual([...Array(20).fill(200), 429]);
    expect(Number(replies.at(-1)?.headers['ratelimit-reset'])).toBeGreaterThan(6 * 3600 - 120);
  });

  it('of deleting everything are not spent by wrong passwords, however many, nor by what is too large', async () => {
    const deleteAll = (password: string) =>
      cloud.as('alice', 'DELETE', '/api/users/me/files/all', { json: { password } });
    expect((await deleteAll('x'.repeat(1024 * 1024))).status).toBe(413);
    const wrong: number[] = [];
    for (let tries = 0; tries < 11; tries += 1) wrong.push((await deleteAll('wrong')).status);
    expect(wrong).toEqual([...Array(10).fill(401), 429]);
    await cloud.gateway.db.sql(`delete from sluice.rate_limits where key like 'reverify%'`);
    const done = await deleteAll(PASSWORD);
    expect([done.status, ...limitOf(done)]).toEqual([200, '1', '0', undefined, undefined]);
    expect((await deleteAll(PASSWORD)).status).toBe(429);
  });

  it('take exactly as many as allowed of those that come at once', async () => {
    const path = `/api/users/me/files/${await cloud.put('alice')}/name`;
    const asked = Array.from({ length: 40 }, (_, turn) => (turn % 2 === 0 ? cloud : second));
    const replies = await Promise.all(asked.map(through => through.as('alice', 'PUT', path, { json: { name: 'x' } })));
    const statuses = replies.map(({ status }) => status);
    expect([
      statuses.filter(status => status === 429).length,
      statuses.filter(status => status === 200).length,
    ]).toEqual([20, 20]);
  });

  it('count all other endpoints, each by itself (T4-22)', async () => {
    const list = () => cloud.as('alice', 'GET', '/api/users/me/files');
    expect([limitOf(await list()), limitOf(await list())]).toEqual([
      ['100', '99', undefined, undefined],
      ['100', '98', undefined, undefined],
    ]);
    expect(limitOf(await cloud.as('alice', 'GET', '/api/users/me/files/absent.png'))).toEqual([
      '100',
      '99',
      undefined,
      undefined,
    ]);
    expect(limitOf(await cloud.as('alice', 'GET', '/api/files'))).toEqual([undefined, undefined, 'true', undefined]);
  });
});

describe('of two things that are wrong, a request is told', () => {
  const path = '/api/users/me/files/absent.png/name';
  const name = (options: CallOptions) => cloud.as('alice', 'PUT', path, options);

  it('the scope, then the fields, then the switch, then its limit, then the file', async () => {
    await askInTurn(20, () => name({ json: { name: 'x' } }));
    await cloud.gateway.db.sql('update sluice.kill_switches set enabled = true where id = 6');
    const scoped = await cloud.scoped('alice', 128, 'PUT', path, { json: {} });
    expect(verdict(scoped)).toBe('403 INSUFFICIENT_PERMISSIONS_ERROR');
    const fields = await name({ json: {} });
    expect([fields.status, fields.json]).toMatchObject([400, { fields: ['name'] }]);
    expect(limitOf(fields)).toEqual([undefined, undefined, 'true', undefined]);
    expect(verdict(await name({ json: { name: 'x' } }))).toBe('503 SERVICE_UNAVAILABLE_ERROR');
    await cloud.gateway.db.sql('update sluice.kill_switches set enabled = false');
    expect(verdict(await name({ json: {} }))).toBe('400 MISSING_FIELDS_ERROR');
    const late = await name({ json: { name: 'x' } });
    expect([verdict(late), ...limitOf(late)]).toEqual(['429 RATELIMITED_ERROR', '20', '0', undefined, 'standard']);
  });

  it('before its fields that everything is off', async () => {
    await cloud.gateway.db.sql('update sluice.kill_switches set enabled = true where id = 8');
    expect((await name({ json: {} })).json).toMatchObject({ feature: 8 });
  });
});

describe('kill switches', () => {
  const throwSwitch = (id: number, enabled = true) =>
    cloud.gateway.db.sql('update sluice.kill_switches set enabled = $2 where id = $1', [id, enabled]);

  /** What a user may ask for, with the switch that stops it. */
  const ASKED: readonly (readonly [string, string, number | null, CallOptions])[] = [
    ['POST', '/api/upload', 5, { form: [formFile()] }],
    ['PUT', '/api/users/me/files/absent.png/name', 6, { json: { name: 'x' } }],
    ['DELETE', '/api/users/me/files/absent.png/name', 6, {}],
    ['PUT', '/api/users/me/files/absent.png/extension', 6, { json: { extension: 'md' } }],
    ['DELETE', '/api/users/me/files/absent.png', 7, {}],
    ['DELETE', '/api/users/me/files', 7, { json: { ids: ['absent.png'] } }],
    ['DELETE', '/api/users/me/files/all', 7, { json: { password: PASSWORD } }],
    ['GET', '/api/users/me/files', null, {}],
    ['GET', '/api/users/me/files/absent.png', null, {}],
    ['GET', '/api/users/me/sessions', null, {}],
  ];

  it.each([5, 6, 7])('the one of number %d stops exactly its endpoints, not the staff (T4-20)', async id => {
    await throwSwitch(id);
    for (const [method, path, stops, options] of ASKED) {
      const reply = await second.as('alice', method, path, options);
      const off = { code: 'SERVICE_UNAVAILABLE_ERROR', message: 'Service Unavailable', feature: id };
      if (stops === id) expect([reply.status, reply.json]).toEqual([503, off]);
      else expect(reply.status).not.toBe(503);
      expect((await second.as('stf', method, path, options)).status).not.toBe(503);
    }
  });

  it('the one for everything stops everything but the staff (T4-20)', async () => {
    await throwSwitch(8);
    for (const [method, path, , options] of ASKED) {
      const reply = await cloud.as('alice', method, path, options);
      expect([reply.status, (reply.json as { feature: number }).feature]).toEqual([503, 8]);
      expect((await cloud.as('stf', method, path, options)).status).not.toBe(503);
    }
    expect((await cloud.as('stf', 'GET', '/api/files')).status).toBe(200);
  });

  it('count nothing of what they stop', async () => {
    await throwSwitch(6);
    const path = '/api/users/me/files/absent.png/name';
    expect(limitOf(await cloud.as('alice', 'DELETE', path))).toEqual([undefined, undefined, 'true', undefined]);
    await throwSwitch(6, false);
    expect(limitOf(await cloud.as('alice', 'DELETE', path))).toEqual(['20', '19', undefined, undefined]);
  });

  it('are listed for the staff alone', async () => {
    await throwSwitch(5);
    expect(verdict(await cloud.as('alice', 'GET', '/api/killswitches'))).toBe('403 INSUFFICIENT_PERMISSIONS_ERROR');
    const { json } = await cloud.as('stf', 'GET', '/api/killswitches');
    expect(json).toHaveLength(9);
    expect((json as object[]).slice(4, 6)).toEqual([
      { id: 4, name: 'ACCOUNT_LOGIN', state: false },
      { id: 5, name: 'FILE_CREATE', state: true },
    ]);
  });

  it('thrown through one gateway are felt by the next request through another', async () => {
    const staff = 524288;
    const set = await cloud.scoped('stf', staff, 'PUT', '/api/killswitches/5');
    expect(set.status).toBe(200);
    expect((set.json as object[])[5]).toEqual({ id: 5, name: 'FILE_CREATE', state: true });
    expect((await second.as('alice', 'POST', '/api/upload', { form: [formFile()] })).status).toBe(503);
    expect((await second.scoped('stf', staff, 'DELETE', '/api/killswitches/5')).status).toBe(200);
    expect((await cloud.as('alice', 'POST', '/api/upload', { form: [formFile()] })).status).toBe(201);
    await cloud.scoped('stf', staff, 'PUT', '/api/killswitches/7');
    const cleared = await cloud.scoped('stf', staff, 'DELETE', '/api/killswitches');
    expect((cleared.json as { state: boolean }[]).some(({ state }) => state)).toBe(false);
    expect(verdict(await cloud.scoped('stf', staff, 'PUT', '/api/killswitches/9'))).toBe('400 MISSING_FIELDS_ERROR');
  });
});
