/** Accounts that change or go in the moment in which somebody signs in, opens a session or changes a file. */
import { addPeople, addPerson, cheapHash, openSessionFor, PASSWORD } from '../support/accounts.ts';
import { type Call, type CallReply, makeCall } from '../support/call.ts';
import { formFile } from '../support/cloud.ts';
import { type Gateway, SERVICE_TOKEN, startGateway } from '../support/gateway.ts';
import { deadlocksIn, untilWaiting } from '../support/waits.ts';

let gateway: Gateway;
let call: Call;
beforeAll(async () => {
  gateway = await startGateway();
  call = makeCall(gateway.url);
  await addPeople(gateway.db);
});
afterAll(() => gateway.stop());

/** Asks while this statement has not yet been committed; it is, once the request waits for it or has been answered. */
async function askDuring(statement: readonly [string, unknown[]], ask: () => Promise<CallReply>): Promise<CallReply> {
  const { db } = gateway;
  await db.sql('begin');
  await db.sql(...statement);
  const reply = ask();
  await Promise.race([reply, untilWaiting(db, 1)]);
  await db.sql('commit');
  return reply;
}

const openSessions = (username: string) =>
  gateway.db.sql(
    `select from sluice.sessions s join sluice.accounts a on a.id = s.account
     where a.username = $1 and s.revoked_at is null`,
    [username],
  );
const newPassword = (username: string): [string, unknown[]] => [
  'select sluice.change_account($1, $2)',
  [username, JSON.stringify({ password_hash: cheapHash('another') })],
];
const removal = (username: string): [string, unknown[]] => [
  'delete from sluice.accounts where username = $1',
  [username],
];
const logIn = (username: string) => call('POST', '/auth/login', { json: { username, password: PASSWORD } });

it('whoever signs in with the old password while a new one is set gets no session that would outlive it', async () => {
  await addPerson(gateway.db, 'ann');
  expect((await askDuring(newPassword('ann'), () => logIn('ann'))).status).toBe(401);
  expect(await openSessions('ann')).toEqual([]);
});

it('whoever signs in while the account is removed is refused as any stranger', async () => {
  await addPerson(gateway.db, 'ben');
  expect(await askDuring(removal('ben'), () => logIn('ben'))).toMatchObject({ status: 401, json: 'Failed to log in' });
});

it.each([
  ['a new password is set', newPassword],
  ['the account is removed', removal],
])('a session opens no other that would outlive it while %s', async (_, change) => {
  const name = `cas${change.name}`;
  await addPerson(gateway.db, name);
  const { token } = await openSessionFor(gateway.db, name);
  const open = () => call('POST', '/api/users/me/sessions', { token, json: { name: 'more' } });
  expect((await askDuring(change(name), open)).status).toBe(401);
  expect(await openSessions(name)).toEqual([]);
});

it('files put from a folder into another while the first goes, or one of them, never wait for each other, and none is another’s', async () => {
  const { token } = await addPerson(gateway.db, 'dan', { verified: true });
  const json = { name: 'f' };
  const before = await deadlocksIn(gateway.db);
  for (let turn = 0; turn < 6; turn += 1) {
    const uploads = await Promise.all(
      Array.from({ length: 4 }, () => call('POST', '/api/upload', { token, form: [formFile()] })),
    );
    const ids = uploads.map(({ json }) => (json as { id: number }).id);
    const made = await Promise.all(
      [0, 1].map(() => call('POST', '/api/user/folders', { token, json: { ...json, add: [] } })),
    );
    const [from, to] = made.map(({ json }) => (json as { id: number }).id);
    await Promise.all(ids.map(file => call('POST', `/api/user/folders/${from}`, { token, json: { file } })));
    const replies = await Promise.all([
      ...ids.map(file => call('POST', `/api/user/folders/${to}`, { token, json: { file } })),
      call('DELETE', `/api/user/folders/${from}`, { token, json: { deleteFolder: true } }),
      call('DELETE', '/api/user/files', { token, json: { id: ids[0] } }),
    ]);
    expect(replies.map(({ status }) => status).filter(status => ![200, 404].includes(status))).toEqual([]);
  }
  expect(await deadlocksIn(gateway.db)).toBe(before);
});

it('a bucket that two delete at once is deleted by one and missing to the other', async () => {
  const token = SERVICE_TOKEN;
  await call('POST', '/bucket', { token, json: { name: 'once' } });
  const removed: [string, unknown[]] = ['delete from storage.buckets where id = $1', ['once']];
  const reply = await askDuring(removed, () => call('DELETE', '/bucket/once', { token }));
  expect(reply.json).toMatchObject({ statusCode: '404' });
});
