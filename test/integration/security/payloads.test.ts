/**
 * Bodies, headers and parameters made to hurt: each is refused in the API's own form or stored as plain text, costs
 * bounded time, changes nothing it should not, and the next request is answered as ever.
 */
import { addBucket } from '../../support/bucket-fixtures.ts';
import { type Call, makeCall } from '../../support/call.ts';
import { type Gateway, SERVICE_TOKEN, startGateway, tokenFor } from '../../support/gateway.ts';
import { RawClient } from '../../support/loopback.ts';
import { ALICE } from '../../support/scopes.ts';

const token = SERVICE_TOKEN;
const SQL = `'); drop table storage.objects; --`;
const FORM = 'multipart/form-data; boundary=b';
const field = (name: string, value = '1') =>
  `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const FILE = '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nbytes\r\n';
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const cursorOf = (parts: unknown) => Buffer.from(JSON.stringify(parts)).toString('base64url');

describe('hostile payloads', () => {
  let gateway: Gateway;
  let call: Call;

  beforeAll(async () => {
    gateway = await startGateway();
    call = makeCall(gateway.url);
    await addBucket(gateway, 'b', { public: true });
    await call('POST', '/object/b/kept', { token, body: 'kept' });
  });
  afterAll(() => gateway.stop());

  const state = () =>
    gateway.db.sql(`select (select array_agg(name order by name) from storage.objects) as names,
      (select count(*)::int from storage.buckets) as buckets, (select count(*)::int from sluice.blobs) as blobs`);

  /** The gateway shares this process, so the process's time bounds the gateway's. */
  async function boundedAndHarmless(act: () => Promise<unknown>, cpuMs = 1_500): Promise<void> {
    await gateway.app.sweeper.run();
    const before = await state();
    const began = process.cpuUsage();
    await act();
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / 1000).toBeLessThan(cpuMs);
    await gateway.app.sweeper.run();
    expect(await state()).toEqual(before);
    expect((await call('GET', '/object/public/b/kept')).text).toBe('kept');
  }

  it.each([
    ['of 10,000 fields', Array.from({ length: 10_000 }, (_, i) => field(`f${i}`)).join('') + FILE],
    ['of 10,000 fields behind its file', FILE + Array.from({ length: 10_000 }, (_, i) => field(`f${i}`)).join('')],
    ['with a field name of 1 MB', field('n'.repeat(1e6)) + FILE],
    ['with a field of 2 MB', field('metadata', 'x'.repeat(2e6)) + FILE],
    ['with 10,000 files', FILE.repeat(10_000)],
    [
      'that nests another',
      `--b\r\ncontent-disposition: form-data; name="m"\r\ncontent-type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n${FILE}`,
    ],
    ['whose part headers never end', `--b\r\n${'x: y\r\n'.repeat(100_000)}`],
  ])('refuse a form %s', async (_what, body) => {
    await boundedAndHarmless(async () => {
      const reply = await call('POST', '/object/b/bomb', {
        token,
        headers: { 'content-type': FORM },
        body: `${body}--b--\r\n`,
      });
      expect(reply.status).toBe(400);
      expect(reply.json).toMatchObject({ error: expect.any(String), message: expect.any(String) });
    });
  });

  it.each([
    ['nested 500,000 deep', nested(500_000)],
    ['of 2 MiB', `{"name":"${'x'.repeat(2 * 1024 * 1024)}"}`],
    ['nested in a known field', `{"name":"x","allowed_mime_types":${nested(100_000)}}`],
    ['with 100,000 unknown fields', `{${Array.from({ length: 80_000 }, (_, i) => `"k${i}":1`).join()}}`],
    ['with a number beyond every type', '{"name":"x","file_size_limit":1e400}'],
    ['that names a prototype in place of its fields', '{"__proto__":{"name":"polluted"}}'],
    ['that hides its field in a prototype', '{"__proto__":{"name":"polluted"},"public":true}'],
    ['that names a constructor in place of its fields', '{"constructor":{"prototype":{"name":"polluted"}}}'],
  ])('refuse JSON %s', async (_what, body) => {
    await boundedAndHarmless(async () => {
      const reply = await call('POST', '/bucket', { token, headers: { 'content-type': 'application/json' }, body });
      expect(reply.status).toBe(body.length > 1024 * 1024 ? 413 : 400);
      expect(({} as Record<string, unknown>).name).toBeUndefined();
    });
  });

  it.each([1_000, 5_000, 20_000, 100_000])('survive user metadata nested %i deep', async depth => {
    const metadata = Buffer.from(`{"a":${nested(depth)}}`).toString('base64');
    const form = [
      { name: 'metadata', value: `{"a":${nested(depth)}}` },
      { name: 'file', value: 'bytes', type: 'text/plain' },
    ];
    const replies = [await call('POST', `/object/b/form-${depth}`, { token, form })];
    if (metadata.length < 60_000) {
      const headers = { 'x-metadata': metadata };
      replies.push(await call('POST', `/object/b/raw-${depth}`, { token, headers, body: 'bytes' }));
    }
    for (const reply of replies) expect([200, 400]).toContain(reply.status);
    for (const name of ['form', 'raw']) await call('DELETE', `/object/b/${name}-${depth}`, { token });
  });

  it.each([
    ['a number beyond bigint', 'GET', '/bucket?limit=32589158477190044731', undefined],
    ['a negative number', 'GET', '/bucket?limit=-1', undefined],
    [
      'a cursor whose time Postgres cannot read',
      'POST',
      '/object/list-v2/b',
      {
        cursor: cursorOf(['kept', false, 'created_at', 'asc', '1 (a comment)']),
        sortBy: { column: 'created_at', order: 'asc' },
      },
    ],
    [
      'a cursor whose time lies beyond Postgres’s',
      'POST',
      '/object/list-v2/b',
      {
        cursor: cursorOf(['kept', false, 'created_at', 'asc', '+275760-01-01T00:00:00Z']),
        sortBy: { column: 'created_at', order: 'asc' },
      },
    ],
  ])('refuse %s', async (_what, method, path, json) => {
    await boundedAndHarmless(async () => {
      const reply = await call(method, path, json === undefined ? { token } : { token, json });
      expect(reply.status).toBe(400);
    });
  });

  it('take SQL in any text for text', async () => {
    const alice = tokenFor('authenticated', SQL, { [SQL]: SQL });
    const inPath = encodeURIComponent(SQL);
    await boundedAndHarmless(async () => {
      const headers = { 'x-forwarded-for': SQL, 'user-agent': SQL };
      for (const login of [token, alice]) {
        const replies = [
          await call('GET', `/object/b/${inPath}`, { token: login, headers }),
          await call('GET', `/object/${inPath}/x`, { token: login }),
          await call('GET', `/bucket/${inPath}`, { token: login }),
          await call('GET', `/bucket?search=${inPath}&sortColumn=${inPath}`, { token: login }),
          await call('DELETE', '/object/b', { token: login, json: { prefixes: [SQL] } }),
          await call('POST', '/object/list/b', { token: login, json: { prefix: SQL, search: SQL } }),
          await call('POST', '/object/list/b', {
            token: login,
            json: { prefix: '', sortBy: { column: SQL, order: SQL } },
          }),
          await call('POST', '/object/list-v2/b', { token: login, json: { prefix: SQL, cursor: SQL } }),
          await call('POST', '/object/move', {
            token: login,
            json: { bucketId: 'b', sourceKey: SQL, destinationKey: SQL },
          }),
          await call('POST', '/object/sign/b', { token: login, json: { expiresIn: 9, paths: [SQL] } }),
          await call('POST', `/object/copy`, {
            token: login,
            json: { bucketId: SQL, sourceKey: 'x', destinationKey: 'y' },
          }),
        ];
        for (const { status } of replies) expect(status).toBeLessThan(500);
      }
    });
  });

  it.each([
    '..%2f..%2fetc%2fpasswd',
    '../../etc/passwd',
    '%2e%2e/%2e%2e/kept',
    '..%5c..%5ckept',
    '%252e%252e%252fkept',
    '%c0%ae%c0%ae%2fkept',
    './kept',
    '//kept',
    '.%00/kept',
    '%uff0e%uff0e/kept',
  ])('find nothing at %s, in any position of a path', async odd => {
    await boundedAndHarmless(async () => {
      const port = Number(new URL(gateway.url).port);
      for (const path of [
        `/object/public/b/${odd}`,
        `/object/public/${odd}/b`,
        `/${odd}`,
        `/object/${odd}/public/b/kept`,
      ]) {
        const client = new RawClient(port).write(`GET ${path} HTTP/1.1`, 'host: x', 'connection: close', '', '');
        const reply = await client.all();
        expect(reply).toMatch(/^HTTP\/1\.1 4\d\d /);
        expect(reply).not.toMatch(/root:|\r\n\r\nkept/);
      }
    });
  });

  it.each([
    ['range', `bytes=${'0-,'.repeat(15_000)}`],
    ['if-none-match', 'W/"'.repeat(15_000)],
    ['if-match', ','.repeat(45_000)],
    ['if-modified-since', ' '.repeat(100) + 'Sun, '.repeat(9_000)],
    ['x-robots-tag', `${'max-snippet: 1,'.repeat(3_000)}!`],
    ['content-type', `${'a'.repeat(30_000)}/${' ;'.repeat(7_000)}`],
    ['authorization', `Bearer ${' '.repeat(40_000)}x`],
    ['cache-control', `${'max-age=1,'.repeat(4_000)}!`],
  ])('cost little time by a long %s', async (name, value) => {
    await boundedAndHarmless(async () => {
      for (const [method, path] of [
        ['GET', '/object/public/b/kept'],
        ['POST', '/object/b/kept'],
      ] as const) {
        const reply = await call(method, path, {
          token,
          headers: { [name]: value },
          ...(method === 'GET' ? {} : { body: '' }),
        });
        expect(reply.status).toBeLessThan(500);
      }
    }, 700);
  });

  it('are plain text to the helpers of a policy: a claim is compared, never run', async () => {
    await gateway.db.sql(
      `create policy by_team on storage.objects to authenticated using ((storage.foldername(name))[1] = auth.claim('team'))`,
    );
    const teams = [
      "x' or true --",
      "') or (select rolpassword from pg_catalog.pg_authid limit 1) is null --",
      '%',
      '_',
      '$1',
    ];
    for (const team of teams) {
      await gateway.db.sql(`insert into storage.objects (bucket_id, name) values ('b', $1)`, [`${team}/theirs`]);
    }
    try {
      for (const team of teams) {
        const token = tokenFor('authenticated', ALICE, { team, search_path: 'pg_catalog' });
        const reply = await call('POST', '/object/list/b', { token, json: { prefix: '' } });
        expect(reply.json).toEqual([expect.objectContaining({ name: team })]);
      }
    } finally {
      await gateway.db.sql(`delete from storage.objects where name like '%/theirs'`);
      await gateway.db.sql('drop policy by_team on storage.objects');
    }
  });

  it('name no table: catalogs and the ledger are not buckets', async () => {
    const token = tokenFor('authenticated', ALICE);
    for (const path of ['pg_catalog.pg_authid', 'pg_shadow', 'storage.objects', 'sluice.blobs']) {
      const reply = await call('GET', `/object/authenticated/${path}/rolpassword`, { token });
      expect(reply.json).toMatchObject({ statusCode: '404' });
    }
  });
});
