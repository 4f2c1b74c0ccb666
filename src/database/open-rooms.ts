/**
 * Makes the rooms that accounts live in: the buckets of the APIs that speak of users, and the ready-made policies that
 * say who may do what there. Each policy set is installed once and recorded, so that what an administrator makes of it
 * stays. Without an account none of it exists.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { SluiceError } from '../domain/errors.ts';
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
 * number may do so at once. Rejects with what `checkRooms` throws, and with Postgres's own error.
 */
export function openRooms(
  target: ConnectionTarget,
  { packageRoot, backend }: { readonly packageRoot: string; readonly backend: string },
): Promise<RoomsMade> {
  return asOwner(target, async client => {
    await client.query(`select pg_advisory_xact_lock(hashtextextended('sluice.open_rooms', 0))`);
    const ids = roomsWith(backend);
    const buckets = await makeBuckets(client, ids);
    await refuseOwned(client, ids);
    return { buckets, policySets: await installPolicies(client, packageRoot) };
  });
}

/**
 * Throws `bucket-exists` where a bucket of these rooms belongs to somebody, who may rule over what others will keep there.
 * A bucket that is missing is no harm.
 */
export function checkRooms(target: ConnectionTarget, { backend }: { readonly backend: string }): Promise<void> {
  return asOwner(target, client => refuseOwned(client, roomsWith(backend)));
}

function roomsWith(backend: string): string[] {
  return [...BUCKETS, `backend-${backend}`];
}

function asOwner<Result>(target: ConnectionTarget, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  return withClient(target, 'user', async client => {
    await client.query('begin');
    await client.query('set local role sluice_owner');
    const result = await work(client);
    await client.query('commit');
    return result;
  });
}

async function refuseOwned(client: pg.Client, ids: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ id: string; owner_id: string; quoted: string }>(
    `select id, owner_id, quote_literal(id) as quoted from storage.buckets
     where id = any ($1) and owner_id is not null order by id`,
    [ids],
  );
  const [owned] = rows;
  if (owned === undefined) return;
  throw new SluiceError(
    'bucket-exists',
    `The bucket ${owned.id}, which accounts would keep files in, belongs to ${owned.owner_id}. Look at what is in it, and ` +
      `remove it, or make it nobody's: update storage.buckets set owner = null, owner_id = null where id = ${owned.quoted}`,
    { facts: { bucket: owned.id } },
  );
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
