/** What happens in the tree at the same moment, through two gateways on one database. */
import { type Call, makeCall } from '../../support/call.ts';
import { type Gateway, SERVICE_TOKEN, startGateway } from '../../support/gateway.ts';
import { ALICE_TOKEN, namesIn, putFiles, useTree } from '../../support/storage-tree.ts';
import { deadlocksIn, meetAtGate } from '../../support/waits.ts';

let gateway: Gateway;
let gateways: readonly Gateway[];
let calls: readonly [Call, Call];
useTree('file', made => {
  ({ gateway } = made);
});
beforeAll(async () => {
  gateways = await Promise.all([startGateway({ beside: gateway }), startGateway({ beside: gateway })]);
  const [first, second] = gateways.map(({ url }) => makeCall(url));
  if (first === undefined || second === undefined) throw new Error('two gateways were asked for');
  calls = [first, second];
});
afterAll(() => Promise.all(gateways.map(it => it.stop())));

const act = (turn: number, path: string, json: object) =>
  calls[turn % 2]?.('POST', `/storage/${path}`, { token: ALICE_TOKEN, json }) ?? Promise.reject(new Error('no call'));
const move = (turn: number, path: string, target: string) => act(turn, path, { action: 'Move', new_path: target });
const makeFolder = (turn: number, path: string) => act(turn, path, { action: 'CreateFolder' });
const put = (turn: number, folder: string, name: string) =>
  putFiles(calls[turn % 2 === 0 ? 0 : 1], folder, [{ name, value: `the bytes of ${name}` }]);
const remove = (turn: number, path: string) =>
  calls[turn % 2 === 0 ? 0 : 1]('DELETE', `/storage/${path}`, { token: ALICE_TOKEN });

/** Names that are a file and the beginning of other names. */
async function torn(): Promise<string[]> {
  const rows = await gateway.db.sql<{ name: string }>(
    `select f.name from storage.objects f where exists (
      select from storage.objects o where o.bucket_id = f.bucket_id and starts_with(o.name, f.name || '/'))`,
  );
  return rows.map(({ name }) => name);
}

describe('a name is a file or a folder, when at the same moment', () => {
  it.each<[string, (turn: number, at: string) => readonly Promise<{ status: number }>[]]>([
    ['a file comes there and into it', (t, at) => [put(t, at, 'g'), put(t + 1, `${at}/g`, 'x')]],
    ['a file comes there and a folder is made', (t, at) => [put(t, at, 'g'), makeFolder(t + 1, `${at}/g`)]],
    ['a file comes there and a folder in it', (t, at) => [put(t, at, 'g'), makeFolder(t + 1, `${at}/g/h`)]],
    [
      'a file is moved there and one comes into it',
      (t, at) => [move(t, `${at}/f`, `${at}/g`), put(t + 1, `${at}/g`, 'x')],
    ],
    [
      'a file is moved there and a folder is made',
      (t, at) => [move(t, `${at}/f`, `${at}/g`), makeFolder(t + 1, `${at}/g`)],
    ],
    ['a file comes there and one is moved into it', (t, at) => [put(t, at, 'g'), move(t + 1, `${at}/f`, `${at}/g/f`)]],
    [
      'a folder is moved there and a file',
      (t, at) => [move(t, `${at}/d`, `${at}/g`), move(t + 1, `${at}/f`, `${at}/g`)],
    ],
    ['a folder is moved there and a file comes', (t, at) => [move(t, `${at}/d`, `${at}/g`), put(t + 1, at, 'g')]],
    [
      'a file comes there, a folder is made, and one goes',
      (t, at) => [put(t, at, 'g'), makeFolder(t + 1, `${at}/g`), remove(t, `${at}/g`), put(t + 1, `${at}/g`, 'x')],
    ],
  ])('%s', async (_, race) => {
    for (let turn = 0; turn < 12; turn += 1) {
      const at = `alice/${turn}`;
      await gateway.db.sql(`insert into storage.objects (bucket_id, name) values ('home', $1), ('home', $2)`, [
        `${at}/f`,
        `${at}/d/y`,
      ]);
      const statuses = (await Promise.all(race(turn, at))).map(({ status }) => status);
      expect(statuses.filter(status => ![200, 400, 404].includes(status))).toEqual([]);
      expect(statuses).toContain(200);
    }
    expect(await torn()).toEqual([]);
  });
});

