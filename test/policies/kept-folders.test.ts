/**
 * A folder that comes with a file gets a placeholder after the file. What the caller may do with the file is decided by
 * then: a policy that forbids the placeholder takes nothing back and refuses nothing.
 */
import type { Call } from '../support/call.ts';
import { type Gateway, tokenFor } from '../support/gateway.ts';
import { ALICE } from '../support/scopes.ts';
import { namesIn, putFiles, useTree } from '../support/storage-tree.ts';
import { CLAIMS } from './policy-table.ts';

let gateway: Gateway;
let call: Call;
useTree('file', made => {
  ({ gateway, call } = made);
});

const placeholders = () =>
  gateway.db.sql(`select name from storage.objects where name like '%/.emptyFolderPlaceholder'`);

it('moves a file into a new folder for a session that may change files and not add any', async () => {
  const rearranger = tokenFor('authenticated', ALICE, { ...CLAIMS["alice's rearranger"], username: 'alice' });
  await putFiles(call, 'alice/', [{ name: 'a.txt', value: 'bytes' }]);
  const json = { action: 'Move', new_path: '/alice/fresh/a.txt' };
  expect(await call('POST', '/storage/alice/a.txt', { token: rearranger, json })).toMatchObject({ status: 200 });
  expect([await namesIn(call, 'alice/'), await namesIn(call, 'alice/fresh')]).toEqual([['fresh/'], ['a.txt']]);
  expect(await placeholders()).toEqual([]);
  const folder = { action: 'CreateFolder' };
  expect((await call('POST', '/storage/alice/empty', { token: rearranger, json: folder })).status).toBe(401);
});

it('uploads files into a new folder where a policy forbids placeholders', async () => {
  await gateway.db.sql(`create policy "no placeholders" on storage.objects as restrictive for insert to authenticated
    with check (name not like '%/.emptyFolderPlaceholder')`);
  const files = ['a.txt', 'b.txt'].map(name => ({ name, value: 'bytes' }));
  const reply = await putFiles(call, 'alice/fresh', files);
  await gateway.db.sql('drop policy "no placeholders" on storage.objects');
  expect(reply).toMatchObject({ status: 200, json: { files_written: ['/alice/fresh/a.txt', '/alice/fresh/b.txt'] } });
  expect(await namesIn(call, 'alice/fresh')).toEqual(['a.txt', 'b.txt']);
  expect(await placeholders()).toEqual([]);
});
