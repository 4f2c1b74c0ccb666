/** `sluice fsck` on a whole gateway: every kind of damage is made by hand, found, named, and mended where it may be. */
import { createHash } from 'node:crypto';
import { makeFaultyStore } from '../../src/blobs/faulty-store.ts';
import { ANONYMOUS } from '../../src/domain/caller.ts';
import { checkStorage } from '../../src/sweeper/fsck.ts';
import type { FsckReport } from '../../src/sweeper/fsck-report.ts';
import { admit, keysIn, LOOKING, type Patient, putBytes } from '../support/fsck-patient.ts';
import { STORES } from '../support/gateway.ts';
import { scopeOf } from '../support/scopes.ts';

const DAY_MS = 24 * 3_600_000;
const LONG_AGO = "now() - interval '2 days'";

describe.each(STORES)('fsck on the %s store', store => {
  let patient: Patient;

  beforeAll(async () => {
    patient = await admit(store);
  });
  beforeEach(() => patient.heal());
  afterAll(() => patient.gateway.stop());

  it('finds nothing in a gateway that works', async () => {
    await patient.upload('sound.txt', 'overwritten');
    await patient.sql(`insert into sluice.blobs (version, store_key, state, lease_until)
      values ('aa-111', 'aa/aa-111', 'pending', now() + interval '1 minute')`);
    const report = await patient.fsck({ verify: true });
    const quarantine = { blobs: 0, sizeBytes: 0, firstEndsAt: null };
    expect(report).toEqual({ checked: { rows: 1, blobs: 2 }, findings: [], omitted: 0, counts: {}, quarantine });
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
    await patient.sql(`insert into storage.objects (id, bucket_id, name, version, metadata)
      select 'ffffffff-0000-4000-8000-000000000000', bucket_id, 'zcopy.txt', version, metadata
      from storage.objects where name = 'lost.txt'`);
    await patient.blobs.delete([key]);
    const { findings } = await patient.fsck({ repair: true, rebuild: true });
    expect(findings).toMatchObject([{ kind: 'bytes-missing', repaired: false }]);
    expect(findings[0]?.message).toContain('ward/lost.txt (and 1 more with the same bytes)');
    expect(findings[0]?.message).toContain(key);
    expect(await patient.sql(`select from storage.objects where name = 'lost.txt'`)).toHaveLength(1);
  });

  it('takes what a note of removed rows names for dead, and what a row names still for live', async () => {
    const { version, key } = await patient.upload('removed.txt', 'removed');
    await patient.sql('insert into sluice.removals (versions) select array_agg(version) from sluice.blobs');
    await patient.sql(`delete from storage.objects where name = 'removed.txt'`);
    await patient.sql(`update sluice.blobs set state = 'live', dead_at = null where version = $1`, [version]);
    expect(await patient.findings({ repair: true, verify: true })).toEqual([]);
    expect(await patient.blobs.stat(key)).toMatchObject({ sizeBytes: 7 });
    await patient.gateway.app.sweeper.run();
    expect(await keysIn(patient.blobs)).toHaveLength(1);
    expect(await patient.read('sound.txt')).toBe('sound');
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

  it('keeps from the sweeper what is in quarantine, until its time has come', async () => {
    const { version, key } = await patient.leave('who am I?');
    const { quarantine } = await patient.fsck({ repair: true, quarantineMs: DAY_MS });
    expect(quarantine).toMatchObject({ blobs: 1, sizeBytes: 9 });
    const left = new Date(quarantine.firstEndsAt ?? 0).getTime() - Date.now();
    expect(left).toBeGreaterThan(DAY_MS - 60_000);
    expect(left).toBeLessThan(DAY_MS + 60_000);
    await patient.gateway.app.sweeper.run();
    expect(await patient.blobs.stat(key)).toMatchObject({ sizeBytes: 9 });
    expect(await patient.gateway.app.sweeper.counts()).toEqual({ pending: 0, dead: 0, quarantined: 1 });
    await patient.sql(`update sluice.blobs set quarantined_until = now() where version = $1`, [version]);
    await patient.gateway.app.sweeper.run();
    expect(await keysIn(patient.blobs)).toHaveLength(1);
  });

  it('quarantines bytes whose row was lost although the ledger calls them live', async () => {
    const { version } = await patient.upload('gone.txt', 'gone');
    await patient.sql('alter table storage.objects disable trigger objects_deleted');
    await patient.sql('delete from storage.objects where version = $1', [version]);
    await patient.sql('alter table storage.objects enable trigger objects_deleted');
    expect(await patient.findings({ repair: true, quarantineMs: DAY_MS })).toEqual(['entry-without-row (repaired)']);
    await patient.gateway.app.sweeper.run();
    expect(await patient.sql('select state from sluice.blobs where version = $1', [version])).toEqual([
      { state: 'quarantined' },
    ]);
  });

  it('ends a quarantine early when it is told to, and only the one that was there before', async () => {
    const old = await patient.leave('old');
    await patient.fsck({ repair: true, quarantineMs: DAY_MS });
    const fresh = await patient.leave('fresh');
    const findings = await patient.findings({ repair: true, purge: true, quarantineMs: DAY_MS });
    expect(findings.sort()).toEqual(['orphan-bytes (repaired)', 'quarantined-bytes (repaired)']);
    await patient.gateway.app.sweeper.run();
    const keys = await keysIn(patient.blobs);
    expect(keys).toContain(fresh.key);
    expect(keys).not.toContain(old.key);
  });

  it('makes bytes live that a row names again while they are in quarantine', async () => {
    const { version } = await patient.leave('mine');
    await patient.fsck({ repair: true, quarantineMs: DAY_MS });
    await patient.sql(
      `insert into storage.objects (bucket_id, name, version, metadata) values ('ward', 'back.txt', $1, '{"size": 4}')`,
      [version],
    );
    expect(await patient.findings({ repair: true })).toEqual(['entry-not-live (repaired)']);
    await patient.gateway.app.sweeper.run();
    expect(await patient.findings()).toEqual([]);
    expect(await patient.read('back.txt')).toBe('mine');
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
    await putBytes(patient.blobs, key, 'cut');
    expect(await patient.findings({ repair: true })).toEqual(['size-mismatch']);
  });

  it('reads every byte to find some that have changed', async () => {
    const { key } = await patient.upload('flipped.txt', 'bit');
    await patient.blobs.delete([key]);
    await putBytes(patient.blobs, key, 'bat');
    expect(await patient.findings()).toEqual([]);
    expect(await patient.findings({ verify: true, repair: true })).toEqual(['md5-mismatch']);
  });

  it('names bytes that cannot be read to their end', async () => {
    const faults = [1, 2, 3].map(nth => ({ method: 'open' as const, nth, when: 'before' as const }));
    const { database } = patient.gateway.app.core;
    const parts = { database, blobs: makeFaultyStore(patient.blobs, faults), graceMs: 0 };
    const options = { ...LOOKING, repair: true, verify: true };
    const { findings } = await checkStorage(parts, scopeOf(ANONYMOUS), { options });
    expect(findings).toMatchObject([{ kind: 'bytes-unreadable', repaired: false }]);
  });

  it('leaves alone what the gateway has not put into the store', async () => {
    await putBytes(patient.blobs, '3f/aaaa', 'a guest');
    expect(await patient.findings({ repair: true, rebuild: true })).toEqual(['foreign-key']);
    expect(await patient.blobs.stat('3f/aaaa')).toMatchObject({ sizeBytes: 7 });
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
