/**
 * Folders of thousands of files. What a listing costs is counted in the pages of tables and indexes that Postgres looks
 * at, which no busy machine changes. Moving and removing go by five thousand files, and are whole or not at all.
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
  await db.sql('create policy everything on storage.objects to authenticated using (true)');
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

describe('a folder of thousands', () => {
  beforeEach(() => db.sql('begin'));
  afterEach(() => db.sql('rollback'));

  const fill = (files: number) =>
    db.sql(
      `insert into storage.objects (bucket_id, name)
       select 'home', 'alice/many/' || lpad(n::text, 6, '0') from generate_series(1, $1) n`,
      [files],
    );
  const countUnder = async (folder: string) => {
    const [row] = await db.sql(`select count(*)::integer as files from storage.objects where starts_with(name, $1)`, [
      `${folder}/`,
    ]);
    return row?.files;
  };
  /** As the gateway, for an ordinary user. */
  const act = async (statement: string) => {
    await db.sql('set local role sluice_gateway');
    const [row] = await db.sql(`select ${statement} as answer`);
    await db.sql('reset role');
    return row?.answer;
  };
  const MOVE = `sluice.move_tree('authenticated', 'home', 'alice/many', 'alice/many-more', '{alice}')`;
  const REMOVE = `sluice.delete_tree('authenticated', 'home', 'alice/many')`;

  it('is listed without asking the policies anew for each folder in it', async () => {
    await db.sql(
      `insert into storage.objects (bucket_id, name)
       select 'home', format('alice/many/%s/%s', n, file) from generate_series(1, 1000) n, unnest('{a,b}'::text[]) file`,
    );
    await db.sql('create sequence asked');
    await db.sql('grant usage on sequence asked to authenticated');
    // A subquery without the row's columns is answered once for each statement that looks at rows.
    await db.sql(`create policy asked on storage.objects as restrictive for select to authenticated
      using ((select nextval('public.asked')) > 0)`);
    await db.sql('set local role authenticated');
    const entries = await db.sql(
      `select e.name from storage.list_entries('home', 'alice/many/', 'alice/many0', 11, true, null, false, 0, null) e`,
    );
    await db.sql('reset role');
    expect(entries).toHaveLength(1000);
    const [row] = await db.sql('select last_value::integer as times from asked');
    expect(row?.times).toBeLessThan(5);
  });

  it.each([
    ['move', MOVE, 'SL003'],
    ['delete', REMOVE, 'SL006'],
  ])('is whole after a %s that a policy forbids for the last of them', async (_, statement, code) => {
    await fill(5001);
    for (const command of ['update', 'delete']) {
      await db.sql(`create policy "the last ${command}" on storage.objects as restrictive for ${command} to authenticated
        using (name <> 'alice/many/005001')`);
    }
    await db.sql('savepoint before');
    await expect(act(statement)).rejects.toMatchObject({ code });
    await db.sql('rollback to savepoint before');
    expect(await countUnder('alice/many')).toBe(5001);
  });

  it.each([4999, 5000, 5001, 10_000])('moves %d files, each under its own name', async files => {
    await fill(files);
    expect(await act(MOVE)).toBe(false);
    const [row] = await db.sql(
      `select count(*)::integer as files, min(name) as first, max(name) as last from storage.objects
       where starts_with(name, 'alice/many-more/')`,
    );
    const last = `alice/many-more/${String(files).padStart(6, '0')}`;
    expect(row).toEqual({ files, first: 'alice/many-more/000001', last });
    expect(await countUnder('alice/many')).toBe(0);
  });

  it.each([4999, 5000, 5001, 10_000])('removes %d files, and says how many', async files => {
    await fill(files);
    expect(await act(REMOVE)).toBe(String(files));
    expect(await countUnder('alice/many')).toBe(0);
  });
});
