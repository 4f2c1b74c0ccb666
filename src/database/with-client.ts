/**
 * One connection for one piece of work, beside the pool of requests: migrations, the rooms of accounts, an administrator's
 * own SQL. It sets no role and tries nothing twice.
 */
import pg from 'pg';
import type { ConnectionTarget } from './database.ts';

/**
 * Lends a connection, as the login that `target` names, and ends it when the work has settled. `purpose` is what Postgres
 * shows of it, behind the name of the program. Rejects as the work does, or as connecting; a connection that breaks rejects
 * the statement under way and every later one.
 */
export async function withClient<Result>(
  target: ConnectionTarget,
  purpose: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ ...target, application_name: `sluice ${purpose}` });
  // The statement under way is told; without a listener the break would end the process.
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
