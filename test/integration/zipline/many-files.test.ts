/**
 * What a page of somebody with very many files costs: counted in the pages of tables and indexes that Postgres looks at,
 * which no busy machine changes.
 */
import type { Call } from '../../support/call.ts';
import type { Gateway } from '../../support/gateway.ts';
import { ALICE, BOB } from '../../support/scopes.ts';
import { ALICE_TOKEN, startUploads } from '../../support/uploads.ts';

/** Alice has so many, Bob as many again; every hundredth is a favorite, every thousandth is over. */
const FILES = 5000;

let gateway: Gateway;
let call: Call;
beforeAll(async () => {
  ({ gateway, call } = await startUploads());
  for (const owner of [ALICE, BOB]) {
    await gateway.db.sql(
      `insert into storage.objects (bucket_id, name, version, owner, owner_id, metadata, created_at)
       select 'uploads', $1 || i, gen_random_uuid()::text, $1::uuid, $1, '{"size": 5, "mimetype": "image/png"}',
         now() - i * interval '1 second' from generate_series(1, $2) i`,
      [owner, FILES],
    );
  }
  await gateway.db.sql('update sluice.files set favorite = true where id % 100 = 0');
  await gateway.db.sql('update sluice.files set max_views = 1, views = 1 where id % 1000 = 1');
  await gateway.db.sql('vacuum analyze storage.objects, sluice.files');
});
afterAll(() => gateway.stop());

/** Of one call of a function of the gateway, as Alice. */
async function blocksOf(statement: string): Promise<number> {
  await gateway.db.sql('begin');
  try {
    await gateway.db.sql(
      `select set_config('role', 'sluice_gateway', true), set_config('request.jwt.claims', $1, true),
         set_config('request.jwt.claim.sub', $2, true)`,
      [JSON.stringify({ sub: ALICE, account_id: 1 }), ALICE],
    );
    const explained = () => gateway.db.sql(`explain (analyze, buffers, format json) ${statement}`);
    await explained(); // fills what the session remembers of the catalogs
    const [row] = await explained();
    const [explanation] = (row?.['QUERY PLAN'] ?? []) as { Plan: Record<string, number> }[];
    return (explanation?.Plan['Shared Hit Blocks'] ?? NaN) + (explanation?.Plan['Shared Read Blocks'] ?? NaN);
  } finally {
    await gateway.db.sql('rollback');
  }
}

const page = (sort: string, skip: number, { descending = true, favorite = false } = {}) =>
  `select * from sluice.list_own_files('authenticated', '${ALICE}', ${favorite}, false, '${sort}', ${descending}, 16, ${skip})`;

it('costs a page of one’s own files what a page costs, newest or oldest first', async () => {
  expect(await blocksOf(page('created_at', 0))).toBeLessThan(400);
  expect(await blocksOf(page('created_at', 0, { descending: false }))).toBeLessThan(400);
});

it.each(['created_at', 'name', 'size', 'views', 'expires_at'])(
  'passes over what lies before a deep page by %s without describing it',
  async sort => {
    // Each file described costs some ten blocks.
    expect(await blocksOf(page(sort, FILES - 100))).toBeLessThan(FILES);
  },
);

it('costs a page of the list by public names its page, and the count of all', async () => {
  const list = (offset: number) =>
    `select * from sluice.list_uploads('authenticated', '${ALICE}', null, 50, ${offset})`;
  expect(await blocksOf(list(0))).toBeLessThan(1000);
  expect(await blocksOf(list(FILES - 100))).toBeLessThan(2000);
});

/** How often each scan of the files' records was begun, for a statement of Alice's. */
async function looksAtRecords(statement: string): Promise<number[]> {
  await gateway.db.sql('begin');
  try {
    await gateway.db.sql(
      `select set_config('role', 'authenticated', true), set_config('request.jwt.claims', $1, true),
         set_config('request.jwt.claim.sub', $2, true)`,
      [JSON.stringify({ sub: ALICE }), ALICE],
    );
    const [row] = await gateway.db.sql(`explain (analyze, format json) ${statement}`);
    const loops: number[] = [];
    JSON.stringify(row, (_, node) => {
      if (node?.['Relation Name'] === 'files') loops.push(node['Actual Loops']);
      return node;
    });
    return loops;
  } finally {
    await gateway.db.sql('rollback');
  }
}

it('looks for files that are over in no other bucket, and once for a list of its own', async () => {
  await gateway.db.sql(`insert into storage.buckets (id, name) values ('other', 'other') on conflict do nothing`);
  await gateway.db.sql(
    `insert into storage.objects (bucket_id, name, owner_id) select 'other', i::text, $1 from generate_series(1, 500) i`,
    [ALICE],
  );
  const elsewhere = await looksAtRecords(`select from storage.objects where bucket_id = 'other'`);
  expect(elsewhere.filter(loops => loops > 0)).toEqual([]);
  const looks = await looksAtRecords(
    `select from storage.objects where bucket_id = 'uploads' and owner_id = '${ALICE}'`,
  );
  expect(Math.max(...looks)).toBe(1);
});

it('counts exactly, and has every file on exactly one page', async () => {
  const get = async (path: string) => (await call('GET', path, { token: ALICE_TOKEN })).json;
  const there = FILES - FILES / 1000;
  expect(await get('/api/user/files?count=true')).toEqual({ count: there });
  expect(await get('/api/user/files?count=true&favorite=true')).toEqual({ count: FILES / 100 });
  expect(await get('/api/user/paged?count=true')).toEqual({ count: Math.ceil(there / 16) });
  expect(await get('/api/users/me/files?limit=0')).toEqual({ count: there, items: [] });
  const all = (await get('/api/user/files')) as { name: string }[];
  const names: string[] = [];
  for (const number of [1, 2, 312, 313]) {
    names.push(...((await get(`/api/user/paged?page=${number}`)) as { name: string }[]).map(({ name }) => name));
  }
  expect(all).toHaveLength(there);
  expect(names).toEqual([...all.slice(0, 32), ...all.slice(311 * 16)].map(({ name }) => name));
  expect(await get('/api/user/paged?page=314')).toEqual([]);
});
