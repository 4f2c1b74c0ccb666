/** A gateway that the tests of `fsck` damage by hand and have examined. */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { BlobLabels, BlobStore } from '../../src/blobs/blob-store.ts';
import { ANONYMOUS } from '../../src/domain/caller.ts';
import { storeKeyOf } from '../../src/domain/objects.ts';
import { checkStorage } from '../../src/sweeper/fsck.ts';
import type { FsckOptions, FsckReport } from '../../src/sweeper/fsck-report.ts';
import { type Gateway, SERVICE_TOKEN, type StoreKind, startGateway } from './gateway.ts';
import { scopeOf } from './scopes.ts';

/** Looks only; quarantine is over at once unless a test is about it. */
export const LOOKING: FsckOptions = { repair: false, rebuild: false, purge: false, verify: false, quarantineMs: 0 };

/** What the tests of `fsck` do to one gateway. Its bucket is `ward`. */
export interface Patient {
  readonly gateway: Gateway;
  readonly blobs: BlobStore;
  fsck(options?: Partial<FsckOptions>): Promise<FsckReport>;
  /** The findings as `kind` or `kind (repaired)`. */
  findings(options?: Partial<FsckOptions>): Promise<string[]>;
  /** One request; gives the status. */
  send(method: string, name: string, text?: string): Promise<number>;
  upload(name: string, text: string): Promise<{ version: string; key: string }>;
  read(name: string): Promise<string>;
  /** Bytes that nobody knows. */
  leave(text: string, labels?: Partial<BlobLabels>): Promise<{ version: string; key: string }>;
  sql: Gateway['db']['sql'];
  /** Back to one sound object, `sound.txt`. */
  heal(): Promise<void>;
}

export async function admit(store: StoreKind): Promise<Patient> {
  const gateway = await startGateway({ store });
  const { blobs, database } = gateway.app.core;
  const headers = { authorization: `Bearer ${SERVICE_TOKEN}` };
  const address = (name: string) => `${gateway.url}/object/ward/${encodeURIComponent(name)}`;
  const send: Patient['send'] = async (method, name, text) => {
    const upsert = { ...headers, 'x-upsert': 'true' };
    const reply = await fetch(address(name), {
      method,
      headers: upsert,
      ...(text === undefined ? {} : { body: text }),
    });
    await reply.arrayBuffer();
    return reply.status;
  };
  const fsck = (options: Partial<FsckOptions> = {}) =>
    checkStorage({ database, blobs, graceMs: 0 }, scopeOf(ANONYMOUS), {
      options: { ...LOOKING, ...options },
    });
  const upload: Patient['upload'] = async (name, text) => {
    expect(await send('POST', name, text)).toBe(200);
    const [row] = await gateway.db.sql<{ version: string }>(
      `select version from storage.objects where bucket_id = 'ward' and name = $1`,
      [name],
    );
    const version = row?.version ?? '';
    return { version, key: storeKeyOf(version) };
  };
  return {
    gateway,
    blobs,
    sql: gateway.db.sql,
    fsck,
    send,
    upload,
    async heal() {
      await gateway.db.sql('truncate storage.buckets, storage.objects, sluice.blobs');
      for (const key of await keysIn(blobs)) await blobs.delete([key]);
      await gateway.db.sql(`insert into storage.buckets (id, name) values ('ward', 'ward')`);
      await upload('sound.txt', 'sound');
    },
    async findings(options) {
      const { findings } = await fsck(options);
      return findings.map(({ kind, repaired }) => `${kind}${repaired ? ' (repaired)' : ''}`);
    },
    async read(name) {
      return (await fetch(address(name), { headers })).text();
    },
    async leave(text, labels = {}) {
      const version = randomUUID();
      const key = storeKeyOf(version);
      await putBytes(blobs, key, text, labels);
      return { version, key };
    },
  };
}

export async function putBytes(
  blobs: BlobStore,
  key: string,
  text: string,
  labels: Partial<BlobLabels> = {},
): Promise<void> {
  await blobs.put({
    key,
    body: Readable.from([Buffer.from(text)]),
    sizeBytes: Buffer.byteLength(text),
    labels: { bucket: 'ward', name: 'lost.txt', owner: null, contentType: 'text/plain', ...labels },
    signal: new AbortController().signal,
  });
}

export async function keysIn(blobs: BlobStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of blobs.list(null)) keys.push(key);
  return keys;
}
