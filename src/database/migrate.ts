/**
 * Brings a database to the state this version needs: roles, schemas, numbered migrations (forward only), the operation
 * functions and the grants (both re-runnable, applied when their text has changed). Any number of gateways may start at
 * once on one database; one migrates, the others wait and find nothing to do.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import type { ConnectionTarget } from './database.ts';
import { withClient } from './with-client.ts';

/** Told before each file is applied, so that the command line can show progress. */
export type MigrationProgress = (step: {
  readonly file: string;
  readonly done: number;
  readonly total: number;
}) => void;

export interface MigrationResult {
  /** Files applied by this call, in order; empty when the database was up to date. */
  readonly applied: readonly string[];
}

interface SqlFile {
  readonly name: string;
  readonly text: string;
  readonly hash: string;
}

const REAPPLIED = 'functions and grants';

/**
 * Migrates the database that `target` names, as the login that `target` names: a superuser, or a role that may create
 * roles and schemas. Rejects, with everything of the failing file rolled back, when a file fails, when an applied
 * migration's text has changed since, or when a newer version has migrated the database.
 */
export async function migrate(
  target: ConnectionTarget,
  packageRoot: string,
  onProgress: MigrationProgress = () => {},
): Promise<MigrationResult> {
  return withClient(target, 'migrate', async client => {
    // One lock a database; 'sluice' in hexadecimal.
    await client.query('select pg_advisory_lock($1)', ['126933671633765']);
    return migrateLocked(client, packageRoot, onProgress);
  });
}

async function migrateLocked(
  client: pg.Client,
  packageRoot: string,
  onProgress: MigrationProgress,
): Promise<MigrationResult> {
  const migrations = await readSqlFiles(join(packageRoot, 'db', 'migrations'));
  const functions = await readSqlFiles(join(packageRoot, 'db', 'functions'));
  const roles = await readSqlFile(join(packageRoot, 'policies'), 'roles.sql');
  const grants = await readSqlFile(join(packageRoot, 'policies'), 'grants.sql');

  const reapplied = [roles, ...functions, grants];
  const reappliedHash = hashOf(reapplied.map(file => file.hash).join());
  const known = await readApplied(client);
  refuseNewer(migrations, known);
  refuseChanged(migrations, known);
  const pending = migrations.filter(file => !known.has(file.name));
  if (pending.length === 0 && known.get(REAPPLIED) === reappliedHash) return { applied: [] };

  await client.query(roles.text);
  await createSchemas(client);
  const steps = [...pending, ...functions, grants];
  await client.query('set role sluice_owner');
  await client.query('set check_function_bodies = off');
  for (const [done, file] of steps.entries()) {
    onProgress({ file: file.name, done, total: steps.length });
    await applyFile(client, file, pending.includes(file));
  }
  await recordApplied(client, { name: REAPPLIED, hash: reappliedHash });
  return { applied: steps.map(file => file.name) };
}

async function applyFile(client: pg.Client, file: SqlFile, isMigration: boolean): Promise<void> {
  await client.query('begin');
  try {
    await client.query(file.text);
    if (isMigration) await recordApplied(client, file);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {}); // on a broken connection, which would hide why the file failed
    throw new Error(`${file.name} failed: ${(error as Error).message}`, { cause: error });
  }
}

async function createSchemas(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ owner: string }>(
    `select nspowner::regrole::text as owner from pg_namespace where nspname = 'storage'`,
  );
  if (rows[0] !== undefined && rows[0].owner !== 'sluice_owner') {
    throw new Error(
      `the database has a schema "storage" that belongs to ${rows[0].owner} and was not made by Sluice; ` +
        'give Sluice a database of its own',
    );
  }
  await client.query(`
    create schema if not exists storage authorization sluice_owner;
    create schema if not exists sluice authorization sluice_owner;
    create schema if not exists auth authorization sluice_owner;
    create table if not exists sluice.migrations (
      name text primary key, hash text not null, applied_at timestamptz not null default now());
    alter table sluice.migrations owner to sluice_owner;
  `);
}

async function readApplied(client: pg.Client): Promise<Map<string, string>> {
  const { rows: found } = await client.query(`select to_regclass('sluice.migrations') is not null as present`);
  if (found[0]?.present !== true) return new Map();
  const { rows } = await client.query<{ name: string; hash: string }>('select name, hash from sluice.migrations');
  return new Map(rows.map(row => [row.name, row.hash]));
}

async function recordApplied(client: pg.Client, file: { name: string; hash: string }): Promise<void> {
  await client.query(
    `insert into sluice.migrations (name, hash) values ($1, $2)
     on conflict (name) do update set hash = excluded.hash, applied_at = now()`,
    [file.name, file.hash],
  );
}

/** Else an older version would put its functions in the place of those that the newer tables need. */
function refuseNewer(migrations: readonly SqlFile[], known: ReadonlyMap<string, string>): void {
  const last = migrations.at(-1)?.name ?? '';
  const newer = [...known.keys()].filter(name => /^\d{4}_.*\.sql$/.test(name) && name > last).sort();
  if (newer.length === 0) return;
  throw new Error(
    `the database was migrated by a newer version of Sluice (${newer.join(', ')}); start that version or a later one, ` +
      'or restore a copy of the database from before the upgrade',
  );
}

function refuseChanged(migrations: readonly SqlFile[], known: ReadonlyMap<string, string>): void {
  for (const file of migrations) {
    const hash = known.get(file.name);
    if (hash !== undefined && hash !== file.hash) {
      throw new Error(`${file.name} was changed after it had been applied; migrations are forward only`);
    }
  }
}

async function readSqlFiles(folder: string): Promise<SqlFile[]> {
  const names = (await readdir(folder)).filter(name => name.endsWith('.sql')).sort();
  return Promise.all(names.map(name => readSqlFile(folder, name)));
}

async function readSqlFile(folder: string, name: string): Promise<SqlFile> {
  const text = await readFile(join(folder, name), 'utf8');
  return { name, text, hash: hashOf(text) };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Creates the database unless it is there. `target` names another database of the same server, as an administrator. */
export async function ensureDatabase(target: ConnectionTarget, name: string): Promise<void> {
  await withClient(target, 'migrate', async client => {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`);
  });
}
