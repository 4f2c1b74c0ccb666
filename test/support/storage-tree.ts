/** What the tests of the storage tree share: the room for it, the people, and how files come in. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Call, type CallReply, makeCall } from './call.ts';
import { type Gateway, PACKAGE_ROOT, type StoreKind, startGateway, tokenFor } from './gateway.ts';
import { ALICE, BOB } from './scopes.ts';

export const ALICE_TOKEN = tokenFor('authenticated', ALICE, { username: 'alice' });
export const BOB_TOKEN = tokenFor('authenticated', BOB, { username: 'bob' });

/** A gateway with alice's and bob's trees, for the tests around; empty before each. `take` is given it once it runs. */
export function useTree(store: StoreKind, take: (made: { gateway: Gateway; call: Call }) => void): void {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ store });
    await openHome(gateway);
    take({ gateway, call: makeCall(gateway.url) });
  });
  afterAll(() => gateway.stop());
  beforeEach(() => gateway.db.sql('delete from storage.objects'));
}

/** The bucket and its ready-made policies. */
async function openHome({ db }: Gateway): Promise<void> {
  await db.sql(`insert into storage.buckets (id, name) values ('home', 'home')`);
  await db.sql(readFileSync(join(PACKAGE_ROOT, 'policies', 'home.sql'), 'utf8'));
}

export interface TreeFile {
  readonly name: string;
  readonly value: string | Buffer;
  readonly type?: string;
}

/** Uploads files into a folder, as alice unless another token is given. */
export function putFiles(
  call: Call,
  folder: string,
  files: readonly TreeFile[],
  token = ALICE_TOKEN,
): Promise<CallReply> {
  const form = files.map(file => ({
    name: 'file',
    value: file.value,
    type: file.type ?? 'application/octet-stream',
    fileName: file.name,
  }));
  return call('PUT', `/storage/${folder}`, { token, form });
}

/** The entries of a folder as `name`, `name/` for folders; null where the listing is refused. */
export async function namesIn(call: Call, folder: string, token = ALICE_TOKEN): Promise<string[] | null> {
  const { status, json } = await call('GET', `/storage/${folder}`, { token });
  if (status !== 200) return null;
  const { entries } = json as { entries: { is_file: boolean; name: string }[] };
  return entries.map(({ is_file, name }) => (is_file ? name : `${name}/`));
}

/** A path token for this path of alice's. */
export async function pathTokenFor(call: Call, path: string): Promise<string> {
  const { json } = await call('POST', `/storage/${path}`, { token: ALICE_TOKEN, json: { action: 'MakePathToken' } });
  return (json as { token: string }).token;
}
