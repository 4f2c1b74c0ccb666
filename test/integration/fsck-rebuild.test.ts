/** `sluice fsck --rebuild`: a database that was lost comes back from what the store keeps beside the bytes. */

import { Readable } from 'node:stream';
import { makeFaultyStore } from '../../src/blobs/faulty-store.ts';
import { ANONYMOUS, asService } from '../../src/domain/caller.ts';
import type { FileRecord } from '../../src/domain/files.ts';
import { uploadFile } from '../../src/operations/upload-file.ts';
import { checkStorage } from '../../src/sweeper/fsck.ts';
import { admit, LOOKING, type Patient } from '../support/fsck-patient.ts';
import { SERVICE_TOKEN } from '../support/gateway.ts';
import { PLAIN_RECORD } from '../support/plain-record.ts';
import { describeWithS3 } from '../support/s3-engine.ts';
import { ALICE, scopeOf } from '../support/scopes.ts';

const REBUILD = { rebuild: true };

describeWithS3('fsck --rebuild on an S3 store', () => {
  let patient: Patient;

  beforeAll(async () => {
    patient = await admit('s3');
  });
  beforeEach(() => patient.heal());
  afterAll(() => patient.gateway.stop());

  const loseDatabase = () => patient.sql('truncate storage.buckets, storage.objects, sluice.blobs');
  const rows = () =>
    patient.sql(`select bucket_id, name, version, owner, owner_id, metadata - 'lastModified' as metadata,
        user_metadata
      from storage.objects order by name`);

  it('never overwrites a row', async () => {
    await patient.leave('newer', { name: 'sound.txt' });
    const { findings } = await patient.fsck(REBUILD);
    expect(findings).toMatchObject([{ kind: 'orphan-bytes', repaired: false }]);
    expect(findings[0]?.message).toContain('ward/sound.txt has other bytes');
    expect(await patient.read('sound.txt')).toBe('sound');
    expect(await patient.findings({ rebuild: true, repair: true })).toEqual(['orphan-bytes (repaired)']);
    await patient.gateway.app.sweeper.run();
    expect(await patient.findings()).toEqual([]);
    expect(await patient.read('sound.txt')).toBe('sound');
  });

  it('leaves what was deleted on purpose', async () => {
    await patient.upload('secret.txt', 'secret');
    await patient.send('DELETE', 'secret.txt');
    expect(await patient.findings(REBUILD)).toEqual([]);
    expect(await rows()).toHaveLength(1);
  });

  it.each([
    ['a bucket name that no bucket may have', { bucket: 'a/b' }],
    ['an object name that no object may have', { name: 'a\nb' }],
  ])('makes no row for %s', async (_, labels) => {
    await patient.leave('odd', labels);
    const { findings } = await patient.fsck(REBUILD);
    expect(findings).toMatchObject([{ kind: 'orphan-bytes', repaired: false }]);
    expect(findings[0]?.message).toContain('No row was made from their labels');
    expect(await rows()).toHaveLength(1);
  });

  it('gives the same objects back, with the same bytes, in private buckets', async () => {
    await patient.upload('Überblick/ein Bericht 🐈.txt', 'cats');
    await patient.upload('empty', '');
    await patient.leave('hers', { bucket: 'other', name: 'hers.txt', owner: ALICE });
    expect(await patient.findings(REBUILD)).toEqual(['orphan-bytes (repaired)']);
    const before = await rows();
    await loseDatabase();
    expect(await patient.findings(REBUILD)).toEqual(Array(4).fill('orphan-bytes (repaired)'));
    expect(await rows()).toEqual(before);
    expect(await patient.sql('select id, public from storage.buckets order by id')).toEqual([
      { id: 'other', public: false },
      { id: 'ward', public: false },
    ]);
    expect(await patient.read('Überblick/ein Bericht 🐈.txt')).toBe('cats');
    await patient.gateway.app.sweeper.run();
    expect(await patient.findings({ verify: true })).toEqual([]);
  });

  it('gives back what the upload said of its bytes, any UTF-8 in it', async () => {
    const said = { 'titre é': 'plage 🏖️', nested: { list: [1, null, '語'] } };
    const name = '語'.repeat(100);
    const reply = await fetch(`${patient.gateway.url}/object/ward/${encodeURIComponent(name)}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${SERVICE_TOKEN}`,
        'content-type': 'text/css; charset=utf-8',
        'content-encoding': 'gzip',
        'cache-control': 'max-age=60, immutable',
        'x-robots-tag': 'noindex',
        'x-metadata': Buffer.from(JSON.stringify(said)).toString('base64'),
      },
      body: 'not really gzip',
    });
    expect(reply.status).toBe(200);
    const before = await rows();
    expect(before).toContainEqual(expect.objectContaining({ name, user_metadata: said }));
    await loseDatabase();
    await patient.fsck(REBUILD);
    expect(await rows()).toEqual(before);
  });

  describe('of a file of `uploads`', () => {
    const url = () => patient.gateway.url;
    const db = () => patient.gateway.db;
    const EXPIRES = new Date(Date.now() + 3_600_000);

    beforeEach(async () => {
      await db().sql(`insert into storage.buckets (id, name) values ('uploads', 'uploads') on conflict do nothing`);
      await db().sql('drop policy if exists everybody on storage.objects');
      await db().sql('create policy everybody on storage.objects for select to anon using (true)');
    });

    async function keep(record: Partial<FileRecord>): Promise<string> {
      const { name } = await uploadFile(patient.gateway.app.core, asService(scopeOf(ANONYMOUS)), {
        body: Readable.from([Buffer.from('kept')]),
        originalName: 'note.txt',
        declaredType: null,
        fileName: null,
        record: { ...PLAIN_RECORD, ...record },
        complete: Promise.resolve(),
      });
      return name;
    }
    const view = async (name: string) => (await fetch(`${url()}/u/${name}`)).status;
    const records = () =>
      db().sql(`select o.name, f.display_name, f.original_name, f.expires_at, f.max_views::int
        from storage.objects o join sluice.files f on f.object_id = o.id order by 1`);

    it('gives names and expiry back', async () => {
      await keep({ displayName: 'Überblick', originalName: 'note.txt', expiresAt: EXPIRES });
      const plain = await keep({});
      const before = await records();
      await loseDatabase();
      await db().sql('truncate sluice.files');
      await patient.fsck(REBUILD);
      expect(await records()).toEqual(before);
      expect(await view(plain)).toBe(200);
    });

    it.each([
      ['had a password', { passwordHash: 'scrypt$1$1$1$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5a2V5a2V5' }],
      ['was to be viewed a number of times', { maxViews: 3 }],
      ['had names too long for the store', { displayName: '語'.repeat(500) }],
    ])('locks what %s', async (_, record) => {
      const name = await keep(record);
      await loseDatabase();
      await db().sql('truncate sluice.files');
      const { findings } = await patient.fsck(REBUILD);
      expect(findings.map(({ message }) => message).join()).toContain(`uploads/${name}`);
      expect(findings.map(({ message }) => message).join()).toContain('It is locked');
      for (const password of ['', 'lost']) {
        expect((await fetch(`${url()}/u/${name}?password=${password}`)).status).toBe(403);
        expect((await fetch(`${url()}/r/${name}?password=${password}`)).status).toBe(403);
      }
      const headers = { authorization: `Bearer ${SERVICE_TOKEN}` };
      expect(await (await fetch(`${url()}/object/uploads/${name}`, { headers })).text()).toBe('kept');
    });
  });

  it('says what it cannot give back, because the store had no room for it', async () => {
    const { version } = await patient.leave('much', { userMetadata: JSON.stringify({ text: 'x'.repeat(2000) }) });
    const { findings } = await patient.fsck(REBUILD);
    expect(findings[0]?.message).toContain('made again: ward/lost.txt, but without user metadata');
    expect(await patient.sql('select user_metadata from storage.objects where version = $1', [version])).toEqual([
      { user_metadata: {} },
    ]);
  });

  it('makes no row of bytes that were adopted and then deleted on purpose', async () => {
    const { version, key } = await patient.upload('adopted.txt', 'adopted');
    await patient.sql('delete from sluice.blobs where version = $1', [version]);
    await patient.sql(`update storage.objects set metadata = metadata - 'eTag' where version = $1`, [version]);
    expect(await patient.findings({ repair: true })).toEqual(['entry-missing (repaired)']);
    await patient.send('DELETE', 'adopted.txt');
    expect(await patient.findings(REBUILD)).toEqual([]);
    expect(await patient.blobs.stat(key)).toMatchObject({ sizeBytes: 7 });
    expect(await rows()).toHaveLength(1);
  });

  it('quarantines the older bytes whose row gives way', async () => {
    await patient.upload('twice.txt', 'old');
    await patient.upload('twice.txt', 'new');
    await loseDatabase();
    await patient.fsck({ rebuild: true, repair: true, quarantineMs: 60_000 });
    // Where the newer bytes came first, nothing was put aside yet: the ledger had known no live bytes at all.
    await patient.fsck({ repair: true, quarantineMs: 60_000 });
    await patient.gateway.app.sweeper.run();
    expect(await patient.read('twice.txt')).toBe('new');
    expect(await patient.gateway.app.sweeper.counts()).toEqual({ pending: 0, dead: 0, quarantined: 1 });
  });

  it('takes the newest of several bytes for one name', async () => {
    const names = Array.from({ length: 8 }, (_, index) => `twice-${index}.txt`);
    for (const text of ['old', 'newer', 'newest']) for (const name of names) await patient.upload(name, text);
    await loseDatabase();
    await patient.fsck(REBUILD);
    for (const name of names) expect(await patient.read(name)).toBe('newest');
    await patient.fsck({ repair: true });
    await patient.gateway.app.sweeper.run();
    expect(await patient.findings({ verify: true })).toEqual([]);
    for (const name of names) expect(await patient.read(name)).toBe('newest');
  });

  it('makes a row for bytes in quarantine and for live ones that no row names', async () => {
    const orphan = await patient.leave('orphan', { name: 'orphan.txt' });
    expect(await patient.findings({ repair: true })).toEqual(['orphan-bytes (repaired)']);
    const unnamed = await patient.leave('unnamed', { name: 'unnamed.txt' });
    await patient.sql(`insert into sluice.blobs (version, store_key, state, live_at) values ($1, $2, 'live', now())`, [
      unnamed.version,
      unnamed.key,
    ]);
    const findings = await patient.findings({ rebuild: true, repair: true });
    expect(findings.sort()).toEqual(['entry-without-row (repaired)', 'quarantined-bytes (repaired)']);
    await patient.gateway.app.sweeper.run();
    expect(await patient.findings({ verify: true })).toEqual([]);
    expect([await patient.read('orphan.txt'), await patient.read('unnamed.txt')]).toEqual(['orphan', 'unnamed']);
    expect(orphan.version).not.toBe(unnamed.version);
  });

  it('goes on where it was interrupted', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `many-${index}.txt`);
    for (const name of names) await patient.upload(name, name);
    await loseDatabase();
    const { database } = patient.gateway.app.core;
    const blobs = makeFaultyStore(patient.blobs, [{ method: 'open', nth: 11, when: 'answer-lost' }]);
    const options = { ...LOOKING, repair: true, rebuild: true };
    const interrupted = checkStorage({ database, blobs, graceMs: 0 }, scopeOf(ANONYMOUS), { options });
    await expect(interrupted).rejects.toMatchObject({ code: 'unavailable' });
    const remade = (await rows()).length;
    expect(remade).toBeGreaterThan(0);
    expect(remade).toBeLessThan(21);
    expect(await patient.findings(REBUILD)).toHaveLength(21 - remade);
    expect(await patient.findings({ verify: true })).toEqual([]);
    for (const name of names) expect(await patient.read(name)).toBe(name);
  });
});

describe('fsck --rebuild on the file store', () => {
  it('says that a local disk keeps no names, and changes nothing', async () => {
    const patient = await admit('file');
    try {
      await patient.heal();
      await patient.sql('truncate storage.objects, sluice.blobs');
      const { findings } = await patient.fsck({ rebuild: true, repair: true });
      expect(findings).toMatchObject([{ kind: 'orphan-bytes', repaired: false }]);
      expect(findings[0]?.message).toContain('a local disk keeps no names beside the bytes');
      expect(await patient.sql('select from sluice.blobs')).toEqual([]);
    } finally {
      await patient.gateway.stop();
    }
  });
});