describe('never wait for each other', () => {
  it.each<[string, (turn: number) => readonly Promise<{ status: number }>[]]>([
    [
      'files that are moved to each other’s places, among uploads and removals',
      t => [
        move(t, 'alice/a', 'alice/b'),
        move(t + 1, 'alice/b', 'alice/a'),
        put(t, 'alice/', 'a'),
        put(t, 'alice/', 'b'),
        remove(t, 'alice/a'),
      ],
    ],
    [
      'folders that are moved to each other’s places, among uploads and removals',
      t => [
        move(t, 'alice/a', 'alice/b'),
        move(t + 1, 'alice/b', 'alice/a'),
        put(t, 'alice/a', 'x'),
        put(t + 1, 'alice/b', 'x'),
        makeFolder(t, 'alice/b'),
        remove(t + 1, 'alice/a'),
      ],
    ],
    [
      'files moved within folders that are moved and removed',
      t => [
        put(t, 'alice/a', 'x'),
        put(t + 1, 'alice/a', 'y'),
        move(t, 'alice/a/x', 'alice/a/y'),
        move(t + 1, 'alice/a/y', 'alice/a/x'),
        move(t, 'alice/a', 'alice/b'),
        move(t + 1, 'alice/b', 'alice/a'),
        remove(t, 'alice/a'),
      ],
    ],
  ])('%s', async (_, race) => {
    const before = await deadlocksIn(gateway.db);
    const replies = await Promise.all(Array.from({ length: 10 }, (_, turn) => race(turn)).flat());
    expect(replies.map(({ status }) => status).filter(status => ![200, 400, 404].includes(status))).toEqual([]);
    expect(await deadlocksIn(gateway.db)).toBe(before);
    expect(await torn()).toEqual([]);
  });

  it('two files that are moved to each other’s places', async () => {
    await putFiles(calls[0], 'alice/', [
      { name: 'a', value: 'a' },
      { name: 'b', value: 'b' },
    ]);
    const before = await deadlocksIn(gateway.db);
    const replies = await meetAtGate(gateway.db, 2, () => [
      move(0, 'alice/a', 'alice/b'),
      move(1, 'alice/b', 'alice/a'),
    ]);
    expect(replies.map(({ status }) => status)).toEqual([200, 200]);
    expect(await namesIn(calls[0], 'alice/')).toHaveLength(1);
    expect(await deadlocksIn(gateway.db)).toBe(before);
  });
});

it('an object that the bucket API puts in the place of a folder is shown, moved and removed with it, and nothing is added below it', async () => {
  await put(0, 'alice/a', 'x');
  const token = SERVICE_TOKEN;
  expect((await calls[0]('POST', '/object/home/alice/a', { token, body: 'over it' })).status).toBe(200);
  expect((await put(0, 'alice/a', 'y')).status).toBe(400);
  expect((await makeFolder(0, 'alice/a/b')).status).toBe(400);
  expect((await move(0, 'alice/a', 'alice/b')).status).toBe(200);
  const read = async (path: string) => (await calls[0]('GET', `/storage/${path}`, { token: ALICE_TOKEN })).text;
  expect([await read('alice/b'), await read('alice/b/x')]).toEqual(['over it', 'the bytes of x']);
  expect((await remove(0, 'alice/b')).status).toBe(200);
  expect(await gateway.db.sql('select from storage.objects')).toEqual([]);
});
