/**
 * Real processes and real kills: a gateway with its embedded Postgres, and MinIO, each killed at random moments while
 * clients work and keep account of what they were told. FAULT_SECONDS makes it longer, FAULT_SEED repeats a choice.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { SERVICE_TOKEN, type StoreKind } from '../support/gateway.ts';
import { findMinio } from '../support/own-minio.ts';
import { send } from './door.ts';
import { accountsOf, Installation, START_MS } from './installation.ts';
import { Client, makeRandom, type Random } from './traffic.ts';

const SECONDS = Number(process.env.FAULT_SECONDS ?? 8);
const SEED = Number(process.env.FAULT_SEED ?? Date.now() % 1_000_000);
const CLIENTS = 4;
/** However slow the machine: in the long form, on two stores, more than fifty kills. */
const LEAST_KILLS = SECONDS / 10;
/** How long a kill waits for its moment, at most. */
const LONGEST_QUIET_MS = 1_200;

/** Kills one thing after another, at least each once and until the time is up; gives what was killed. */
async function killAround(installation: Installation, random: Random): Promise<Record<string, number>> {
  const killed: Record<string, number> = {};
  const victims = ['gateway', 'postgres', ...(installation.minio === null ? [] : ['minio'])];
  const end = Date.now() + SECONDS * 1000;
  const first = Math.floor(random() * victims.length);
  const least = Math.max(victims.length, LEAST_KILLS);
  for (let n = first; n < first + least || Date.now() < end; n += 1) {
    await delay(random() * LONGEST_QUIET_MS);
    const victim = victims[n % victims.length] ?? '';
    if (victim === 'gateway') await installation.killGateway();
    else if (victim === 'postgres') await installation.killPostgres();
    else await installation.killMinio();
    killed[victim] = (killed[victim] ?? 0) + 1;
  }
  return killed;
}

/** MinIO in a container is not ours to kill, so this needs the binary. */
function storesToKill(): readonly StoreKind[] {
  if (findMinio() !== null) return ['file', 's3'];
  const words = 'there is no minio binary to kill: put one on the PATH, or install Go, which builds one';
  if (process.env.CI === 'true') throw new Error(words);
  process.stderr.write(`\nNO KILLS OF MINIO, ON THE FILE STORE ONLY: ${words}\n`);
  return ['file'];
}

describe.each(storesToKill())('on the %s store', store => {
  let installation: Installation;
  beforeAll(async () => {
    installation = await Installation.start(store);
    await send(installation.gateway.url, 'POST', '/bucket', { token: SERVICE_TOKEN, json: { name: 'b' } });
  }, 2 * START_MS);
  afterAll(() => installation.remove(), START_MS);

  it(
    'An acknowledged write survives a crash of any process at any moment.',
    async () => {
      const random = makeRandom(SEED);
      const { url } = installation.gateway;
      const clients = Array.from({ length: CLIENTS }, (_, number) => new Client({ url, random, number }));
      const done = new AbortController();
      const traffic = clients.map(client => client.runUntil(done.signal));
      const killed = await killAround(installation, random).finally(() => done.abort());
      await Promise.all(traffic);
      await installation.untilReady();
      for (const client of clients) await client.readAll();

      const counts = clients.map(({ account }) => account.counts);
      process.stdout.write(`seed ${SEED}, killed ${JSON.stringify(killed)}, answers ${JSON.stringify(counts)}\n`);
      expect(clients.flatMap(({ account }) => account.broken)).toEqual([]);
      const { rows, ...others } = await accountsOf(installation);
      expect(others).toEqual({ ledger: rows, stored: rows, unfinished: [] });
      for (const client of clients) await client.readAll();
      expect(clients.flatMap(({ account }) => account.broken)).toEqual([]);
    },
    3 * SECONDS * 1000 + 3 * START_MS,
  );
});
