/**
 * Hours in minutes: a gateway as a process, with Postgres and MinIO, takes every kind of traffic while what it holds is
 * sampled. Nothing may grow with the number of requests, and all is given back once they stop. SOAK_SECONDS makes it
 * longer (`npm run test:soak`), FAULT_SEED repeats the choices.
 */
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
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
/** Half a second each: those to MinIO are kept for 4 s. */
const AT_REST_LOOKS = 10;

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
/**
 * What may lie between two idle moments of one process, beside what is looked for: a little for each request, and something
 * for code and caches that are used for the first time. Objects tell a leak of a few hundred requests from these, where
 * bytes do not.
 */
const MOST_LEFT: Readonly<Record<keyof AtRest, { readonly aRequest: number; readonly inAll: number }>> = {
  heapBytes: { aRequest: 0, inAll: 12 * MIB },
  files: { aRequest: 0, inAll: 6 }, // the thread that hashes
  sockets: { aRequest: 0, inAll: 6 }, // to MinIO, and from the clients, which stay for seconds
  connections: { aRequest: 0, inAll: 6 },
  waiting: { aRequest: 0, inAll: 0 },
  ledger: { aRequest: 0, inAll: 0 },
  objects: { aRequest: 0.3, inAll: 1_000 },
  streams: { aRequest: 0, inAll: 30 }, // requests and sockets among them
  signals: { aRequest: 0, inAll: 15 },
};

type Measure = 'heapBytes' | 'residentBytes' | 'descriptors' | 'connections' | 'waiting' | 'ledger';
/** `files` are all descriptors that are no sockets; `sockets` those that are not the pool's to Postgres. */
type Measured = Readonly<Record<Measure | 'files' | 'sockets' | 'requests', number>>;
/** Live objects of the gateway, after a collection. */
type Held = Readonly<Record<'objects' | 'streams' | 'signals', number>>;
type AtRest = Omit<Measured & Held, 'residentBytes' | 'descriptors' | 'requests'>;

function figure(text: string, name: string): number {
  let sum = 0;
  for (const [, value] of text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))) sum += Number(value);
  return sum;
}

/** Collects the garbage first, so that the heap shows what is held. */
async function measure({ gateway }: Installation): Promise<Measured> {
  process.kill(gateway.pid, 'SIGUSR2');
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  const { descriptors, sockets } = await descriptorsOf(gateway.pid);
  const connections = figure(text, 'sluice_database_connections\\{state="total"\\}');
  return {
    heapBytes: figure(text, 'nodejs_heap_size_used_bytes'),
    residentBytes: figure(text, 'process_resident_memory_bytes'),
    descriptors,
    files: descriptors - sockets,
    sockets: sockets - connections,
    connections,
    waiting: figure(text, 'sluice_requests_in_flight'),
    ledger: figure(text, 'sluice_ledger_blobs'),
    requests: figure(text, 'sluice_request_duration_seconds_count'),
  };
}

/** Nothing where the system does not tell. */
async function descriptorsOf(pid: number): Promise<{ descriptors: number; sockets: number }> {
  if (process.platform !== 'linux') return { descriptors: 0, sockets: 0 };
  const folder = join('/proc', `${pid}`, 'fd');
  const links = await Promise.all(
    (await readdir(folder)).map(name => readlink(join(folder, name)).catch(() => null)), // closed meanwhile
  );
  const open = links.filter(link => link !== null);
  return { descriptors: open.length, sockets: open.filter(link => link.startsWith('socket:')).length };
}

async function countHeld({ gateway }: Installation, file: string): Promise<Held> {
  await rm(file, { force: true });
  process.kill(gateway.pid, 'SIGWINCH');
  return until('the count of objects', async () => JSON.parse(await readFile(file, 'utf8')) as Held, QUIET_MS);
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
  let folder: string;
  const heldFile = () => join(folder, 'held.json');
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-soak-'));
    const preload = join(__dirname, '..', 'support', 'collect-on-signal.mjs');
    installation = await Installation.start('s3', { NODE_OPTIONS: `--import ${preload}`, HELD_FILE: heldFile() });
    await send(installation.gateway.url, 'POST', '/bucket', { token: SERVICE_TOKEN, json: { name: 'b' } });
  }, 2 * START_MS);
  afterAll(async () => {
    await installation.remove();
    await rm(folder, { recursive: true });
  }, START_MS);

  it(
    'leave nothing behind that grows with it',
    async () => {
      const random = makeRandom(SEED);
      const { url } = installation.gateway;
      const clients = Array.from({ length: CLIENTS }, (_, number) => new Client({ url, random, number }));
      const visitors = Array.from({ length: VISITORS }, (_, number) => new Visitor({ url, random, number }));
      await Promise.all(visitors.map(one => one.doEverything()));
      const warm = AbortSignal.timeout(Math.min(20_000, SECONDS * 250));
      await Promise.all([...clients, ...visitors].map(one => one.runUntil(warm)));
      const before = { ...(await settled(installation)), ...(await countHeld(installation, heldFile())) };

      const done = AbortSignal.timeout(SECONDS * 1000);
      const sampling = sampleDuring(installation, done);
      await Promise.all([...clients, ...visitors].map(one => one.runUntil(done)));
      const samples = await sampling;
      const after = { ...(await settled(installation, before)), ...(await countHeld(installation, heldFile())) };
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

/** What is more than before, now that nobody asks any more, and more than may be. */
function left(before: Partial<AtRest> & Measured, after: Partial<AtRest> & Measured): Record<string, number> {
  const requests = after.requests - before.requests;
  const found: Record<string, number> = {};
  for (const [name, { aRequest, inAll }] of Object.entries(MOST_LEFT)) {
    const more = (after[name as keyof AtRest] ?? 0) - (before[name as keyof AtRest] ?? 0);
    if (more > inAll + aRequest * requests) found[name] = more;
  }
  return found;
}

/** A gateway that rests: the ledger swept, idle sockets closed; as little as before, if it comes to that in time. */
async function settled(installation: Installation, before?: Measured): Promise<Measured> {
  let last = await measure(installation);
  let quiet = 0;
  await until(
    'a gateway at rest',
    async () => {
      await delay(500);
      const now = await measure(installation);
      const isAtRest = now.ledger === 0 && now.waiting <= 1 && now.sockets >= last.sockets;
      quiet = isAtRest ? quiet + 1 : 0;
      last = now;
      return quiet >= AT_REST_LOOKS && (before === undefined || Object.keys(left(before, now)).length === 0);
    },
    QUIET_MS,
  ).catch(() => {});
  return last;
}

function tell(samples: readonly Measured[], idle: Readonly<Record<'before' | 'after', Measured & Held>>): void {
  const slopes = Object.fromEntries(
    Object.keys(TOLERANCES).map(name => {
      const half = secondHalf(samples.map(one => ({ at: one.requests, value: one[name as Measure] })));
      return [name, `${slopeOf(half).toPrecision(3)} ± ${slopeErrorOf(half).toPrecision(2)} a request`];
    }),
  );
  const peak = Math.max(...samples.map(({ residentBytes }) => residentBytes));
  process.stdout.write(`soak, seed ${SEED}: ${JSON.stringify({ ...idle, peak, slopes }, null, 1)}\n`);
}
