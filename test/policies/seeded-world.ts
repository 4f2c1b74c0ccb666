/** The rows, links and bytes that a policy table starts from, put back before each row that finds them changed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { putObject } from '../../src/operations/put-object.ts';
import { type Gateway, PACKAGE_ROOT } from '../support/gateway.ts';
import { scopeOf } from '../support/scopes.ts';
import type { TestDatabase } from '../support/test-database.ts';
import { type Address, objectIn, type PolicyTable, SUBJECTS } from './policy-table.ts';

/** Everything a request could have changed. */
export interface Snapshot {
  readonly buckets: readonly unknown[];
  readonly objects: readonly { readonly version: string }[];
  readonly revocations: readonly unknown[];
  readonly ledger: readonly { readonly version: string; readonly store_key: string; readonly state: string }[];
  readonly bytes: Readonly<Record<string, number>>;
}

/** The text of an object that is there from the start. */
export function seededText(phrase: string): string {
  return `the bytes of ${phrase}`;
}

/** Brings rows and bytes to where the table starts. */
export async function seed(gateway: Gateway, table: PolicyTable): Promise<Snapshot> {
  await seedBuckets(gateway.db, table);
  for (const { phrase, owner, ...address } of seededObjects(table)) {
    await putAsService(gateway, address, { text: seededText(phrase), owner });
  }
  await spend(gateway.db, table);
  return snapshot(gateway);
}

/** Viewed tomorrow, so that the sweepers of today leave them. */
async function spend(db: TestDatabase, table: PolicyTable): Promise<void> {
  const names = Object.values(table.objects).flatMap(({ name, spent }) => (spent ? [name] : []));
  if (names.length === 0) return;
  await db.sql(
    `update sluice.files f set max_views = 1, views = 1, viewed_at = now() + interval '1 day'
     from storage.objects o where o.id = f.object_id and o.name = any ($1)`,
    [names],
  );
}

/** The same rows and ledger entries without any bytes, in a few milliseconds. */
export async function seedRows(db: TestDatabase, table: PolicyTable): Promise<void> {
  await seedBuckets(db, table);
  await db.sql(
    `with object as (
       select *, gen_random_uuid()::text as version
       from jsonb_to_recordset($1::jsonb) as seeded (bucket text, name text, owner text)),
     blob as (insert into sluice.blobs (version, store_key, state, live_at) select version, version, 'live', now() from object)
     insert into storage.objects (bucket_id, name, owner, owner_id, version, metadata)
     select bucket, name, owner::uuid, owner, version, '{"size": 5, "mimetype": "text/plain"}' from object`,
    [JSON.stringify(seededObjects(table))],
  );
  await spend(db, table);
}

async function seedBuckets(db: TestDatabase, table: PolicyTable): Promise<void> {
  await db.sql('delete from storage.objects');
  await db.sql('delete from storage.buckets');
  await db.sql('delete from sluice.revoked_tokens');
  const present = Object.values(table.buckets).filter(bucket => !bucket.absent);
  await db.sql(
    `insert into storage.buckets (id, name, owner, owner_id, public, file_size_limit, allowed_mime_types)
     select id, id, owner::uuid, owner, coalesce(public, false), "sizeLimit", types
     from jsonb_to_recordset($1::jsonb)
       as seeded (id text, owner text, public boolean, "sizeLimit" bigint, types text[])`,
    [JSON.stringify(present.map(bucket => ({ ...bucket, owner: SUBJECTS[bucket.owner ?? 'service'] })))],
  );
}

function seededObjects(table: PolicyTable) {
  return Object.entries(table.objects).flatMap(([phrase, { by }]) =>
    by === undefined ? [] : [{ phrase, owner: SUBJECTS[by], ...objectIn(table, phrase) }],
  );
}

/** Puts an object past every policy, owned by whom it says. */
export async function putAsService(
  gateway: Gateway,
  address: Address,
  { text, owner }: { text: string; owner: string | null },
): Promise<void> {
  const caller = {
    role: 'service_role',
    subject: owner,
    claims: JSON.stringify({ role: 'service_role', sub: owner }),
    sessionId: null,
  };
  await putObject(gateway.app.core, scopeOf(caller, { operation: 'storage.object.upload' }), {
    ...address,
    body: Readable.from([Buffer.from(text)]),
    sizeBytes: Buffer.byteLength(text),
    facts: { contentType: 'text/plain', cacheControl: 'no-cache', userMetadata: {}, robots: null },
    upsert: true,
  });
}

/** What there is once the sweeper has done its work. */
export async function snapshot(gateway: Gateway): Promise<Snapshot> {
  const { app, db } = gateway;
  const { error } = await app.sweeper.run();
  if (error !== null) throw error;
  const bytes: Record<string, number> = {};
  for await (const blob of app.core.blobs.list(null)) bytes[blob.key] = blob.sizeBytes;
  return {
    buckets: await db.sql('select * from storage.buckets order by id'),
    objects: await db.sql('select * from storage.objects order by bucket_id, name'),
    revocations: await db.sql('select * from sluice.revoked_tokens order by id'),
    ledger: await db.sql('select * from sluice.blobs order by version'),
    bytes,
  };
}

/** The policies of a set, written for these buckets. */
export function readPolicySet(set: string, buckets: readonly string[]): string {
  const text = readFileSync(join(PACKAGE_ROOT, 'policies', `${set}.sql`), 'utf8');
  return text.replaceAll("= 'my-bucket'", `in (${buckets.map(id => `'${id}'`).join(', ')})`);
}

export interface Policy {
  readonly name: string;
  readonly on: string;
}

/** Replaces whatever policies there are by those of the table's set, and names them. */
export async function applyPolicySet(db: TestDatabase, table: PolicyTable): Promise<readonly Policy[]> {
  await dropPolicies(db);
  const covered = Object.values(table.buckets).filter(bucket => bucket.covered !== false);
  const ids = covered.map(({ id }) => id);
  await db.sql(readPolicySet(table.set, ids));
  return policiesOf(db);
}

export async function policiesOf(db: TestDatabase): Promise<readonly Policy[]> {
  const rows = await db.sql<{ name: string; on: string }>(
    `select policyname as name, schemaname || '.' || tablename as on from pg_policies
     where schemaname = 'storage' and policyname not like 'service_role_%' order by 1`,
  );
  return rows.map(({ name, on }) => ({ name, on }));
}

export async function dropPolicies(db: TestDatabase): Promise<void> {
  for (const { name, on } of await policiesOf(db)) await db.sql(`drop policy "${name}" on ${on}`);
}
