/** What the README tells administrators to run, to have the mended policies of sets that they installed earlier. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTestRooms } from '../support/accounts.ts';
import { PACKAGE_ROOT } from '../support/gateway.ts';
import { cloneTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { readPolicySet } from './seeded-world.ts';

const SCRIPTS =
  readFileSync(join(PACKAGE_ROOT, 'README.md'), 'utf8').match(/^ {4}for policy in [\s\S]*?^ {4}done$/gm) ?? [];

let db: TestDatabase;
beforeAll(async () => {
  db = await cloneTestDatabase();
  await openTestRooms(db);
  await db.sql(readPolicySet('own-buckets', []));
});
afterAll(() => db.drop());

it.each(SCRIPTS)('puts each policy that it names in the place of an earlier one: %#', async script => {
  const policies = () => db.sql<{ policyname: string }>(`select * from pg_policies order by policyname`);
  const now = await policies();
  const named = now.filter(({ policyname }) => new RegExp(`\\b${policyname}\\b`).test(script));
  for (const { policyname, tablename } of named as unknown as { policyname: string; tablename: string }[])
    await db.sql(`alter policy ${policyname} on storage.${tablename} with check (true)`);
  expect(await policies()).not.toEqual(now);
  const statements = execFileSync('bash', ['-c', script.replaceAll('node dist/main.js sql', 'cat')], {
    cwd: PACKAGE_ROOT,
    encoding: 'utf8',
  });
  await db.sql(statements);
  expect(await policies()).toEqual(now);
});

it('is said twice', () => {
  expect(SCRIPTS).toHaveLength(2);
});
