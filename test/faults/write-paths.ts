/** Every way to change something through the bucket API, each with the state before and the state it promises. */
import type { Gateway } from '../support/gateway.ts';
import { SERVICE_TOKEN, tokenFor } from '../support/gateway.ts';
import { ALICE } from '../support/scopes.ts';
import type { Contents } from './agreement.ts';
import { digest, type Got, send } from './door.ts';

export interface WritePath {
  readonly title: string;
  /** The objects there are before, by `bucket/name`. */
  readonly given: Readonly<Record<string, Buffer>>;
  /** All that is to be read before; what is given unless said. */
  readonly before?: Contents;
  /** All that is to be read once the write is acknowledged. */
  readonly becomes: Contents;
  /** Where it ends with a courtesy that may fail: what there is without that. */
  readonly withoutCourtesy?: Contents;
  /** Done before any fault; what it returns is handed to `act`. */
  readonly prepare?: (gateway: Gateway) => Promise<string>;
  readonly act: (gateway: Gateway, prepared: string) => Promise<Got>;
  /** State beyond the objects. */
  readonly observe?: (gateway: Gateway, prepared: string) => Promise<Contents>;
}

const ALICE_TOKEN = tokenFor('authenticated', ALICE);
const OLD = Buffer.from('the old bytes');
const NEW = Buffer.from('the new bytes, which are longer');
/** Longer than one part of the S3 driver. */
export const LARGE = Buffer.alloc(9 * 1024 * 1024, 'a part and another part and the rest. ');
const TWO = { 'one/a': OLD, 'one/b': OLD };

const sendTo = ({ url }: Gateway, method: string, path: string, sent: Partial<Parameters<typeof send>[3]> = {}) =>
  send(url, method, path, { token: ALICE_TOKEN, ...sent });

async function linkFrom(gateway: Gateway, path: string, json: unknown): Promise<string> {
  const { bytes } = await sendTo(gateway, 'POST', path, { json, headers: { 'x-upsert': 'true' } });
  const { url, signedURL } = JSON.parse(bytes.toString()) as { url?: string; signedURL?: string };
  return url ?? signedURL ?? '';
}

function chunked(bytes: Buffer): ReadableStream<Uint8Array> {
  const middle = Math.floor(bytes.length / 2);
  const pieces = [bytes.subarray(0, middle), bytes.subarray(middle)];
  return new ReadableStream({
    pull(controller) {
      const piece = pieces.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(new Uint8Array(piece));
    },
  });
}

function form(bytes: Buffer): FormData {
  const data = new FormData();
  data.append('cacheControl', '60');
  data.append('', new Blob([new Uint8Array(bytes)], { type: 'text/plain' }), 'x.txt');
  return data;
}

