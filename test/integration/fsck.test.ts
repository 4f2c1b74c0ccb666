/** `sluice fsck` on a whole gateway: every kind of damage is made by hand, found, named, and mended where it may be. */
import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { BlobLabels, BlobStore } from '../../src/blobs/blob-store.ts';
import { ANONYMOUS } from '../../src/domain/caller.ts';
import { storeKeyOf } from '../../src/domain/objects.ts';
import { checkStorage } from '../../src/sweeper/fsck.ts';
import type { FsckOptions, FsckReport } from '../../src/sweeper/fsck-report.ts';
import { type Gateway, SERVICE_TOKEN, STORES, type StoreKind, startGateway } from '../support/gateway.ts';
import { scopeOf } from '../support/scopes.ts';

const LONG_AGO = "now() - interval '2 days'";

/** What the tests do to one gateway. */
interface Patient {
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
}

async function admit(store: StoreKind): Promise<Patient> {
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
      options: { repair: false, rebuild: false, verify: false, ...options },
    });
  return {
    gateway,
    blobs,
    sql: gateway.db.sql,
    fsck,
    async findings(options) {
      const { findings } = await fsck(options);
      return findings.map(({ kind, repaired }) => `${kind}${repaired ? ' (repaired)' : ''}`);
    },
    send,
    async upload(name, text) {
      expect(await send('POST', name, text)).toBe(200);
      const [row] = await gateway.db.sql<{ version: string }>(
        `select version from storage.objects where bucket_id = 'ward' and name = $1`,
        [name],
      );
      const version = row?.version ?? '';
      return { version, key: storeKeyOf(version) };
    },
    async read(name) {
      return (await fetch(address(name), { headers })).text();
    },
    async leave(text, labels = {}) {
      const version = randomUUID();
      const key = storeKeyOf(version);
      await put(blobs, key, text, labels);
      return { version, key };
    },
  };
}

async function put(blobs: BlobStore, key: string, text: string, labels: Partial<BlobLabels> = {}): Promise<void> {
  await blobs.put({
    key,
    body: Readable.from([Buffer.from(text)]),
    sizeBytes: Buffer.byteLength(text),
    labels: { bucket: 'ward', name: 'lost.txt', owner: null, contentType: 'text/plain', ...labels },
    signal: new AbortController().signal,
  });
}

async function keysIn(blobs: BlobStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of blobs.list(null)) keys.push(key);
  return keys;
}

