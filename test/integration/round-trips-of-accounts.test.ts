/**
 * The budget of the four doors with accounts, counted on the wire as in `round-trips`: for callers with a session, which is
 * looked up in the same round trip, under the ready-made policies.
 */
import { type Account, addPeople, cheapHash, PASSWORD, type Person } from '../support/accounts.ts';
import { type CountedGateway, startCountedGateway } from '../support/counted-gateway.ts';
import { putFile } from '../support/uploads.ts';

const NO_LIMITS =
  'default=100000/1m,file-name=1000/1h,file-name-removal=1000/1h,file-extension=1000/1h,bulk-delete=1000/1h,delete-all=1000/1h';

let counted: CountedGateway;
let people: Readonly<Record<Person, Account>>;
beforeAll(async () => {
  counted = await startCountedGateway({ RATE_LIMITS: NO_LIMITS });
  people = await addPeople(counted.db);
});
afterAll(() => counted.stop());

interface Sent {
  readonly as?: Person | null;
  readonly json?: unknown;
  readonly body?: string | FormData;
}

async function send(method: string, path: string, { as = 'alice', json, body }: Sent = {}): Promise<Response> {
  const sent = json === undefined ? body : JSON.stringify(json);
  const reply = await fetch(counted.gateway.url + path, {
    method,
    headers: {
      ...(as === null ? {} : { authorization: people[as].token }),
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(sent === undefined ? {} : { body: sent }),
  });
  await reply.clone().arrayBuffer();
  return reply;
}

function form(...names: string[]): FormData {
  const data = new FormData();
  for (const name of names) data.append('file', new Blob(['hello'], { type: 'text/plain' }), name);
  return data;
}

type Budget = readonly [title: string, act: (turn: number) => Promise<Response>, roundTrips: number, calls?: string[]];

const titled = (budget: readonly Budget[]) => budget.map(line => [line[0], line] as const);
const holds = ([, act, roundTrips, calls = []]: Budget) =>
  counted.count(act, [200, 201, 206]).then(found => expect(found).toEqual(counted.expected(roundTrips, calls)));

describe('the storage tree (API 000)', () => {
  const act = (path: string, json: unknown) => send('POST', `/storage/alice/${path}`, { json });
  const put = (folder: string, ...names: string[]) => send('PUT', `/storage/alice/${folder}`, { body: form(...names) });
  let pathToken = '';
  beforeAll(async () => {
    await put('docs', 'a.txt', 'b.txt');
    pathToken = ((await (await act('docs/a.txt', { action: 'MakePathToken' })).json()) as { token: string }).token;
  });

  const budget: readonly Budget[] = [
    ['logs in', () => send('POST', '/auth/login', { as: null, json: { username: 'alice', password: PASSWORD } }), 2],
    ['lists a folder', () => send('GET', '/storage/alice/docs'), 1],
    ['reads a file', () => send('GET', '/storage/alice/docs/a.txt'), 1, ['GET']],
    ['tells the headers of a file', () => send('HEAD', '/storage/alice/docs/a.txt'), 1],
    ['makes a path token', () => act('docs/a.txt', { action: 'MakePathToken' }), 1],
    [
      'reads with a path token, without a login',
      () => send('GET', `/storage/alice/docs/a.txt?token=${pathToken}`, { as: null }),
      1,
      ['GET'],
    ],
    ['puts a file into a folder', turn => put('docs', `new-${turn}.txt`), 3, ['PUT']],
    ['puts two files into a folder', turn => put('docs', `one-${turn}.txt`, `two-${turn}.txt`), 5, ['PUT', 'PUT']],
    ['puts a file into a missing folder', turn => put(`fresh-${turn}`, 'a.txt'), 5, ['PUT', 'PUT']],
    [
      'moves a file',
      turn => act(`docs/new-${turn}.txt`, { action: 'Move', new_path: `/alice/docs/old-${turn}.txt` }),
      1,
    ],
    ['moves a folder', turn => act(`fresh-${turn}`, { action: 'Move', new_path: `/alice/stale-${turn}` }), 1],
    ['makes a folder', turn => act(`empty-${turn}`, { action: 'CreateFolder' }), 3, ['PUT']],
    ['removes a file', turn => send('DELETE', `/storage/alice/docs/old-${turn}.txt`), 1],
    ['removes a folder', turn => send('DELETE', `/storage/alice/stale-${turn}`), 1],
  ];
  it.each(titled(budget))('%s', (_, line) => holds(line));
});

describe('files and folders of users (API 001)', () => {
  const files = new Map<string, number>();
  let folder = 0;
  beforeAll(async () => {
    const owner = people.alice.id;
    for (const name of ['a.txt', 'gone-0.txt', 'gone-1.txt']) {
      files.set(name, await putFile(counted.gateway, name, { owner }));
    }
    await putFile(counted.gateway, 'secret.txt', { owner, passwordHash: cheapHash('sesame') });
    folder = ((await (await send('POST', '/api/user/folders', { json: { name: 'f' } })).json()) as { id: number }).id;
    await send('PATCH', `/api/user/folders/${folder}`, { json: { public: true } });
  });

  const budget: readonly Budget[] = [
    ['shows a file to whoever has its address', () => send('GET', '/u/a.txt', { as: null }), 1, ['GET']],
    ['tells the headers of one', () => send('HEAD', '/u/a.txt', { as: null }), 1],
    // Found, and counted once the password is known to be right; two more to have counted the try the first time.
    [
      'shows a file with a password again',
      () => send('GET', '/r/secret.txt?password=sesame', { as: null }),
      2,
      ['GET'],
    ],
    ['shows a public folder', () => send('GET', `/folder/${folder}`, { as: null }), 1],
    ['lists a page of files', () => send('GET', '/api/user/paged?page=1'), 1],
    ['counts files', () => send('GET', '/api/user/files?count=true'), 1],
    [
      'marks a favorite',
      () => send('PATCH', '/api/user/files', { json: { id: files.get('a.txt'), favorite: true } }),
      1,
    ],
    ['makes a folder', () => send('POST', '/api/user/folders', { json: { name: 'g' } }), 1],
    ['removes a file', turn => send('DELETE', '/api/user/files', { json: { id: files.get(`gone-${turn}.txt`) } }), 1],
  ];
  it.each(titled(budget))('%s', (_, line) => holds(line));
});

describe('files of backends (API 003)', () => {
  const put = (path: string) => send('PUT', `/1/file/${path}`, { as: 'adm', body: 'hello' });
  beforeAll(async () => {
    for (const path of ['www/a', 'old-0/a', 'old-0/b', 'old-1/a', 'old-1/b']) await put(path);
  });

  const budget: readonly Budget[] = [
    ['reads a file, without a login', () => send('GET', '/1/file/www/a', { as: null }), 1, ['GET']],
    ['lists by path, without a login', () => send('GET', '/1/file/old-1', { as: null }), 1],
    ['writes a file', turn => put(`www/${turn}`), 2, ['PUT']],
    ['removes by path', turn => send('DELETE', `/1/file/old-${turn}`, { as: 'adm' }), 1],
  ];
  it.each(titled(budget))('%s', (_, line) => holds(line));
});

describe('files of users and the staff (API 004), let in by one more', () => {
  const ids: string[] = [];
  const upload = async () => {
    const reply = await send('POST', '/api/upload', { body: form('a.txt') });
    ids.push(String(((await reply.clone().json()) as { url: string }).url.split('/').at(-1)));
    return reply;
  };
  const mine = '/api/users/me/files';
  beforeAll(async () => {
    for (let n = 0; n < 6; n += 1) await upload();
  });

  const budget: readonly Budget[] = [
    ['signs in', () => send('POST', '/api/login', { as: null, json: { username: 'alice', password: PASSWORD } }), 2],
    ['uploads', () => upload(), 3, ['PUT']],
    ['lists', () => send('GET', mine), 2],
    ['tells of one', () => send('GET', `${mine}/${ids[0]}`), 2],
    ['lists everybody’s, for the staff', () => send('GET', '/api/files', { as: 'stf' }), 2],
    ['renames', turn => send('PUT', `${mine}/${ids[0]}/name`, { json: { name: `n${turn}` } }), 2],
    ['changes the extension', turn => send('PUT', `${mine}/${ids[turn]}/extension`, { json: { extension: 'md' } }), 2],
    ['removes one', turn => send('DELETE', `${mine}/${ids[2 + turn]}`), 2],
    ['removes several', turn => send('DELETE', mine, { json: { ids: [ids[4 + turn]] } }), 2],
    // Its password is counted as a try, and given back.
    ['removes all', () => send('DELETE', `${mine}/all`, { json: { password: PASSWORD } }), 4],
  ];
  it.each(titled(budget))('%s', (_, line) => holds(line));
});
