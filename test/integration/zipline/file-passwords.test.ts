/** Guessing the password of a file: how often, for whom, and that nobody else is kept out by it. */

import { cheapHash } from '../../support/accounts.ts';
import { type Call, makeCall } from '../../support/call.ts';
import { type Gateway, startGateway } from '../../support/gateway.ts';
import { putFile, refused, startUploads } from '../../support/uploads.ts';

const SETTINGS = { TRUST_PROXY: 'true', RATE_LIMITS: 'file-password=3/1h' };
const TOO_MANY = [429, 'you are being rate limited'];
const WRONG = [403, 'incorrect password'];

let gateway: Gateway;
let second: Gateway;
let calls: readonly [Call, Call];
beforeAll(async () => {
  ({ gateway } = await startUploads({ env: SETTINGS }));
  second = await startGateway({ beside: gateway, env: SETTINGS });
  calls = [makeCall(gateway.url), makeCall(second.url)];
});
afterAll(async () => {
  await second.stop();
  await gateway.stop();
});
beforeEach(async () => {
  await gateway.db.sql('delete from sluice.rate_limits');
  await gateway.db.sql('delete from storage.objects');
  for (const name of ['a.txt', 'b.txt']) await putFile(gateway, name, { passwordHash: cheapHash('sesame') });
});

interface Guess {
  readonly from?: string;
  readonly name?: string;
  readonly method?: string;
  readonly over?: 0 | 1;
}

function guess(password: string | null, { from = '192.0.2.1', name = 'a.txt', method = 'GET', over = 0 }: Guess = {}) {
  const query = password === null ? '' : `?password=${password}`;
  return calls[over](method, `/r/${name}${query}`, { headers: { 'x-forwarded-for': from } });
}

async function guessWrongly(times: number, where: Guess = {}): Promise<void> {
  for (let time = 0; time < times; time += 1) expect(refused(await guess('wrong', where))).toEqual(WRONG);
}

it('refuses, of many wrong passwords that come at once over two gateways, all but as many as the limit', async () => {
  const replies = await Promise.all(
    Array.from({ length: 12 }, (_, turn) => guess(`wrong${turn % 4}`, { over: turn % 2 === 0 ? 0 : 1 })),
  );
  const limited = replies.filter(({ status }) => status === 429);
  expect([replies.length - limited.length, limited.length]).toEqual([3, 9]);
  expect(refused(limited[0] ?? (await guess('wrong')))).toEqual(TOO_MANY);
  expect(limited.map(({ headers }) => Number(headers['retry-after']) > 3500)).not.toContain(false);
});

it('refuses whoever is over the limit on either address of the file, the headers too, and the right password', async () => {
  await guessWrongly(3);
  expect(
    refused(await calls[1]('GET', '/u/a.txt?password=sesame', { headers: { 'x-forwarded-for': '192.0.2.1' } })),
  ).toEqual(TOO_MANY);
  const head = await guess('sesame', { method: 'HEAD' });
  expect([head.status, Number(head.headers['retry-after']) > 0]).toEqual([429, true]);
});

it('believes a password only where it came from, so that nobody guesses past the limit in the shade of a reader', async () => {
  expect((await guess('sesame', { from: '192.0.2.2' })).status).toBe(200);
  await guessWrongly(3);
  expect(refused(await guess('sesame'))).toEqual(TOO_MANY);
  expect((await guess('sesame', { from: '192.0.2.2' })).status).toBe(200);
});

it('keeps neither another address nor another file from who knows the password', async () => {
  await guessWrongly(3);
  expect((await guess('sesame', { from: '192.0.2.2' })).text).toBe('the bytes of a.txt');
  expect((await guess('sesame', { name: 'b.txt' })).text).toBe('the bytes of b.txt');
});

it('takes the addresses of one IPv6 network for one', async () => {
  await guessWrongly(2, { from: '2001:db8::1' });
  await guessWrongly(1, { from: '2001:db8::2' });
  expect(refused(await guess('wrong', { from: '2001:db8::3' }))).toEqual(TOO_MANY);
});

it('counts neither right passwords, however many at once, nor questions without one', async () => {
  const replies = await Promise.all(Array.from({ length: 20 }, () => guess('sesame')));
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
  for (let time = 0; time < 4; time += 1) expect(refused(await guess(null))).toEqual([403, 'password protected']);
  await guessWrongly(3);
});

it('lets guesses in again when the window is over', async () => {
  await guessWrongly(3);
  await gateway.db.sql(`update sluice.rate_limits set window_end = now() - interval '1 second'`);
  await guessWrongly(1);
  expect((await guess('sesame')).status).toBe(200);
});