function formUpload({ url }: Gateway, path: string, bytes: Buffer): Promise<Got> {
  return fetch(url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${ALICE_TOKEN}` },
    body: form(bytes),
  }).then(
    async reply => ({ status: reply.status, bytes: Buffer.from(await reply.arrayBuffer()) }),
    () => ({ status: 0, bytes: Buffer.alloc(0) }),
  );
}

export const UPLOAD_PATHS: readonly WritePath[] = [
  {
    title: 'an upload of known length',
    given: {},
    becomes: { 'one/a': digest(NEW) },
    act: gateway => sendTo(gateway, 'POST', '/object/one/a', { body: new Uint8Array(NEW) }),
  },
  {
    title: 'an upload in chunks',
    given: {},
    becomes: { 'one/a': digest(NEW) },
    act: gateway => sendTo(gateway, 'POST', '/object/one/a', { body: chunked(NEW) }),
  },
  {
    title: 'an upload as a form',
    given: {},
    becomes: { 'one/a': digest(NEW) },
    act: gateway => formUpload(gateway, '/object/one/a', NEW),
  },
  {
    title: 'an empty upload',
    given: {},
    becomes: { 'one/a': digest(Buffer.alloc(0)) },
    act: gateway => sendTo(gateway, 'POST', '/object/one/a', { body: new Uint8Array(0) }),
  },
  {
    title: 'an upload over another',
    given: { 'one/a': OLD },
    becomes: { 'one/a': digest(NEW) },
    act: gateway =>
      sendTo(gateway, 'POST', '/object/one/a', { body: new Uint8Array(NEW), headers: { 'x-upsert': 'true' } }),
  },
  {
    title: 'a replacement in chunks',
    given: { 'one/a': OLD },
    becomes: { 'one/a': digest(NEW) },
    act: gateway => sendTo(gateway, 'PUT', '/object/one/a', { body: chunked(NEW) }),
  },
  {
    title: 'an upload through a link',
    given: { 'one/a': OLD },
    becomes: { 'one/a': digest(NEW) },
    prepare: gateway => linkFrom(gateway, '/object/upload/sign/one/a', {}),
    act: (gateway, link) => sendTo(gateway, 'PUT', link, { body: new Uint8Array(NEW) }),
  },
];

export const PARTED_PATHS: readonly WritePath[] = [
  {
    title: 'an upload in parts, over another',
    given: { 'one/a': OLD },
    becomes: { 'one/a': digest(LARGE) },
    act: gateway => sendTo(gateway, 'PUT', '/object/one/a', { body: new Uint8Array(LARGE) }),
  },
];

/** As a user of this name, in a bucket where every signed-in user may do everything. */
const TREE_TOKEN = tokenFor('authenticated', ALICE, { username: 'alice' });
const PLACEHOLDER = 'home/alice/docs/.emptyFolderPlaceholder';
const EMPTY = Buffer.alloc(0);

function treeUpload({ url }: Gateway): Promise<Got> {
  const body = new FormData();
  body.append('file', new Blob([new Uint8Array(NEW)]), 'a.bin');
  return fetch(`${url}/storage/alice/docs`, { method: 'PUT', headers: { authorization: TREE_TOKEN }, body }).then(
    async reply => ({ status: reply.status, bytes: Buffer.from(await reply.arrayBuffer()) }),
    () => ({ status: 0, bytes: EMPTY }),
  );
}

export const TREE_PATHS: readonly WritePath[] = [
  {
    title: 'an upload into a folder, beside another of its name',
    given: { [PLACEHOLDER]: EMPTY, 'home/alice/docs/a.bin': OLD },
    becomes: {
      [PLACEHOLDER]: digest(EMPTY),
      'home/alice/docs/a.bin': digest(OLD),
      'home/alice/docs/a (1).bin': digest(NEW),
    },
    act: treeUpload,
  },
  {
    title: 'an upload into a folder that is made with it',
    given: { 'home/alice/docs2': OLD },
    becomes: {
      [PLACEHOLDER]: digest(EMPTY),
      'home/alice/docs/a.bin': digest(NEW),
      'home/alice/docs2': digest(OLD),
    },
    withoutCourtesy: { 'home/alice/docs/a.bin': digest(NEW), 'home/alice/docs2': digest(OLD) },
    act: treeUpload,
  },
  {
    title: 'a move of a file into a folder that is made with it',
    given: { 'home/alice/a': OLD },
    becomes: { [PLACEHOLDER]: digest(EMPTY), 'home/alice/docs/a': digest(OLD) },
    withoutCourtesy: { 'home/alice/docs/a': digest(OLD) },
    act: gateway =>
      sendTo(gateway, 'POST', '/storage/alice/a', {
        token: TREE_TOKEN,
        json: { action: 'Move', new_path: '/alice/docs/a' },
      }),
  },
  {
    title: 'a new folder',
    given: {},
    becomes: { [PLACEHOLDER]: digest(EMPTY) },
    act: gateway =>
      sendTo(gateway, 'POST', '/storage/alice/docs', { token: TREE_TOKEN, json: { action: 'CreateFolder' } }),
  },
  {
    title: 'a move of a folder',
    given: { [PLACEHOLDER]: EMPTY, 'home/alice/docs/deep/a': OLD, 'home/alice/docs2': NEW },
    becomes: {
      'home/alice/moved/.emptyFolderPlaceholder': digest(EMPTY),
      'home/alice/moved/deep/a': digest(OLD),
      'home/alice/docs2': digest(NEW),
    },
    act: gateway =>
      sendTo(gateway, 'POST', '/storage/alice/docs', {
        token: TREE_TOKEN,
        json: { action: 'Move', new_path: '/alice/moved' },
      }),
  },
  {
    title: 'a move of a file over another',
    given: { 'home/alice/a': OLD, 'home/alice/b': NEW },
    becomes: { 'home/alice/b': digest(OLD) },
    act: gateway =>
      sendTo(gateway, 'POST', '/storage/alice/a', {
        token: TREE_TOKEN,
        json: { action: 'Move', new_path: '/alice/b' },
      }),
  },
  {
    title: 'a removal of a folder',
    given: { [PLACEHOLDER]: EMPTY, 'home/alice/docs/deep/a': OLD, 'home/alice/docs2': NEW },
    becomes: { 'home/alice/docs2': digest(NEW) },
    act: gateway => sendTo(gateway, 'DELETE', '/storage/alice/docs', { token: TREE_TOKEN }),
  },
];

export const OTHER_PATHS: readonly WritePath[] = [
  {
    title: 'a removal',
    given: TWO,
    becomes: { 'one/b': digest(OLD) },
    act: gateway => sendTo(gateway, 'DELETE', '/object/one/a'),
  },
  {
    title: 'a removal of many',
    given: TWO,
    becomes: {},
    act: gateway => sendTo(gateway, 'DELETE', '/object/one', { json: { prefixes: ['a', 'b', 'absent'] } }),
  },
  {
    title: 'emptying a bucket',
    given: { ...TWO, 'two/c': OLD },
    becomes: { 'two/c': digest(OLD) },
    act: gateway => sendTo(gateway, 'POST', '/bucket/one/empty', { token: SERVICE_TOKEN, json: {} }),
  },
  {
    title: 'a move to another bucket',
    given: TWO,
    becomes: { 'one/b': digest(OLD), 'two/c': digest(OLD) },
    act: gateway =>
      sendTo(gateway, 'POST', '/object/move', {
        json: { bucketId: 'one', sourceKey: 'a', destinationBucket: 'two', destinationKey: 'c' },
      }),
  },
  {
    title: 'a copy',
    given: { 'one/a': NEW },
    becomes: { 'one/a': digest(NEW), 'one/c': digest(NEW) },
    act: gateway =>
      sendTo(gateway, 'POST', '/object/copy', { json: { bucketId: 'one', sourceKey: 'a', destinationKey: 'c' } }),
  },
  {
    title: 'a copy over another',
    given: { 'one/a': NEW, 'one/b': OLD },
    becomes: { 'one/a': digest(NEW), 'one/b': digest(NEW) },
    act: gateway =>
      sendTo(gateway, 'POST', '/object/copy', {
        json: { bucketId: 'one', sourceKey: 'a', destinationKey: 'b' },
        headers: { 'x-upsert': 'true' },
      }),
  },
  {
    title: 'a revocation',
    given: { 'one/a': OLD },
    becomes: { 'one/a': digest(OLD), link: 'status 400' },
    prepare: gateway => linkFrom(gateway, '/object/sign/one/a', { expiresIn: 600 }),
    act: gateway => sendTo(gateway, 'DELETE', '/object/sign/one/a'),
    observe: async (gateway, link) => ({ link: `status ${(await sendTo(gateway, 'GET', link)).status}` }),
  },
  {
    title: 'a sweep of dead and of unfinished bytes',
    given: TWO,
    before: { 'one/b': digest(OLD) },
    becomes: { 'one/b': digest(OLD) },
    prepare: async gateway => {
      await sendTo(gateway, 'DELETE', '/object/one/a');
      await gateway.db.sql(`insert into sluice.blobs (version, store_key, state, lease_until)
        values ('00-dead', '00/00-dead', 'pending', now() - interval '1 s')
        on conflict do nothing`);
      return '';
    },
    act: async gateway => {
      const { error, failed } = await gateway.app.sweeper.run();
      return { status: error === null && failed === 0 ? 200 : 500, bytes: Buffer.alloc(0) };
    },
  },
];

/** Of a file in the bucket `uploads`, what its record says. */
const displayNames = async ({ db }: Gateway): Promise<Contents> => {
  const rows = await db.sql<{ name: string; display_name: string | null }>(
    'select o.name, f.display_name from storage.objects o join sluice.files f on f.object_id = o.id',
  );
  return Object.fromEntries(rows.map(({ name, display_name }) => [`name of ${name}`, display_name ?? 'none']));
};

function fileForm(bytes: Buffer): FormData {
  const data = new FormData();
  data.append('file', new Blob([new Uint8Array(bytes)], { type: 'text/plain' }), 'note.txt');
  return data;
}

/** Through API 004, whose bucket is open in the furnished gateway. */
export const FILE_PATHS: readonly WritePath[] = [
  {
    title: 'an upload of a file with its record',
    given: {},
    becomes: { 'uploads/chosen.txt': digest(NEW), 'name of chosen.txt': 'note.txt' },
    act: ({ url }) =>
      fetch(`${url}/api/upload`, {
        method: 'POST',
        headers: { authorization: ALICE_TOKEN, 'x-zipline-filename': 'chosen' },
        body: fileForm(NEW),
      }).then(
        async reply => ({ status: reply.status, bytes: Buffer.from(await reply.arrayBuffer()) }),
        () => ({ status: 0, bytes: Buffer.alloc(0) }),
      ),
    observe: displayNames,
  },
  {
    title: 'a new display name',
    given: { 'uploads/a.txt': OLD },
    prepare: ownUploads,
    becomes: { 'uploads/a.txt': digest(OLD), 'name of a.txt': 'My File' },
    act: gateway => sendTo(gateway, 'PUT', '/api/users/me/files/a.txt/name', { json: { name: 'My File' } }),
    observe: displayNames,
  },
  {
    title: 'a new extension',
    given: { 'uploads/a.txt': OLD },
    prepare: ownUploads,
    becomes: { 'uploads/a.md': digest(OLD), 'name of a.md': 'none' },
    act: gateway => sendTo(gateway, 'PUT', '/api/users/me/files/a.txt/extension', { json: { extension: 'md' } }),
    observe: displayNames,
  },
  {
    title: 'a removal of several files',
    given: { 'uploads/a.txt': OLD, 'uploads/b.txt': NEW },
    prepare: ownUploads,
    becomes: {},
    act: gateway => sendTo(gateway, 'DELETE', '/api/users/me/files', { json: { ids: ['a.txt', 'b.txt', 'absent'] } }),
    observe: displayNames,
  },
];

/** What the service has put there becomes Alice's. */
async function ownUploads({ db }: Gateway): Promise<string> {
  await db.sql('update storage.objects set owner_id = $1::text, owner = $1::text::uuid', [ALICE]);
  return '';
}
