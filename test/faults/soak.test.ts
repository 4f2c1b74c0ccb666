/**
 * Hours in minutes: a gateway as a process, with Postgres and MinIO, takes every kind of traffic while what it holds is
 * sampled. Nothing may grow with the number of requests, and all is given back once they stop. SOAK_SECONDS makes it
 * longer (`npm run test:soak`), FAULT_SEED repeats the choices.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SERVICE_TOKEN } from '../support/gateway.ts';
import { findMinio } from '../support/own-minio.ts';
import { type Sample, secondHalf, slopeErrorOf, slopeOf } from '../support/slope.ts';
import { until } from '../support/until.ts';
import { send } from './door.ts';
import { accountsOf, Installation, START_MS } from './installation.ts';
import { Client, makeRandom } from './traffic.ts';
import { Visitor } from './visitors.ts';

const SECONDS = Number(process.env.SOAK_SECONDS ?? 10);
const SEED = Number(process.env.FAULT_SEED ?? Date.now() % 1_000_000);
const CLIENTS = 2;
const VISITORS = 4;
const SAMPLES = Math.min(240, 6 * SECONDS);
/** Sockets that are kept for the next request are given up by then. */
const QUIET_MS = 60_000;

const MIB = 1024 * 1024;
/**
 * What does not count as growth: a rise with each request below what a leak of any object makes of it, or one over the
 * whole second half that is within what comes and goes. In a short run only the latter can be told.
 */
const TOLERANCES: Readonly<Record<Measure, { readonly aRequest: number; readonly inAll: number }>> = {
  heapBytes: { aRequest: 24, inAll: 4 * MIB },
  residentBytes: { aRequest: 200, inAll: 48 * MIB },
  descriptors: { aRequest: 0.0005, inAll: 16 },
  connections: { aRequest: 0.0005, inAll: 10 },
  waiting: { aRequest: 0.0005, inAll: 8 },
  ledger: { aRequest: 0.001, inAll: 40 },
};
/** What lies between two idle moments of one process, beside what is looked for. */
const MOST_LEFT: Readonly<Record<Measure, number>> = {
  heapBytes: 12 * MIB,
  residentBytes: Number.POSITIVE_INFINITY, // the allocator's, who gives it back when he likes; its slope is judged
  descriptors: 12, // idle sockets to Postgres and MinIO stay for half a minute
  connections: 6,
  waiting: 0,
  ledger: 0,
};

type Measure = 'heapBytes' | 'residentBytes' | 'descriptors' | 'connections' | 'waiting' | 'ledger';
type Measured = Readonly<Record<Measure | 'requests', number>>;

function figure(text: string, name: string): number {
  let sum = 0;
  for (const [, value] of text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))) sum += Number(value);
  return sum;
}

/** Collects the garbage first, so that the heap shows what is held. */
async function measure({ gateway }: Installation): Promise<Measured> {
  process.kill(gateway.pid, 'SIGUSR2');
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  return {
    heapBytes: figure(text, 'nodejs_heap_size_used_bytes'),
    residentBytes: figure(text, 'process_resident_memory_bytes'),
    descriptors: process.platform === 'linux' ? (await readdir(join('/proc', `${gateway.pid}`, 'fd'))).length : 0,
    connections: figure(text, 'sluice_database_connections\\{state="total"\\}'),
    waiting: figure(text, 'sluice_requests_in_flight'),
    ledger: figure(text, 'sluice_ledger_blobs'),
    requests: figure(text, 'sluice_request_duration_seconds_count'),
  };
}

async function sampleDuring(installation: Installation, signal: AbortSignal): Promise<Measured[]> {
  const samples: Measured[] = [];
  while (!signal.aborted) {
    samples.push(await measure(installation));
    await delay((SECONDS * 1000) / SAMPLES, undefined, { signal }).catch(() => {});
  }
  return samples;
}

/** What rises beyond doubt: by more than allowed even if the truth lay three standard errors below the slope. */
function growing(samples: readonly Measured[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [name, { aRequest, inAll }] of Object.entries(TOLERANCES)) {
    const half: Sample[] = secondHalf(samples.map(one => ({ at: one.requests, value: one[name as Measure] })));
    const least = slopeOf(half) - 3 * slopeErrorOf(half);
    const requests = (half.at(-1)?.at ?? 0) - (half[0]?.at ?? 0);
    if (least > aRequest && least * requests > inAll) found[name] = least;
  }
  return found;
}

