/**
 * Issuers whose users have no UUID: the ready-made policies tell their users apart as they do others. A pasted policy that
 * reads `sub` as a UUID fails in words that say so, and repeat nothing of what it read.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTestRooms } from '../support/accounts.ts';
import { addBucket } from '../support/bucket-fixtures.ts';
import { type Call, makeCall } from '../support/call.ts';
import { type Gateway, PACKAGE_ROOT, SERVICE_TOKEN, startGateway, tokenFor } from '../support/gateway.ts';

const UNA = 'user_2NNEqL2nrIRdJ194ndJqAHwEfxC';
const una = tokenFor('authenticated', UNA);
const otto = tokenFor('authenticated', 'auth0|5f7c8ec7c33c6c004bbafe82');

let gateway: Gateway;
let call: Call;
beforeAll(async () => {
  gateway = await startGateway();
  call = makeCall(gateway.url);
  await openTestRooms(gateway.db);
  for (const set of ['owner-only', 'user-folder', 'public-read-owner-write', 'team-folder']) {
    await addBucket(gateway, set);
    const text = readFileSync(join(PACKAGE_ROOT, 'policies', `${set}.sql`), 'utf8');
    await gateway.db.sql(text.replaceAll('my-bucket', set));
  }
  await gateway.db.sql(readFileSync(join(PACKAGE_ROOT, 'policies', 'own-buckets.sql'), 'utf8'));
  await call('POST', '/bucket', { token: una, json: { name: 'hers' } });
});
afterAll(() => gateway.stop());

it.each([
  ['owner-only', 'a.txt'],
  ['user-folder', `${UNA}/a.txt`],
  ['public-read-owner-write', 'a.txt'],
  ['uploads', 'a.txt'],
  ['hers', 'a.txt'],
])('keeps what is in %s for the one it belongs to', async (bucket, name) => {
  const path = `/object/${bucket}/${name}`;
  const steps = [
    await call('POST', path, { token: una, body: 'hers' }),
    await call('PUT', path, { token: otto, body: 'his' }),
    await call('DELETE', path, { token: otto }),
    await call('GET', path, { token: una }),
    await call('DELETE', path, { token: una }),
  ];
  expect(steps.map(({ status }) => status)).toEqual([200, 400, 400, 200, 200]);
  expect(steps[3]?.text).toBe('hers');
});

describe('a pasted policy that reads the sub, or the first folder, as a UUID', () => {
  beforeAll(async () => {
    await addBucket(gateway, 'pasted');
    await call('POST', '/object/pasted/secret%20folder/a.txt', { token: SERVICE_TOKEN, body: 'x' });
    await gateway.db.sql(`create policy pasted on storage.objects for select to authenticated
      using (bucket_id = 'pasted' and (storage.foldername(name))[1]::uuid = auth.uid())`);
  });

  const message = 'a policy cannot read what it is given: invalid input syntax for type uuid';

  it.each([
    ['a sub', una],
    ['the folder of a row that the caller does not see', tokenFor('authenticated', crypto.randomUUID())],
  ])('fails without repeating %s', async (_what, token) => {
    const reply = await call('POST', '/object/list/pasted', { token, json: { prefix: '' } });
    expect([reply.status, reply.json]).toEqual([
      400,
      { statusCode: '400', error: 'InvalidParameter', message, code: 'InvalidParameter' },
    ]);
  });
});
