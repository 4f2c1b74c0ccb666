/**
 * A backend that has grown since Postgres last took notice of its size. What a path costs is counted in the pages of
 * tables and indexes that Postgres looks at, which no busy machine changes.
 */
import { cloneTestDatabase, type TestDatabase } from '../../support/test-database.ts';

const FILES = 20;
const OTHERS = 30_000;
/** The others fill some 1,300. */
const FEW_BLOCKS = 200;
const AS_ONE = `'authenticated', 'backend-one'`;

const STATEMENTS = [
  ['reading a folder', `select * from sluice.read_backend(${AS_ONE}, 'm', 'm/', 'm0', null, 101)`, FILES],
  [
    'reading its next page',
    `select * from sluice.read_backend(${AS_ONE}, 'm', 'm/', 'm0', 'm/000010', 101)`,
    FILES - 10,
  ],
  [
    'reading one file',
    `select * from sluice.read_backend(${AS_ONE}, 'm/000001', 'm/000001/', 'm/0000010', null, 101)`,
    1,
  ],
  ['reading a page of the root', `select * from sluice.read_backend(${AS_ONE}, '', '', null, 'm/000010', 11)`, 11],
  ['removing a folder', `select * from sluice.delete_backend_files(${AS_ONE}, 'm', 'm/', 'm0')`, FILES],
  [
    'removing one file',
    `select * from sluice.delete_backend_files(${AS_ONE}, 'm/000001', 'm/000001/', 'm/0000010')`,
    1,
  ],
  ['removing what nothing follows', `select * from sluice.delete_backend_files(${AS_ONE}, '', 'z/014990', null)`, 11],
] as const;

let db: TestDatabase;
beforeAll(async () => {
  db = await cloneTestDatabase();
  await db.sql(`insert into storage.buckets (id, name) values ('backend-one', 'backend-one')`);
  await db.sql('create policy everything on storage.objects to authenticated using (true)');
  await db.sql('alter table storage.objects set (autovacuum_enabled = false)');
  const fill = (folder: string, files: number) =>
    db.sql(
      `insert into storage.objects (bucket_id, name, version, metadata)
       select 'backend-one', $1 || '/' || lpad(n::text, 6, '0'), 'aa-' || n, '{"size": 1}' from generate_series(1, $2) n`,
      [folder, files],
    );
  await fill('m', FILES);
  await db.sql('vacuum analyze storage.objects');
  // From the sixth time on, Postgres may keep one plan for all.
  for (const [, statement] of STATEMENTS) for (let time = 1; time <= 6; time += 1) await costOf(statement);
  await fill('a', OTHERS / 2);
  await fill('z', OTHERS / 2);
});
afterAll(() => db.drop());

/** How many rows the statement gives, and what it costs. */
async function costOf(statement: string): Promise<{ rows: number; blocks: number }> {
  await db.sql('begin');
  try {
    await db.sql('set local role sluice_gateway');
    const [row] = await db.sql(`explain (analyze, buffers, format json) ${statement}`);
    const [explanation] = (row?.['QUERY PLAN'] ?? []) as { Plan: Record<string, number> }[];
    const plan = explanation?.Plan ?? {};
    return {
      rows: plan['Actual Rows'] ?? NaN,
      blocks: (plan['Shared Hit Blocks'] ?? NaN) + (plan['Shared Read Blocks'] ?? NaN),
    };
  } finally {
    await db.sql('rollback');
  }
}

it.each(STATEMENTS)('costs %s no look at the rest of the backend', async (_what, statement, rows) => {
  await costOf(statement); // fills what the session remembers of the catalogs
  const cost = await costOf(statement);
  expect(cost.rows).toBe(rows);
  expect(cost.blocks).toBeLessThan(FEW_BLOCKS);
});
