/** Transactions that wait for each other, made on purpose and counted. */
import type { TestDatabase } from './test-database.ts';
import { until } from './until.ts';

/** How often Postgres has ended a deadlock in this database. */
export async function deadlocksIn({ sql }: TestDatabase): Promise<number> {
  const [row] = await sql<{ count: string }>(
    'select pg_stat_get_db_deadlocks(oid) as count from pg_database where datname = current_database()',
  );
  return Number(row?.count);
}

/** Resolves once so many transactions wait for a lock. */
export async function untilWaiting({ sql }: TestDatabase, count: number): Promise<void> {
  await until(`${count} wait`, async () => {
    // Not from pg_stat_activity, which stays as it was at first sight for a test that is in a transaction itself.
    const rows = await sql(`select from pg_locks w where not w.granted and exists (
      select from pg_locks l join pg_database d on d.oid = l.database
      where l.pid = w.pid and d.datname = current_database())`);
    return rows.length === count;
  });
}

/** While a test holds it, whoever changes a row waits, after having locked the row that it changes. */
const GATE = 4711;

/** Runs what waits at the gate, or for each other, and opens it once `count` do. */
export async function meetAtGate<Value>(
  { sql, ...db }: TestDatabase,
  count: number,
  run: () => readonly Promise<Value>[],
): Promise<Value[]> {
  await sql(`create or replace function public.pass_gate() returns trigger language plpgsql as
    $$ begin perform pg_advisory_xact_lock_shared(${GATE}); return coalesce(new, old); end $$`);
  await sql(`create trigger a_gate before insert or update or delete on storage.objects
    for each row execute function public.pass_gate()`);
  await sql(`select pg_advisory_lock(${GATE})`);
  const running = run();
  await untilWaiting({ sql, ...db }, count);
  await sql(`select pg_advisory_unlock(${GATE})`);
  const values = await Promise.all(running);
  await sql('drop trigger a_gate on storage.objects');
  return values;
}
