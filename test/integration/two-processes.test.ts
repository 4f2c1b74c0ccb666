/**
 * Two gateways in processes of their own, on one database and one store: what is limited, switched off, revoked, banned or
 * used up counts for both at once, and outlives the end of either.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Account, addPeople, changePerson, openSessionFor, PASSWORD, type Person } from '../support/accounts.ts';
import { type Call, type CallOptions, type CallReply, makeCall } from '../support/call.ts';
import { formFile, verdict } from '../support/cloud.ts';
import { JWT_SECRET } from '../support/gateway.ts';
import { databaseUrl, type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { cloneTestDatabase, type TestDatabase } from '../support/test-database.ts';

let db: TestDatabase;
let dataDir: string;
let people: Readonly<Record<Person, Account>>;
let processes: GatewayProcess[];
let calls: Call[];

const start = () =>
  startGatewayProcess({
    DATA_DIR: dataDir,
    DATABASE_URL: databaseUrl(db.target),
    JWT_SECRET,
    RATE_LIMITS: 'login=3/1h,file-name=5/1h,file-password=3/1h,default=100000/1m',
  });

beforeAll(async () => {
  db = await cloneTestDatabase();
  people = await addPeople(db);
  dataDir = await mkdtemp(join(tmpdir(), 'sluice-two-'));
  processes = await Promise.all([start(), start()]);
  calls = processes.map(({ url }) => makeCall(url));
}, 120_000);
afterAll(async () => {
  await Promise.all(processes.map(gateway => gateway.stop()));
  await db.drop();
  await rm(dataDir, { recursive: true, force: true });
});
beforeEach(() => db.sql('delete from sluice.rate_limits'));

function ask(turn: number, method: string, path: string, options?: CallOptions): Promise<CallReply> {
  const call = calls[turn % 2];
  if (call === undefined) throw new Error('no such process');
  return call(method, path, options);
}

/** The same question so often, at once, to either process in turn. */
function together(times: number, question: (turn: number) => Promise<CallReply>): Promise<CallReply[]> {
  return Promise.all(Array.from({ length: times }, (_, turn) => question(turn)));
}

/** How often each verdict came. */
function tally(replies: readonly CallReply[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const reply of replies) counts[verdict(reply)] = (counts[verdict(reply)] ?? 0) + 1;
  return counts;
}

async function upload(who: Person, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const reply = await ask(0, 'POST', '/api/upload', { token: people[who].token, form: [formFile()], headers });
  expect(reply.status).toBe(201);
  return (reply.json as { url: string }).url.split('/').at(-1) ?? '';
}

/** One reading question at each door, and one that writes at the backend's, in the name of this session. */
const DOORS: readonly (readonly [string, (turn: number, token: string) => Promise<CallReply>])[] = [
  ['the storage tree', (turn, token) => ask(turn, 'GET', '/storage/adm/', { token })],
  ['the folders', (turn, token) => ask(turn, 'GET', '/api/user/folders', { token })],
  ['the backend', (turn, token) => ask(turn, 'PUT', `/1/file/www/${turn}`, { token, body: 'x' })],
  ['the files', (turn, token) => ask(turn, 'GET', '/api/users/me/files', { token })],
  ['the bucket API', (turn, token) => ask(turn, 'POST', '/object/list/uploads', { token, json: { prefix: '' } })],
];

const isOpen = async (token: string) => {
  const open: string[] = [];
  for (const [name, question] of DOORS) {
    for (const turn of [0, 1]) if ((await question(turn, token)).status === 200) open.push(`${name} ${turn}`);
  }
  return open;
};

