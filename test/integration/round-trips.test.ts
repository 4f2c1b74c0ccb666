/** DESIGN §2's budget, counted on the wire: Postgres round trips and calls to the S3 server, per operation. */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { furnishDoors } from '../faults/door-paths.ts';
import { type CountedGateway, startCountedGateway } from '../support/counted-gateway.ts';
import { type Gateway, HAS_S3, SERVICE_TOKEN, tokenFor } from '../support/gateway.ts';
import { ALICE } from '../support/scopes.ts';
import type { TestDatabase } from '../support/test-database.ts';

const ALICE_TOKEN = tokenFor('authenticated', ALICE, { admin: true, backend: 'default' });

describe('round trips', () => {
  let counted: CountedGateway;
  let db: TestDatabase;
  let gateway: Gateway;

  beforeAll(async () => {
    counted = await startCountedGateway();
    ({ db, gateway } = counted);
    await db.sql(`create policy everything on storage.objects to authenticated using (true) with check (true)`);
    for (const [id, open] of [
      ['private', false],
      ['open', true],
      ['other', false],
    ] as const) {
      await send('POST', '/bucket', { name: id, public: open }, SERVICE_TOKEN);
    }
    for (const path of ['private/a.txt', 'open/a.txt', 'private/b.txt', 'private/c.txt']) await upload(path);
  });
  afterAll(() => counted.stop());

  async function send(
    method: string,
    path: string,
    body?: unknown,
    token = ALICE_TOKEN,
    headers = {},
  ): Promise<Response> {
    const reply = await fetch(gateway.url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    await reply.clone().arrayBuffer();
    return reply;
  }

  async function upload(
    path: string,
    body: Buffer | FormData | ReadableStream | string = 'hello',
    init: RequestInit = {},
  ): Promise<Response> {
    return fetch(`${gateway.url}/object/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ALICE_TOKEN}`, 'x-upsert': 'true', 'content-type': 'text/plain' },
      body,
      ...init,
    });
  }

  const count: CountedGateway['count'] = (act, statuses) => counted.count(act, statuses);
  const expected: CountedGateway['expected'] = (roundTrips, calls) => counted.expected(roundTrips, calls);

  it.each([
    ['public', () => send('GET', '/object/public/open/a.txt')],
    ['authenticated', () => send('GET', '/object/authenticated/private/a.txt')],
    ['optional login, own', () => send('GET', '/object/private/a.txt')],
    ['optional login, public bucket', () => send('GET', '/object/open/a.txt', undefined, tokenFor('anon'))],
  ])('downloads (%s) in one and one GET', async (_, act) => {
    expect(await count(act)).toEqual(expected(1, ['GET']));
  });

  it('downloads through a link in one and one GET', async () => {
    const { signedURL } = (await (await send('POST', '/object/sign/private/a.txt', { expiresIn: 60 })).json()) as {
      signedURL: string;
    };
    const open = async () => {
      const reply = await fetch(gateway.url + signedURL);
      await reply.clone().arrayBuffer();
      return reply;
    };
    expect(await count(open)).toEqual(expected(1, ['GET']));
  });

  it.each([
    ['HEAD', () => send('HEAD', '/object/private/a.txt'), [200]],
    ['info', () => send('GET', '/object/info/private/a.txt'), [200]],
    ['304', () => send('GET', '/object/private/a.txt', undefined, ALICE_TOKEN, { 'if-none-match': '*' }), [304]],
    ['412', () => send('GET', '/object/private/a.txt', undefined, ALICE_TOKEN, { 'if-match': '"x"' }), [412]],
    ['416', () => send('GET', '/object/private/a.txt', undefined, ALICE_TOKEN, { range: 'bytes=99-' }), [416]],
    ['list', () => send('POST', '/object/list/private', { prefix: '' }), [200]],
    ['list v2', () => send('POST', '/object/list-v2/private', {}), [200]],
    ['sign one', () => send('POST', '/object/sign/private/a.txt', { expiresIn: 60 }), [200]],
    [
      'sign 1000',
      () => send('POST', '/object/sign/private', { expiresIn: 60, paths: Array(1000).fill('a.txt') }),
      [200],
    ],
    ['a refused read', () => send('GET', '/object/private/absent'), [400]],
  ] as const)('answers %s in one and no call to the store', async (_, act, statuses) => {
    expect(await count(act, [...statuses])).toEqual(expected(1, []));
  });

  describe('through the doors of files and backends', () => {
    let folder = 0;
    let file = 0;
    const put = (turn: number) => send('PUT', `/1/file/www/${turn}.txt`, 'hello');

    beforeAll(async () => {
      await furnishDoors(gateway);
      await upload('uploads/a.txt');
      const found = await db.sql<{ id: number }>('select id::int from sluice.files');
      file = found[0]?.id ?? 0;
      folder = ((await (await send('POST', '/api/user/folders', { name: 'f' })).json()) as { id: number }).id;
      await put(0);
    });

    it.each([
      ['a file at its address, counted', () => send('GET', '/u/a.txt'), 1],
      ['a part of it', () => send('GET', '/u/a.txt', undefined, ALICE_TOKEN, { range: 'bytes=0-1' }), 2],
      ['a file of a backend', () => send('GET', '/1/file/www/0.txt'), 1],
    ])('reads %s in as many as it takes and one GET', async (_, act, roundTrips) => {
      expect(await count(act, [200, 206])).toEqual(expected(roundTrips, ['GET']));
    });

    it.each([
      ['a folder with its files', () => send('GET', `/api/user/folders/${folder}?files=true`)],
      ['one’s own files', () => send('GET', '/api/user/files')],
      [
        'a file into a folder and out again',
        (turn: number) => send(turn === 0 ? 'POST' : 'DELETE', `/api/user/folders/${folder}`, { file }),
      ],
      ['a folder made public', () => send('PATCH', `/api/user/folders/${folder}`, { public: true })],
      ['a list by path', () => send('GET', '/1/file/www')],
      ['a removal by path', () => send('DELETE', '/1/file/nothing')],
    ])('answers %s in one and no call to the store', async (_, act) => {
      expect(await count(act)).toEqual(expected(1, []));
    });

    it('uploads into a backend in two and one PUT', async () => {
      expect(await count(put)).toEqual(expected(2, ['PUT']));
    });
  });

  it('uploads what fits one part in two and one PUT, raw with a length', async () => {
    expect(await count(turn => upload(`private/raw-${turn}.txt`))).toEqual(expected(2, ['PUT']));
  });

  it('uploads what fits one part in two and one PUT, as a form', async () => {
    const form = () => {
      const data = new FormData();
      data.append('', new Blob(['hello'], { type: 'text/plain' }));
      return data;
    };
    const headers = { authorization: `Bearer ${ALICE_TOKEN}` };
    expect(await count(turn => upload(`private/form-${turn}.txt`, form(), { headers }))).toEqual(expected(2, ['PUT']));
  });

  it('uploads 20 MiB of a declared length in two and one PUT', async () => {
    const body = randomBytes(20 * 1024 * 1024);
    expect(await count(turn => upload(`private/large-${turn}.bin`, body))).toEqual(expected(2, ['PUT']));
  });

  it('uploads 20 MiB of unknown length in two, and in parts', async () => {
    const body = () => Readable.toWeb(Readable.from([randomBytes(20 * 1024 * 1024)])) as ReadableStream;
    const found = await count(turn => upload(`private/chunked-${turn}.bin`, body(), { duplex: 'half' } as RequestInit));
    expect(found.postgres).toBe(2);
    if (found.s3 !== null) expect(found.s3.sort()).toEqual(['POST', 'POST', 'PUT', 'PUT', 'PUT']);
  });

  it('offers a way straight to the store in one and no call to it, and commits in two and four', async () => {
    await send('POST', '/bucket', { name: 'straight', delivery: 'redirect' }, SERVICE_TOKEN);
    const offers: { url: string; headers: Record<string, string>; commitUrl: string }[] = [];
    const sign = async (turn: number) => {
      const reply = await send('POST', `/object/upload/sign/straight/${turn}`, { direct: {} });
      offers.push(((await reply.clone().json()) as { direct: (typeof offers)[number] }).direct);
      return reply;
    };
    expect(await count(sign)).toEqual(expected(1, []));
    if (!HAS_S3) return;
    for (const { url, headers } of offers) await fetch(url, { method: 'PUT', headers, body: 'hello' });
    const commit = (turn: number) => fetch(gateway.url + offers[turn]?.commitUrl, { method: 'POST' });
    expect(await count(commit)).toEqual(expected(2, ['HEAD', 'PUT', 'HEAD', 'POST']));
  });

  it('deletes one in one and no call to the store', async () => {
    expect(await count(turn => send('DELETE', `/object/private/raw-${turn}.txt`))).toEqual(expected(1, []));
  });

  it('deletes many in one and no call to the store', async () => {
    const prefixes = Array.from({ length: 1000 }, (_, n) => `form-${n}.txt`);
    expect(await count(() => send('DELETE', '/object/private', { prefixes }))).toEqual(expected(1, []));
  });

  it('moves across buckets in one and no call to the store', async () => {
    const move = (turn: number) =>
      send('POST', '/object/move', {
        bucketId: 'private',
        sourceKey: turn === 0 ? 'b.txt' : 'c.txt',
        destinationBucket: 'other',
        destinationKey: `b-${turn}.txt`,
      });
    expect(await count(move)).toEqual(expected(1, []));
  });

  it('copies a large object in one and no call to the store', async () => {
    const copy = (turn: number) =>
      send('POST', '/object/copy', {
        bucketId: 'private',
        sourceKey: 'large-0.bin',
        destinationBucket: 'other',
        destinationKey: `copy-${turn}.bin`,
      });
    expect(await count(copy)).toEqual(expected(1, []));
  });

  it('empties a bucket in one and no call to the store', async () => {
    expect(await count(() => send('POST', '/bucket/other/empty', {}, SERVICE_TOKEN))).toEqual(expected(1, []));
  });
});
