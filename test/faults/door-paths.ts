/** Ways to change something through the other doors than the bucket API. */
import { type Gateway, SERVICE_TOKEN, tokenFor } from '../support/gateway.ts';
import { ALICE } from '../support/scopes.ts';
import { digest, send } from './door.ts';
import type { WritePath } from './write-paths.ts';

const TOKEN = tokenFor('authenticated', ALICE, { admin: true, backend: 'default' });
const OLD = Buffer.from('the old bytes');
const NEW = Buffer.from('the new bytes, which are longer');
const FILES = { 'uploads/a.txt': OLD, 'uploads/b.txt': OLD };
const BACKEND = { 'backend-default/www/a': OLD, 'backend-default/www/b/c': OLD, 'backend-default/www2/d': OLD };

const ask = ({ url }: Gateway, method: string, path: string, sent: Partial<Parameters<typeof send>[3]> = {}) =>
  send(url, method, path, { token: TOKEN, ...sent });

/** Makes the files Alice's, and an empty folder of hers; gives the folder's number and that of `a.txt`. */
async function ownFiles({ db }: Gateway): Promise<string> {
  await db.sql('update storage.objects set owner = $1::text::uuid, owner_id = $1::text', [ALICE]);
  await db.sql('delete from sluice.folders');
  const [folder] = await db.sql<{ id: string }>(
    `insert into sluice.folders (name, owner) values ('f', $1) returning id`,
    [ALICE],
  );
  const [file] = await db.sql<{ id: string }>(
    `select f.id from sluice.files f join storage.objects o on o.id = f.object_id where o.name = 'a.txt'`,
  );
  return `${folder?.id} ${file?.id}`;
}

async function recordOf({ db }: Gateway): Promise<Readonly<Record<string, string>>> {
  const [record] = await db.sql<{ views: string; inFolder: boolean; folders: string }>(
    `select f.views, f.folder_id is not null as "inFolder", (select count(*) from sluice.folders) as folders
     from sluice.files f join storage.objects o on o.id = f.object_id where o.name = 'a.txt'`,
  );
  return { record: record === undefined ? 'none' : `${record.views} views, ${record.inFolder}, ${record.folders}` };
}

export const DOOR_PATHS: readonly WritePath[] = [
  {
    title: 'a view of a file, which is counted',
    given: { 'uploads/a.txt': OLD },
    becomes: { 'uploads/a.txt': digest(OLD), record: '1 views, false, 1' },
    prepare: ownFiles,
    act: gateway => ask(gateway, 'GET', '/u/a.txt'),
    observe: recordOf,
  },
  {
    title: 'a file that goes into a folder',
    given: { 'uploads/a.txt': OLD },
    becomes: { 'uploads/a.txt': digest(OLD), record: '0 views, true, 1' },
    prepare: ownFiles,
    act: (gateway, prepared) => {
      const [folder, file] = prepared.split(' ');
      return ask(gateway, 'POST', `/api/user/folders/${folder}`, { json: { file } });
    },
    observe: recordOf,
  },
  {
    title: "a removal of a user's files",
    given: { ...FILES, 'one/a': OLD },
    becomes: { 'one/a': digest(OLD), record: 'none' },
    prepare: ownFiles,
    act: gateway => ask(gateway, 'DELETE', '/api/user/files', { json: { all: true } }),
    observe: recordOf,
  },
  {
    title: 'an upload into a backend',
    given: BACKEND,
    becomes: {
      'backend-default/www/a': digest(NEW),
      'backend-default/www/b/c': digest(OLD),
      'backend-default/www2/d': digest(OLD),
    },
    act: gateway => ask(gateway, 'PUT', '/1/file/www/a', { body: new Uint8Array(NEW) }),
  },
  {
    title: 'a removal by prefix in a backend',
    given: BACKEND,
    becomes: { 'backend-default/www2/d': digest(OLD) },
    act: gateway => ask(gateway, 'DELETE', '/1/file/www'),
  },
];

/** Signed-in users may do everything through these doors as well. */
export async function furnishDoors({ db, url }: Gateway): Promise<void> {
  await db.sql('create policy everything on storage.permits for select to authenticated using (true)');
  await db.sql(
    `insert into storage.permits (name, meaning)
    select name, 'for tests' from unnest($1::text[]) name on conflict do nothing`,
    [
      [
        'account-active',
        'folder-read',
        'folder-change',
        'upload-files',
        'mail-verified',
        'read-files',
        'modify-files',
        'unscoped-session',
        'backend-admin',
      ],
    ],
  );
  for (const name of ['uploads', 'backend-default']) {
    await send(url, 'POST', '/bucket', { token: SERVICE_TOKEN, json: { name } });
  }
}