describe('two processes', () => {
  it('are two', () => {
    expect(new Set([process.pid, ...processes.map(({ pid }) => pid)]).size).toBe(3);
  });

  it('count one limit exactly, whichever is asked', async () => {
    const id = await upload('alice');
    const rename = (turn: number) =>
      ask(turn, 'PUT', `/api/users/me/files/${id}/name`, { token: people.alice.token, json: { name: `${turn}` } });
    const replies = await together(20, rename);
    expect(tally(replies)).toEqual({ '200': 5, '429 RATELIMITED_ERROR': 15 });
    const remaining = replies
      .filter(({ status }) => status === 200)
      .map(({ headers }) => headers['ratelimit-remaining']);
    expect(remaining.sort()).toEqual(['0', '1', '2', '3', '4']);
  });

  it('count wrong passwords together, of accounts and of files', async () => {
    const logIn = (turn: number, password: string) =>
      ask(turn, 'POST', '/auth/login', { json: { username: 'alice', password } });
    expect(tally(await together(8, turn => logIn(turn, 'wrong')))).toEqual({ '401': 3, '429': 5 });
    expect((await logIn(1, PASSWORD)).status).toBe(429);

    const id = await upload('alice', { password: 'sesame' });
    const open = (turn: number, password: string) => ask(turn, 'GET', `/r/${id}?password=${password}`);
    expect(tally(await together(8, turn => open(turn, 'wrong')))).toEqual({ '403 403': 3, '429 429': 5 });
    expect((await open(1, 'sesame')).status).toBe(429);
  });

  it.each([
    ['a feature', 6],
    ['everything', 8],
  ])('switch off %s together, and on again', async (_, feature) => {
    const staff = { token: people.stf0.token, json: { password: PASSWORD } };
    const id = await upload('bob');
    const rename = (turn: number) =>
      ask(turn, 'PUT', `/api/users/me/files/${id}/name`, { token: people.bob.token, json: { name: 'n' } });
    expect((await ask(0, 'PUT', `/api/killswitches/${feature}`, staff)).status).toBe(200);
    const off = await together(6, rename);
    expect(tally(off)).toEqual({ '503 SERVICE_UNAVAILABLE_ERROR': 6 });
    expect(off[1]?.json).toMatchObject({ feature });
    expect((await ask(1, 'DELETE', `/api/killswitches/${feature}`, staff)).status).toBe(200);
    expect(tally(await together(2, rename))).toEqual({ '200': 2 });
  });

  it('both refuse a session from the moment that either has ended it, at every door', async () => {
    const { id, token } = await openSessionFor(db, 'adm');
    expect(await isOpen(token)).toHaveLength(2 * DOORS.length);
    const ended = await ask(1, 'DELETE', `/api/users/me/sessions/${id}`, { token: people.adm.token });
    expect(ended.status).toBe(200);
    expect(await isOpen(token)).toEqual([]);
    expect(await isOpen(people.adm.token)).toHaveLength(2 * DOORS.length);
  });

  it('both feel a ban with the next request of a session that goes on, at every door', async () => {
    expect(
      (await ask(0, 'POST', '/object/list/uploads', { token: people.alice.token, json: { prefix: '' } })).json,
    ).not.toEqual([]);
    await changePerson(db, 'adm', { banned: true });
    // The bucket API has no word for it: whoever is banned sees nothing there.
    expect(await isOpen(people.adm.token)).toEqual(['the bucket API 0', 'the bucket API 1']);
    for (const turn of [0, 1]) {
      const list = await ask(turn, 'POST', '/object/list/home', { token: people.adm.token, json: { prefix: '' } });
      expect(list.json).toEqual([]);
    }
    await changePerson(db, 'adm', { banned: false });
    expect(await isOpen(people.adm.token)).toHaveLength(2 * DOORS.length);
  });

  it('give a file with N views to N readers together, and to no other', async () => {
    const id = await upload('alice', { 'max-views': '30' });
    const replies = await together(80, turn => ask(turn, 'GET', `/u/${id}`));
    expect(tally(replies)).toEqual({ '200': 30, '404 404': 50 });
  });

  it('lose nothing of it when one is killed', async () => {
    const id = await upload('alice', { 'max-views': '2' });
    const rename = (turn: number) =>
      ask(turn, 'PUT', `/api/users/me/files/${id}/name`, { token: people.alice.token, json: { name: 'n' } });
    expect(tally(await together(5, rename))).toEqual({ '200': 5 });
    expect((await ask(0, 'GET', `/u/${id}`)).status).toBe(200);
    const { id: session, token } = await openSessionFor(db, 'alice');
    expect((await ask(0, 'DELETE', `/api/users/me/sessions/${session}`, { token: people.alice.token })).status).toBe(
      200,
    );

    await processes[0]?.kill();
    const another = await start();
    processes[0] = another;
    calls[0] = makeCall(another.url);
    expect(tally(await together(4, rename))).toEqual({ '429 RATELIMITED_ERROR': 4 });
    expect(tally(await together(4, turn => ask(turn, 'GET', '/api/users/me/files', { token })))).toEqual({
      '401 INVALID_SESSION_ERROR': 4,
    });
    expect(tally(await together(4, turn => ask(turn, 'GET', `/u/${id}`)))).toEqual({ '200': 1, '404 404': 3 });
  });
});
