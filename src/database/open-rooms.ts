/**
 * Makes the rooms that accounts live in: the buckets of the APIs that speak of users, and the ready-made policies that
 * say who may do what there. Each policy set is installed once and recorded, so that what an administrator makes of it
 * stays. Without an account none of it exists.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import type { ConnectionTarget } from './database.ts';
import { withClient } from './with-client.ts';

/** Buckets besides those of the backends, and the policy sets under `policies/`. */
const BUCKETS = ['home', 'uploads'];
const POLICY_SETS = ['home.sql', 'uploads.sql', 'backends.sql'];

export interface RoomsMade {
  readonly buckets: readonly string[];
  /** Paths inside the package. */
  readonly policySets: readonly string[];
}

/**
 * Makes what is missing, as the administrator whom `target` names, in one transaction; what is there stays as it is. Any
 * number may do so at once. Rejects with Postgres's own error.
 */
export async function openRooms(
  target: ConnectionTarget,
  { packageRoot, backend }: { readonly packageRoot: string; readonly backend: string },
): Promise<RoomsMade> {
  return withClient(target, 'user', async client => {
    await client.query('begin');
    await client.query('set local role sluice_owner');
    await client.query(`select pg_advisory_xact_lock(hashtextextended('sluice.open_rooms', 0))`);
    const made = {
      buckets: await makeBuckets(client, [...BUCKETS, `backend-${backend}`]),
      policySets: await installPolicies(client, packageRoot),
    };
    await client.query('commit');
    return made;
  });
}

async function makeBuckets(client: pg.Client, ids: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    `insert into storage.buckets (id, name) select id, id from unnest($1::text[]) as id
     on conflict do nothing returning id`,
    [ids],
  );
  return rows.map(({ id }) => id);
}

async function installPolicies(client: pg.Client, packageRoot: string): Promise<string[]> {
  const installed: string[] = [];
  for (const set of POLICY_SETS) {
    const name = `policies/${set}`;
    const { rowCount } = await client.query('select from sluice.migrations where name = $1', [name]);
    if (rowCount !== 0) continue;
    const text = await readFile(join(packageRoot, name), 'utf8');
    await client.query(text);
    const hash = createHash('sha256').update(text).digest('hex');
    await client.query('insert into sluice.migrations (name, hash) values ($1, $2)', [name, hash]);
    installed.push(name);
  }
  return installed;
}
