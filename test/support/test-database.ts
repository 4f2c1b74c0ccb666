/**
 * A database of its own for each test file: a clone of one migrated template, dropped afterwards. The server is real:
 * TEST_DATABASE_URL, else an embedded Postgres that the global set-up starts.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { ConnectionTarget } from '../../src/database/database.ts';

export interface TestDatabase {
  /** What the gateway connects with. */
  readonly target: ConnectionTarget;
  /** Runs SQL as an administrator, outside every policy. */
  sql<Row extends Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

/** Set by the global set-up for every test process. */
export interface TestServer {
  readonly admin: ConnectionTarget;
  readonly template: string;
}

export const TEST_SERVER_VARIABLE = 'SLUICE_TEST_SERVER';

export function testServer(): TestServer {
  const text = process.env[TEST_SERVER_VARIABLE];
  if (text === undefined) throw new Error('the global set-up has not run');
  return JSON.parse(text) as TestServer;
}

/** The same server, another database. */
export function withDatabase(target: ConnectionTarget, database: string): ConnectionTarget {
  if (target.connectionString === undefined) return { ...target, database };
  const url = new URL(target.connectionString);
  url.pathname = `/${database}`;
  return { connectionString: url.href };
}

export async function cloneTestDatabase(): Promise<TestDatabase> {
  const { admin, template } = testServer();
  const name = `sluice_test_${randomBytes(6).toString('hex')}`;
  await asAdmin(admin, `create database ${name} template ${template}`);
  const target = withDatabase(admin, name);
  const client = new pg.Client(target);
  await client.connect();
  return {
    target,
    async sql<Row extends Record<string, unknown>>(text: string, values: unknown[] = []) {
      const result = await client.query<Row>(text, values);
      return result.rows;
    },
    async drop() {
      await client.end();
      await asAdmin(admin, `drop database ${name} with (force)`);
    },
  };
}

export async function asAdmin(target: ConnectionTarget, text: string): Promise<void> {
  const client = new pg.Client(target);
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
