/** The records of the bucket `uploads` follow its objects, whoever adds, moves or removes them, and by whatever door. */
import { Readable } from 'node:stream';
import { UPLOADS_BUCKET } from '../../src/domain/files.ts';
import { putObject } from '../../src/operations/put-object.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { PLAIN_RECORD } from '../support/plain-record.ts';
import { ALICE, BOB, scopeOf, user } from '../support/scopes.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
  await gateway.db.sql(`insert into storage.buckets (id, name) values ('uploads', 'uploads'), ('other', 'other')`);
  await gateway.db.sql(`create policy adds on storage.objects for insert with check (owner_id = auth.uid()::text)`);
});
afterAll(() => gateway.stop());
beforeEach(async () => {
  await gateway.db.sql('delete from storage.objects');
  await gateway.db.sql('delete from sluice.folders');
});

function put(name: string, record = PLAIN_RECORD, bucket = UPLOADS_BUCKET) {
  const bytes = Buffer.from('bytes');
  return putObject(gateway.app.core, scopeOf(user(ALICE)), {
    bucket,
    name,
    body: Readable.from([bytes]),
    sizeBytes: bytes.length,
    facts: { contentType: 'text/plain', cacheControl: 'no-cache', userMetadata: {}, robots: null },
    upsert: false,
    record,
  });
}

const records = () =>
  gateway.db.sql(`select o.name, f.display_name, f.views, f.folder_id from sluice.files f
    left join storage.objects o on o.id = f.object_id order by f.id`);

async function makeFolder(owner: string): Promise<number> {
  const [row] = await gateway.db.sql<{ id: number }>(
    `insert into sluice.folders (name, owner) values ('f', $1) returning id::int`,
    [owner],
  );
  return row?.id ?? 0;
}

it("refuses an upload into another user's folder, with nothing left", async () => {
  const folderId = await makeFolder(BOB);
  await expect(put('a.txt', { ...PLAIN_RECORD, folderId })).rejects.toMatchObject({ code: 'folder-not-found' });
  expect(await records()).toEqual([]);
  expect(await gateway.db.sql('select name from storage.objects')).toEqual([]);
});

it('keeps all that an upload says of its file, in the same transaction', async () => {
  const folderId = await makeFolder(ALICE);
  const expiresAt = new Date('2030-01-01T00:00:00Z');
  const stored = await put('a.txt', {
    displayName: 'A',
    originalName: 'a.text',
    expiresAt,
    maxViews: 3,
    embed: true,
    format: 'UUID',
    passwordHash: 'hash',
    folderId,
  });
  expect(await gateway.db.sql('select * from sluice.files')).toEqual([
    {
      object_id: stored.id,
      id: String(stored.fileId),
      display_name: 'A',
      original_name: 'a.text',
      expires_at: expiresAt,
      max_views: '3',
      views: '0',
      viewed_at: null,
      removal_refused_at: null,
      favorite: false,
      embed: true,
      format: 'UUID',
      password_hash: 'hash',
      folder_id: String(folderId),
    },
  ]);
});

it('makes a record for an object that comes by plain SQL, and none in other buckets', async () => {
  await gateway.db.sql(`insert into storage.objects (bucket_id, name) values ('uploads', 'x'), ('other', 'y')`);
  expect(await records()).toMatchObject([{ name: 'x', display_name: null, views: '0' }]);
});

it('keeps the record over a rename, and drops it with the object or when it leaves the bucket', async () => {
  await put('a.txt', { ...PLAIN_RECORD, displayName: 'A' });
  await put('b.txt', { ...PLAIN_RECORD, displayName: 'B' });
  await gateway.db.sql(`update storage.objects set name = 'c.txt' where name = 'a.txt'`);
  await gateway.db.sql(`update storage.objects set bucket_id = 'other' where name = 'b.txt'`);
  expect(await records()).toMatchObject([{ name: 'c.txt', display_name: 'A' }]);
  await gateway.db.sql(`update storage.objects set bucket_id = 'uploads' where name = 'b.txt'`);
  expect(await records()).toMatchObject([{ name: 'c.txt' }, { name: 'b.txt', display_name: null }]);
  await gateway.db.sql('delete from storage.objects');
  expect(await records()).toEqual([]);
});

it('leaves no record behind when the table is truncated', async () => {
  await put('a.txt');
  await gateway.db.sql('truncate storage.objects');
  expect(await records()).toEqual([]);
});

it('lets files outlive their folder', async () => {
  const folderId = await makeFolder(ALICE);
  await put('a.txt', { ...PLAIN_RECORD, folderId });
  await gateway.db.sql('delete from sluice.folders');
  expect(await records()).toMatchObject([{ name: 'a.txt', folder_id: null }]);
});

it('is nobody’s to read but the gateway’s', async () => {
  for (const role of ['anon', 'authenticated']) {
    await gateway.db.sql(`begin; set local role ${role}`);
    await expect(gateway.db.sql('select * from sluice.files')).rejects.toMatchObject({ code: '42501' });
    await gateway.db.sql('rollback');
  }
});
