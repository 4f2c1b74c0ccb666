/** API 004: what the staff does with everybody's files. The numbers are those of the facts T4-… */
import { type Cloud, cloudOf, startCloud, verdict } from '../../support/cloud.ts';
import { startGateway } from '../../support/gateway.ts';
import { ENDPOINTS, pathFor, titleOf } from './endpoints.ts';

let cloud: Cloud;

beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud.gateway.stop());
beforeEach(async () => {
  await cloud.gateway.db.sql('delete from storage.objects');
  await cloud.forgetLimits();
});

const STAFF_ONLY = ENDPOINTS.filter(({ staff }) => staff).map(endpoint => [titleOf(endpoint), endpoint] as const);

describe.each(STAFF_ONLY)('%s', (_, endpoint) => {
  const { method, options } = endpoint;

  it.each(['bob', 'alice'] as const)('refuses %s, also for one’s own files by number (T4-07)', async who => {
    const id = await cloud.put('alice');
    const path = pathFor(endpoint, { uid: cloud.people.alice.uid, id });
    const reply = await cloud.as(who, method, path, options?.([id]));
    expect([reply.status, reply.json]).toEqual([
      403,
      { code: 'INSUFFICIENT_PERMISSIONS_ERROR', message: 'Insufficient Permissions' },
    ]);
    expect(await cloud.ids('alice')).toEqual([id]);
  });
});

describe('with a second factor required of the staff', () => {
  let strict: Cloud;
  beforeAll(async () => {
    const env = { STAFF_SECOND_FACTOR: 'required' };
    strict = cloudOf(await startGateway({ beside: cloud.gateway, env }), cloud.people);
  });
  afterAll(() => strict.gateway.stop());

  it.each(STAFF_ONLY)('%s refuses staff without one (T4-08)', async (_, endpoint) => {
    const { method, options } = endpoint;
    const id = await cloud.put('alice');
    const path = pathFor(endpoint, { uid: cloud.people.alice.uid, id });
    const reply = await strict.as('stf0', method, path, options?.([id]));
    expect([reply.status, reply.json]).toEqual([
      401,
      { code: 'ENDPOINT_REQUIRES_SECOND_FACTOR_ERROR', message: 'Endpoint Requires Second Factor' },
    ]);
    expect(await cloud.ids('alice')).toEqual([id]);
  });

  it('lets staff with one in, and staff without where it is their own (T4-08)', async () => {
    expect((await strict.as('stf', 'GET', '/api/files')).status).toBe(200);
    expect((await strict.as('stf0', 'GET', '/api/users/me/files')).status).toBe(200);
    expect((await cloud.as('stf0', 'GET', '/api/files')).status).toBe(200);
  });
});

it('knows no user of another number, and no file but the user’s (T4-09)', async () => {
  const id = await cloud.put('alice');
  const { uid } = cloud.people.bob;
  for (const nobody of ['1234567890123', 'x', '%00']) {
    expect(verdict(await cloud.as('stf', 'GET', `/api/users/${nobody}/files`))).toBe('404 INVALID_USER_ERROR');
    expect(verdict(await cloud.as('stf', 'GET', `/api/users/${nobody}/files/${id}`))).toBe('404 INVALID_FILE_ERROR');
  }
  for (const [method, path, json] of [
    ['GET', `/api/users/${uid}/files/${id}`, undefined],
    ['PUT', `/api/users/${uid}/files/${id}/name`, { name: 'x' }],
    ['DELETE', `/api/users/${uid}/files/${id}/name`, undefined],
    ['PUT', `/api/users/${uid}/files/${id}/extension`, { extension: 'md' }],
    ['DELETE', `/api/users/${uid}/files/${id}`, undefined],
    ['DELETE', `/api/users/${uid}/files`, { ids: [id] }],
    ['DELETE', '/api/files', { ids: ['absent.png'] }],
    ['GET', '/api/files/absent.png', undefined],
  ] as const) {
    expect(verdict(await cloud.as('stf', method, path, { json }))).toBe('404 INVALID_FILE_ERROR');
  }
  expect(await cloud.ids('alice')).toEqual([id]);
});

it('lists and reads the files of everybody, and of one', async () => {
  const alices = await cloud.put('alice');
  const bobs = await cloud.put('bob');
  const items = [bobs, alices].map(id => ({ id, name: 'note.txt' }));
  expect((await cloud.as('stf', 'GET', '/api/files')).json).toEqual({ count: 2, items });
  expect((await cloud.as('stf', 'GET', '/api/files?limit=1')).json).toEqual({ count: 2, items: items.slice(0, 1) });
  const { uid } = cloud.people.bob;
  expect((await cloud.as('stf', 'GET', `/api/users/${uid}/files`)).json).toEqual({
    count: 1,
    items: items.slice(0, 1),
  });
  for (const path of [`/api/files/${bobs}`, `/api/users/${uid}/files/${bobs}`]) {
    expect((await cloud.as('stf', 'GET', path)).json).toMatchObject({ id: bobs, userID: uid });
  }
  expect(await cloud.ids('stf')).toEqual([]);
});

it('names, renames and removes one user’s files', async () => {
  const id = await cloud.put('alice');
  const path = `/api/users/${cloud.people.alice.uid}/files/${id}`;
  expect((await cloud.as('stf', 'PUT', `${path}/name`, { json: { name: 'seen' } })).json).toMatchObject({
    name: 'seen',
  });
  expect((await cloud.as('stf', 'DELETE', `${path}/name`)).json).toMatchObject({ name: null });
  const retyped = await cloud.as('stf', 'PUT', `${path}/extension`, { json: { extension: 'md' } });
  const renamed = `${id.slice(0, 10)}.md`;
  expect(retyped.json).toMatchObject({ id: renamed, userID: cloud.people.alice.uid });
  const gone = await cloud.as('stf', 'DELETE', `/api/users/${cloud.people.alice.uid}/files/${renamed}`);
  expect(gone.json).toMatchObject({ code: 'DELETE_FILE_SUCCESS' });
  expect(await cloud.ids('alice')).toEqual([]);
});

it('removes named files across owners, or of one (T4-16)', async () => {
  const [alices, bobs, other] = [await cloud.put('alice'), await cloud.put('bob'), await cloud.put('bob')];
  const { uid } = cloud.people.bob;
  const ofOne = await cloud.as('stf', 'DELETE', `/api/users/${uid}/files`, { json: { ids: [alices, other] } });
  expect(ofOne.json).toMatchObject({ code: 'DELETE_FILES_SUCCESS', count: 1 });
  const ofAll = await cloud.as('stf', 'DELETE', '/api/files', { json: { ids: [alices, bobs, 'unknown.png'] } });
  expect(ofAll.json).toMatchObject({ code: 'DELETE_FILES_SUCCESS', count: 2 });
  expect([await cloud.ids('alice'), await cloud.ids('bob')]).toEqual([[], []]);
});
