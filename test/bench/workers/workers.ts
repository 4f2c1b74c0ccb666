/** One process against two, on the same database and store, by small downloads and uploads. */
import { alternate, type Way } from '../harness/alternate.ts';
import type { Bench } from '../harness/bench.ts';
import { type LoadRequest, runLoad } from '../harness/load.ts';
import type { Case } from '../harness/report.ts';
import type { Beside, Stack } from '../harness/stack.ts';

const CONNECTIONS = 32;
const MAX_REQUESTS = 100_000;
const WARM_UP = 2.5;
const BODY = 'x'.repeat(1024);

export const workers: Bench = {
  question: 'What do two processes bring over one, where the load, Postgres and the store share the same two cores?',
  unit: 'req',
  async ask(stack, { seconds, rounds }) {
    await stack.createBucket('private', 'private');
    await stack.keepPrivate('private');
    const two = await stack.beside({ WORKERS: '2' });
    const login = { authorization: `Bearer ${stack.tokens.alice}` };
    const type = { 'content-type': 'text/plain' };
    let names = 0;
    const upload = (): LoadRequest => ({
      method: 'POST',
      path: `/object/private/${names++}`,
      headers: { ...login, ...type },
      body: BODY,
    });
    const { path, headers } = upload();
    await fetch(stack.gateway.url + path, { method: 'POST', headers: { ...headers }, body: BODY });
    await fetch(`${stack.store.endpoint}${stack.presign('PUT', 'straight/0')}`, { method: 'PUT', body: BODY });
    const download = (): LoadRequest => ({ method: 'GET', path: '/object/authenticated/private/0', headers: login });
    const straightPath = stack.presign('GET', 'straight/0');
    const cases: Case[] = [];
    for (const [name, straight, next] of [
      ['download of 1 KiB', () => ({ method: 'GET', path: straightPath }) as const, download],
      ['upload of 1 KiB', () => ({ method: 'PUT', path: straightUpload(stack), body: BODY }) as const, upload],
    ] as const) {
      const ways = (runSeconds: number) => [
        way('straight', stack, stack.store.endpoint, straight, runSeconds),
        way('one process', stack, stack.gateway.url, next, runSeconds),
        way('two processes', two, two.gateway.url, next, runSeconds),
      ];
      await alternate(stack, { ways: ways(WARM_UP * seconds), rounds: 1 });
      cases.push({
        name: `${name}, ${CONNECTIONS} conn.`,
        ways: await alternate(stack, { ways: ways(seconds), rounds }),
      });
    }
    return { cases, goals: [] };
  },
};

let straightNames = 0;
const straightUpload = (stack: Stack) => stack.presign('PUT', `straight/up-${straightNames++}`);

function way(
  name: string,
  at: Pick<Beside, 'gateway' | 'cpuMicros'>,
  origin: string,
  next: () => LoadRequest,
  seconds: number,
): Way {
  return {
    name,
    throughGateway: name !== 'straight',
    at,
    run: () => runLoad({ origin, connections: CONNECTIONS, seconds, maxRequests: MAX_REQUESTS, next, replyBytes: 0 }),
  };
}