const describeWithMinio = findMinio() === null && process.env.CI !== 'true' ? describe.skip : describe;

describeWithMinio(`${SECONDS} seconds of every kind of traffic`, () => {
  let installation: Installation;
  beforeAll(async () => {
    const preload = join(__dirname, '..', 'support', 'collect-on-signal.mjs');
    installation = await Installation.start('s3', { NODE_OPTIONS: `--import ${preload}` });
    await send(installation.gateway.url, 'POST', '/bucket', { token: SERVICE_TOKEN, json: { name: 'b' } });
  }, 2 * START_MS);
  afterAll(() => installation.remove(), START_MS);

  it(
    'leave nothing behind that grows with it',
    async () => {
      const random = makeRandom(SEED);
      const { url } = installation.gateway;
      const clients = Array.from({ length: CLIENTS }, (_, number) => new Client({ url, random, number }));
      const visitors = Array.from({ length: VISITORS }, (_, number) => new Visitor({ url, random, number }));
      const warm = AbortSignal.timeout(Math.min(20_000, SECONDS * 250));
      await Promise.all([...clients, ...visitors].map(one => one.runUntil(warm)));
      const before = await settled(installation);

      const done = AbortSignal.timeout(SECONDS * 1000);
      const sampling = sampleDuring(installation, done);
      await Promise.all([...clients, ...visitors].map(one => one.runUntil(done)));
      const samples = await sampling;
      const after = await settled(installation, before);
      tell(samples, { before, after });

      expect(visitors.flatMap(({ errors }) => errors)).toEqual([]);
      expect(clients.flatMap(({ account }) => account.broken)).toEqual([]);
      expect(clients.map(({ account }) => account.counts.unknown)).toEqual(clients.map(() => 0));
      expect(growing(samples)).toEqual({});
      expect(left(before, after)).toEqual({});

      const { rows, ...others } = await accountsOf(installation);
      expect(others).toEqual({ ledger: rows, stored: rows, unfinished: [] });
      for (const client of clients) await client.readAll();
      expect(clients.flatMap(({ account }) => account.broken)).toEqual([]);
      expect(installation.gateway.words()).not.toMatch(/"level":"error"/);
    },
    SECONDS * 1000 + 4 * START_MS,
  );
});

/** What is more than before, now that nobody asks any more. */
function left(before: Measured, after: Measured): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [name, most] of Object.entries(MOST_LEFT)) {
    const more = after[name as Measure] - before[name as Measure];
    if (more > most) found[name] = more;
  }
  return found;
}

/** A gateway that rests: the ledger swept, idle sockets closed; as little as before, if it comes to that in time. */
async function settled(installation: Installation, before?: Measured): Promise<Measured> {
  let last = await measure(installation);
  const isQuiet = (now: Measured) => {
    if (now.ledger > 0 || now.waiting > 1) return false;
    return before === undefined ? now.descriptors >= last.descriptors : Object.keys(left(before, now)).length === 0;
  };
  await until(
    'a gateway at rest',
    async () => {
      await delay(500);
      const now = await measure(installation);
      const quiet = isQuiet(now);
      last = now;
      return quiet;
    },
    QUIET_MS,
  ).catch(() => {});
  return last;
}

function tell(samples: readonly Measured[], idle: { readonly before: Measured; readonly after: Measured }): void {
  const slopes = Object.fromEntries(
    Object.keys(TOLERANCES).map(name => {
      const half = secondHalf(samples.map(one => ({ at: one.requests, value: one[name as Measure] })));
      return [name, `${slopeOf(half).toPrecision(3)} ± ${slopeErrorOf(half).toPrecision(2)} a request`];
    }),
  );
  const peak = Math.max(...samples.map(({ residentBytes }) => residentBytes));
  process.stdout.write(`soak, seed ${SEED}: ${JSON.stringify({ ...idle, peak, slopes }, null, 1)}\n`);
}
