/**
 * What a listing of a folder costs: counted in the pages of tables and indexes that Postgres looks at, which no busy
 * machine changes.
 */
import { cloneTestDatabase, type TestDatabase } from '../../support/test-database.ts';

const RUNS = 10;
const FILES_OF_A_RUN = 50;
/** In each folder that lies between two runs of files. */
const FILES_BENEATH = 3000;
const ENTRIES = RUNS * (FILES_OF_A_RUN + 1);

let db: TestDatabase;
beforeAll(async () => {
  db = await cloneTestDatabase();
  await db.sql(`insert into storage.buckets (id, name) values ('home', 'home')`);
  await db.sql('create policy everything on storage.objects for select to authenticated using (true)');
  await db.sql(
    `insert into storage.objects (bucket_id, name)
     select 'home', format('alice/%s-%s', run, lpad(n::text, 3, '0'))
     from generate_series(0, $1 - 1) run, generate_series(1, $2) n
     union all
     select 'home', format('alice/%s/%s', run, n) from generate_series(0, $1 - 1) run, generate_series(1, $3) n`,
    [RUNS, FILES_OF_A_RUN, FILES_BENEATH],
  );
  await db.sql('vacuum analyze storage.objects');
});
afterAll(() => db.drop());

/** Of one listing of alice's root, as an ordinary user. */
async function blocksOf(order: 'asc' | 'desc', { skip = 0, limit = null as number | null }): Promise<number> {
  await db.sql('begin');
  try {
    await db.sql(`set local role authenticated`);
    const explained = () =>
      db.sql(`explain (analyze, buffers, format json) select * from storage.list_entries(
        'home', 'alice/', 'alice0', 6, true, null, ${order === 'desc'}, ${skip}, ${limit})`);
    await explained(); // fills what the session remembers of the catalogs
    const [row] = await explained();
    const [explanation] = (row?.['QUERY PLAN'] ?? []) as { Plan: Record<string, number> }[];
    expect(explanation?.Plan['Actual Rows']).toBe(Math.min(limit ?? ENTRIES, ENTRIES - skip));
    return (explanation?.Plan['Shared Hit Blocks'] ?? NaN) + (explanation?.Plan['Shared Read Blocks'] ?? NaN);
  } finally {
    await db.sql('rollback');
  }
}

it.each(['asc', 'desc'] as const)(
  'costs a listing a seek an entry, whatever lies beneath the folders, %s',
  async order => {
    // All that lies beneath them is some 700 blocks more.
    for (const part of [{}, { skip: 120, limit: 200 }, { skip: ENTRIES - 1 }]) {
      expect(await blocksOf(order, part)).toBeLessThan(ENTRIES);
    }
  },
);