describe.each(STORES)('fsck on the %s store', store => {
  let patient: Patient;

  beforeAll(async () => {
    patient = await admit(store);
  });
  beforeEach(async () => {
    await patient.sql('truncate storage.buckets, storage.objects, sluice.blobs');
    for (const key of await keysIn(patient.blobs)) await patient.blobs.delete([key]);
    await patient.sql(`insert into storage.buckets (id, name) values ('ward', 'ward')`);
    await patient.upload('sound.txt', 'sound');
  });
  afterAll(() => patient.gateway.stop());

  it('finds nothing in a gateway that works', async () => {
    await patient.upload('sound.txt', 'overwritten');
    await patient.sql(`insert into sluice.blobs (version, store_key, state, lease_until)
      values ('aa-111', 'aa/aa-111', 'pending', now() + interval '1 minute')`);
    const report = await patient.fsck({ verify: true });
    expect(report).toEqual({ checked: { rows: 1, blobs: 2 }, findings: [], omitted: 0, counts: {} });
  });

  it('names a row without bytes and leaves it to people', async () => {
    await patient.sql(`insert into storage.objects (bucket_id, name) values ('ward', 'by-hand.txt')`);
    const { findings } = await patient.fsck({ repair: true });
    expect(findings).toMatchObject([{ kind: 'row-without-bytes', repaired: false }]);
    expect(findings[0]?.message).toContain('ward/by-hand.txt');
  });

  it('names a row whose version no store could hold', async () => {
    await patient.sql(`insert into storage.objects (bucket_id, name, version) values ('ward', 'v.txt', '../V1')`);
    expect(await patient.findings({ repair: true })).toEqual(['bytes-missing']);
  });

  it('names the object and the key whose bytes are missing, and never deletes the row', async () => {
    const { key } = await patient.upload('lost.txt', 'lost');
    await patient.blobs.delete([key]);
    const { findings } = await patient.fsck({ repair: true, rebuild: true });
    expect(findings).toMatchObject([{ kind: 'bytes-missing', repaired: false }]);
    expect(findings[0]?.message).toContain('ward/lost.txt');
    expect(findings[0]?.message).toContain(key);
    expect(await patient.sql(`select from storage.objects where name = 'lost.txt'`)).toHaveLength(1);
  });

  it('quarantines bytes that nobody knows, so that the sweeper removes them and nothing else', async () => {
    const { key } = await patient.leave('who am I?');
    expect(await patient.findings()).toEqual(['orphan-bytes']);
    expect(await patient.findings({ repair: true })).toEqual(['orphan-bytes (repaired)']);
    expect(await patient.findings({ repair: true })).toEqual([]);
    expect(await patient.blobs.stat(key)).toMatchObject({ sizeBytes: 9 });
    await patient.gateway.app.sweeper.run();
    expect(await keysIn(patient.blobs)).toHaveLength(1);
    expect(await patient.findings({ verify: true })).toEqual([]);
    expect(await patient.read('sound.txt')).toBe('sound');
  });

  it('quarantines nothing where the ledger has nothing live, which looks like a lost database', async () => {
    await patient.sql('truncate storage.objects, sluice.blobs');
    expect(await patient.findings({ repair: true })).toEqual(['orphan-bytes']);
    expect(await patient.sql('select from sluice.blobs')).toEqual([]);
  });

  it('gives a live entry to bytes that a row names and the ledger does not know', async () => {
    const { version } = await patient.upload('forgotten.txt', 'forgotten');
    await patient.sql('delete from sluice.blobs where version = $1', [version]);
    expect(await patient.findings({ repair: true })).toEqual(['entry-missing (repaired)']);
    expect(await patient.sql('select state, size, md5 from sluice.blobs where version = $1', [version])).toEqual([
      { state: 'live', size: '9', md5: createHash('md5').update('forgotten').digest('hex') },
    ]);
    expect(await patient.findings({ verify: true })).toEqual([]);
  });

  it.each(['dead', 'pending'])('makes an entry live that the ledger calls %s although a row names it', async state => {
    const { version } = await patient.upload('named.txt', 'named');
    await patient.sql(`update sluice.blobs set state = $2, lease_until = ${LONG_AGO} where version = $1`, [
      version,
      state,
    ]);
    expect(await patient.findings({ repair: true })).toEqual(['entry-not-live (repaired)']);
    await patient.gateway.app.sweeper.run();
    expect(await patient.findings({ verify: true })).toEqual([]);
  });

  it('gives up a live entry that no row names, with its bytes and without', async () => {
    const { version, key } = await patient.leave('unnamed');
    await patient.sql(
      `insert into sluice.blobs (version, store_key, state, live_at)
       values ($1, $2, 'live', now()), ('aa-000', 'aa/aa-000', 'live', now())`,
      [version, key],
    );
    expect((await patient.findings()).sort()).toEqual(['entry-without-bytes', 'entry-without-row']);
    await patient.fsck({ repair: true });
    await patient.gateway.app.sweeper.run();
    expect(await patient.findings()).toEqual([]);
    expect(await patient.sql('select from sluice.blobs')).toHaveLength(1);
  });

  it('hands what is stuck to the sweeper', async () => {
    const half = await patient.leave('half an upload');
    const dead = await patient.leave('long dead');
    await patient.sql(
      `insert into sluice.blobs (version, store_key, state, created_at, live_at) values
       ($1, $2, 'pending', ${LONG_AGO}, null), ($3, $4, 'dead', ${LONG_AGO}, ${LONG_AGO})`,
      [half.version, half.key, dead.version, dead.key],
    );
    await patient.gateway.app.sweeper.run();
    expect((await patient.findings()).sort()).toEqual(['stuck-removal', 'stuck-upload']);
    await patient.fsck({ repair: true });
    await patient.gateway.app.sweeper.run();
    expect(await patient.findings()).toEqual([]);
    expect(await keysIn(patient.blobs)).toHaveLength(1);
  });

  it('corrects a size in a row when ledger and bytes agree, and only then', async () => {
    const { version } = await patient.upload('size.txt', 'seven b');
    await patient.sql(`update storage.objects set metadata = metadata || '{"size": 70}' where version = $1`, [version]);
    await patient.sql(`update sluice.blobs set md5 = repeat('0', 32) where version = $1`, [version]);
    expect(await patient.findings({ repair: true })).toEqual(['row-size-mismatch']);
    await patient.sql(`update sluice.blobs set md5 = md5('seven b') where version = $1`, [version]);
    expect(await patient.findings({ repair: true })).toEqual(['row-size-mismatch (repaired)']);
    expect(await patient.findings({ verify: true })).toEqual([]);
    expect(
      await patient.sql(
        `select metadata ->> 'size' as size, metadata ->> 'mimetype' as type from storage.objects
        where version = $1`,
        [version],
      ),
    ).toEqual([{ size: '7', type: 'text/plain;charset=UTF-8' }]);
  });

  it('names bytes of another length than the ledger knows', async () => {
    const { key } = await patient.upload('cut.txt', 'whole');
    await patient.blobs.delete([key]);
    await put(patient.blobs, key, 'cut');
    expect(await patient.findings({ repair: true })).toEqual(['size-mismatch']);
  });

  it('reads every byte to find some that have changed', async () => {
    const { key } = await patient.upload('flipped.txt', 'bit');
    await patient.blobs.delete([key]);
    await put(patient.blobs, key, 'bat');
    expect(await patient.findings()).toEqual([]);
    expect(await patient.findings({ verify: true, repair: true })).toEqual(['md5-mismatch']);
  });

  it('reports nothing beside uploads, overwrites, deletes and sweeps', async () => {
    let running = true;
    const busy = async (worker: number) => {
      for (let turn = 0; running; turn += 1) {
        const name = `busy-${worker}-${turn % 3}.txt`;
        await patient.send('POST', name, `${turn}`);
        if (turn % 4 === 3) await patient.send('DELETE', name);
        if (turn % 5 === 4) await patient.gateway.app.sweeper.run();
      }
    };
    const workers = [1, 2, 3, 4].map(busy);
    const reports: FsckReport[] = [];
    for (let round = 0; round < 20; round += 1) reports.push(await patient.fsck({ repair: round % 2 === 1 }));
    running = false;
    await Promise.all(workers);
    expect(reports.flatMap(report => report.findings)).toEqual([]);
  });
});
