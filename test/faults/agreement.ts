/**
 * The observations behind the invariants: what can be read, and whether rows, ledger and store name the same bytes.
 */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { type Gateway, SERVICE_TOKEN } from '../support/gateway.ts';
import type { TestDatabase } from '../support/test-database.ts';
import { digest, send } from './door.ts';

/** Digest by `bucket/name`. */
export type Contents = Readonly<Record<string, string>>;

/** Lets every lease, every grace and every sweeper's claim run out, as waiting would. */
export async function expireLeases(db: Pick<TestDatabase, 'sql'>): Promise<void> {
  await db.sql(`update sluice.blobs set lease_until = now() - interval '1 s' where state = 'pending'`);
  await db.sql(`update sluice.blobs set claimed_until = null where claimed_until is not null`);
}

/** Sweeps as if all leases had run out; fails where the sweeper did. */
export async function sweep({ db, app }: Gateway): Promise<void> {
  await expireLeases(db);
  expect(await app.sweeper.run()).toMatchObject({ failed: 0, error: null });
}

/** Every row, read through the gateway. A row whose bytes cannot be read shows as its status. */
export async function readEverything({ db, url }: Gateway): Promise<Contents> {
  const rows = await db.sql<{ path: string; bytes: string; size: number; tag: string }>(
    `select bucket_id || '/' || name as path, metadata ->> 'size' as size from storage.objects order by 1`,
  );
  const contents: Record<string, string> = {};
  for (const { path, size } of rows) {
    const got = await send(url, 'GET', `/object/authenticated/${encodeURI(path)}`, { token: SERVICE_TOKEN });
    const isWhole = got.status === 200 && got.bytes.length === Number(size);
    contents[path] = isWhole ? digest(got.bytes) : `status ${got.status}, ${got.bytes.length} of ${size} bytes`;
  }
  return contents;
}

/** The three accounts of what bytes there are. After a sweep they are one and the same. */
export async function expectAgreement(gateway: Gateway): Promise<void> {
  const { db, app } = gateway;
  const named = await db.sql<{ key: string }>(
    `select distinct left(version, 2) || '/' || version as key from storage.objects where version is not null`,
  );
  const ledger = await db.sql<{ key: string; state: string }>('select store_key as key, state from sluice.blobs');
  const stored: string[] = [];
  for await (const { key } of app.core.blobs.list(null)) stored.push(key);
  const keys = named.map(({ key }) => key).sort();
  expect({ ledger: ledger.map(({ key, state }) => `${state} ${key}`).sort(), stored: stored.sort() }).toEqual({
    ledger: keys.map(key => `live ${key}`),
    stored: keys,
  });
}

/** What any crash at this very moment would leave behind: two lists that are empty at every moment. */
export async function disagreements({
  db,
  app,
}: Gateway): Promise<{ rowsWithoutBytes: string[]; bytesUnknown: string[] }> {
  const ledgerBefore = await db.sql<{ key: string }>('select store_key as key from sluice.blobs');
  const stored = new Set<string>();
  for await (const { key } of app.core.blobs.list(null)) stored.add(key);
  const rows = await db.sql<{ key: string }>(`select left(version, 2) || '/' || version as key from storage.objects`);
  const known = new Set(ledgerBefore.map(({ key }) => key));
  return {
    rowsWithoutBytes: rows.map(({ key }) => key).filter(key => !stored.has(key)),
    bytesUnknown: [...stored].filter(key => !known.has(key)),
  };
}

/** Temporary files and unfinished multi-part uploads. MinIO lists the latter by exact key only. */
export async function unfinishedUploads(gateway: Gateway, keys: Iterable<string>): Promise<string[]> {
  const { s3 } = gateway.config;
  if (s3 === null) return readdir(join(gateway.dataDir, 'blobs', 'tmp'));
  const { endpoint, region, accessKeyId, secretAccessKey, bucket } = s3;
  const client = new S3Client({
    endpoint: endpoint ?? '',
    region,
    forcePathStyle: true,
    credentials: { accessKeyId: accessKeyId ?? '', secretAccessKey: secretAccessKey ?? '' },
  });
  const found: string[] = [];
  for (const key of keys) {
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key }));
    found.push(...(Uploads ?? []).map(({ Key }) => Key ?? ''));
  }
  client.destroy();
  return found;
}
