/** What signing in costs: the same for names that nobody has, and nothing for requests that are about something else. */
import { setTimeout as pause } from 'node:timers/promises';
import { makePasswords } from '../../src/identity/passwords.ts';
import { type Gateway, SERVICE_TOKEN, startGateway } from '../support/gateway.ts';
import { ANON, scopeOf } from '../support/scopes.ts';

let gateway: Gateway;

beforeAll(async () => {
  gateway = await startGateway({ env: { RATE_LIMITS: 'login=1000/1m' } });
  const hash = await makePasswords({ maxAtOnce: 1 }).hash('right');
  await gateway.db.sql(`select sluice.add_account('alice', jsonb_build_object('password_hash', $1::text))`, [hash]);
});
afterAll(() => gateway.stop());

function signIn(username: string): Promise<unknown> {
  const login = { username, password: 'wrong', address: '192.0.2.1', lifetimeMs: 1000 };
  return gateway.app.accounts.signIn(scopeOf(ANON), login).catch(error => error);
}

it('takes as long for a name that nobody has as for a wrong password', async () => {
  const cpuMs: Record<string, number[]> = { alice: [], nobody: [] };
  for (let turn = 0; turn < 4; turn += 1) {
    for (const name of turn % 2 ? ['alice', 'nobody'] : ['nobody', 'alice']) {
      const before = process.cpuUsage();
      await signIn(name);
      const { user, system } = process.cpuUsage(before);
      cpuMs[name]?.push((user + system) / 1000);
    }
  }
  const [known = 0, unknown = 0] = [cpuMs.alice, cpuMs.nobody].map(times => Math.min(...(times ?? [])));
  expect(unknown / known).toBeGreaterThan(0.7);
  expect(unknown / known).toBeLessThan(1.4);
});

it('keeps no other request waiting while many sign in', async () => {
  let signedIn = 0;
  const storm = Array.from({ length: 10 }, async (_, turn) => {
    await signIn(turn % 2 ? 'alice' : 'nobody');
    signedIn += 1;
  });
  await pause(0);
  for (let turn = 0; turn < 3; turn += 1) {
    const reply = await fetch(`${gateway.url}/bucket`, { headers: { authorization: `Bearer ${SERVICE_TOKEN}` } });
    expect(reply.status).toBe(200);
  }
  // Each takes its turn of a hash, two at a time; a request that is about buckets waits for none of them.
  expect(signedIn).toBeLessThan(10);
  await Promise.all(storm);
});
