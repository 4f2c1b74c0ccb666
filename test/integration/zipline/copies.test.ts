/** Copies inside the bucket `uploads`, made at the bucket API: what protects a file protects its copy. */
import { cheapHash } from '../../support/accounts.ts';
import type { Call } from '../../support/call.ts';
import { type Gateway, SERVICE_TOKEN } from '../../support/gateway.ts';
import { ALICE_TOKEN, type FileToPut, putFile, refused, startUploads } from '../../support/uploads.ts';

const GONE = [404, 'file not found'];
const PAST = new Date('2020-01-01T00:00:00Z');

let gateway: Gateway;
let call: Call;
beforeAll(async () => {
  ({ gateway, call } = await startUploads());
});
afterAll(() => gateway.stop());
beforeEach(async () => {
  await gateway.db.sql('delete from storage.objects');
  await gateway.db.sql('delete from sluice.rate_limits');
});

function copy(from: string, to: string, { token = ALICE_TOKEN, upsert = false } = {}) {
  const json = { bucketId: 'uploads', sourceKey: from, destinationKey: to };
  return call('POST', '/object/copy', { token, json, headers: { 'x-upsert': String(upsert) } });
}

async function putAndCopy(file: FileToPut): Promise<void> {
  await putFile(gateway, 'a.txt', file);
  expect((await copy('a.txt', 'b.txt')).status).toBe(200);
}

/** Of the files, by name. */
const records = () =>
  gateway.db.sql(`select o.name, f.password_hash, f.expires_at, f.max_views::int, f.views::int, f.display_name,
      f.original_name, f.folder_id::int
    from sluice.files f join storage.objects o on o.id = f.object_id order by o.name`);

it.each([
  ['the owner', ALICE_TOKEN],
  ['the service, which sees it still,', SERVICE_TOKEN],
])('refuses %s a copy of what is over', async (_, token) => {
  await putFile(gateway, 'a.txt', { expiresAt: PAST });
  expect((await copy('a.txt', 'b.txt', { token })).json).toMatchObject({ code: 'NoSuchKey' });
  expect(await records()).toHaveLength(1);
});

it('asks for the same password', async () => {
  await putAndCopy({ passwordHash: cheapHash('sesame') });
  expect(refused(await call('GET', '/u/b.txt'))).toEqual([403, 'password protected']);
  expect((await call('GET', '/u/b.txt?password=sesame')).text).toBe('the bytes of a.txt');
});

it('has the views that its source had left, and spends its own', async () => {
  await putFile(gateway, 'a.txt', { maxViews: 3 });
  await call('GET', '/u/a.txt');
  expect((await copy('a.txt', 'b.txt')).status).toBe(200);
  for (const name of ['a.txt', 'b.txt']) {
    for (let view = 0; view < 2; view += 1) expect((await call('GET', `/u/${name}`)).status).toBe(200);
    expect(refused(await call('GET', `/u/${name}`))).toEqual(GONE);
  }
});

it('goes when its source goes by the clock', async () => {
  await putAndCopy({ expiresAt: new Date(Date.now() + 3_600_000) });
  await gateway.db.sql(`update sluice.files set expires_at = expires_at - interval '2 hours'`);
  expect(refused(await call('GET', '/u/b.txt'))).toEqual(GONE);
  await gateway.app.sweeper.run();
  expect(await records()).toEqual([]);
});

it('is called as its source, and lies in no folder', async () => {
  const { json } = await call('POST', '/api/user/folders', { token: ALICE_TOKEN, json: { name: 'f' } });
  const folderId = (json as { id: number }).id;
  await putAndCopy({ displayName: 'A', originalName: 'a.text', folderId });
  expect(await records()).toMatchObject([
    { name: 'a.txt', display_name: 'A', original_name: 'a.text', folder_id: folderId },
    { name: 'b.txt', display_name: 'A', original_name: 'a.text', folder_id: null },
  ]);
});

it('takes on the protection of what it is overwritten with, and keeps its own when it is copied onto itself', async () => {
  const passwordHash = cheapHash('sesame');
  await putFile(gateway, 'a.txt', { passwordHash, maxViews: 5 });
  await putFile(gateway, 'b.txt', { maxViews: 1 });
  expect((await copy('a.txt', 'b.txt', { upsert: true })).status).toBe(200);
  expect((await copy('a.txt', 'a.txt', { upsert: true })).status).toBe(200);
  expect(await records()).toMatchObject([
    { name: 'a.txt', password_hash: passwordHash, max_views: 5 },
    { name: 'b.txt', password_hash: passwordHash, max_views: 5 },
  ]);
});

it('is protected by nothing in a bucket that knows no such protection', async () => {
  await gateway.db.sql(`insert into storage.buckets (id, name) values ('other', 'other') on conflict do nothing`);
  await putFile(gateway, 'a.txt', { maxViews: 1 });
  const json = { bucketId: 'uploads', sourceKey: 'a.txt', destinationBucket: 'other', destinationKey: 'a.txt' };
  expect((await call('POST', '/object/copy', { token: ALICE_TOKEN, json })).json).toMatchObject({
    code: 'AccessDenied',
  });
  expect((await call('POST', '/object/copy', { token: SERVICE_TOKEN, json })).status).toBe(200);
  expect(await records()).toHaveLength(1);
});
