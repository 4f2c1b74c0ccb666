/**
 * Real processes and real kills: a gateway with its embedded Postgres, and MinIO, each killed at random moments while
 * clients work and keep account of what they were told. FAULT_SECONDS makes it longer, FAULT_SEED repeats a choice.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { BlobStore } from '../../src/blobs/blob-store.ts';
import { makeFileStore } from '../../src/blobs/file-store.ts';
import { makeS3Store } from '../../src/blobs/s3-store.ts';
import { readPidFile } from '../../src/embedded/running-server.ts';
import { SOCKET_PORT } from '../../src/embedded/socket-folder.ts';
import { JWT_SECRET, SERVICE_TOKEN, type StoreKind } from '../support/gateway.ts';
import { freePort, type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { findMinio, type OwnMinio, startOwnMinio } from '../support/own-minio.ts';
import { until } from '../support/until.ts';
import { expireLeases } from './agreement.ts';
import { send } from './door.ts';
import { Client, makeRandom, type Random } from './traffic.ts';

const SECONDS = Number(process.env.FAULT_SECONDS ?? 8);
const SEED = Number(process.env.FAULT_SEED ?? Date.now() % 1_000_000);
const CLIENTS = 4;
/** How long a kill waits for its moment, at most. */
const LONGEST_QUIET_MS = 1_200;
const START_MS = 60_000;

/** Everything that can be killed, and brought back by whoever does so in service. */
class Installation {
  readonly minio: OwnMinio | null;
  readonly dataDir: string;
  readonly #port: number;
  gateway: GatewayProcess;

  private constructor(parts: { dataDir: string; port: number; minio: OwnMinio | null; gateway: GatewayProcess }) {
    this.dataDir = parts.dataDir;
    this.#port = parts.port;
    this.minio = parts.minio;
    this.gateway = parts.gateway;
  }

  static async start(store: StoreKind): Promise<Installation> {
    const minio = store === 's3' ? await startOwnMinio(findMinio() ?? '') : null;
    const dataDir = await mkdtemp(join(tmpdir(), 'sluice-kills-'));
    const port = await freePort();
    const gateway = await startGatewayProcess(environmentOf(dataDir, minio), port);
    return new Installation({ dataDir, port, minio, gateway });
  }

  get cluster(): string {
    return join(this.dataDir, 'postgres', 'cluster');
  }

  /** The gateway goes without a word; its Postgres lives on until the next one adopts it. */
  async killGateway(): Promise<void> {
    await this.gateway.kill();
    this.gateway = await startGatewayProcess(environmentOf(this.dataDir, this.minio), this.#port);
  }

  /** The gateway finds its Postgres gone, and brings it back. */
  async killPostgres(): Promise<void> {
    const pid = (await readPidFile(this.cluster))?.pid;
    if (pid === undefined) throw new Error('Postgres has no pid file');
    process.kill(pid, 'SIGKILL');
    await until('another Postgres', async () => ((await readPidFile(this.cluster))?.pid ?? pid) !== pid, START_MS);
    await this.untilReady();
  }

  async killMinio(): Promise<void> {
    await this.minio?.kill();
    await this.minio?.start();
  }

  untilReady(): Promise<unknown> {
    return until('a gateway that is ready', async () => (await fetch(`${this.gateway.url}/ready`)).ok, START_MS);
  }

  async withDatabase<T>(work: (sql: (text: string) => Promise<Record<string, unknown>[]>) => Promise<T>): Promise<T> {
    const host = (await readPidFile(this.cluster))?.socketFolder ?? '';
    const client = new pg.Client({ host, port: SOCKET_PORT, user: 'postgres', database: 'sluice' });
    await client.connect();
    try {
      return await work(async text => (await client.query(text)).rows);
    } finally {
      await client.end();
    }
  }

  /** The store as nobody's process sees it. */
  openStore(): BlobStore {
    if (this.minio === null) return makeFileStore({ root: join(this.dataDir, 'blobs') });
    const { S3_ENDPOINT, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY, S3_BUCKET } = this.minio.environment;
    return makeS3Store({
      endpoint: S3_ENDPOINT ?? '',
      region: 'us-east-1',
      bucket: S3_BUCKET ?? '',
      accessKeyId: S3_ACCESS_KEY_ID ?? '',
      secretAccessKey: S3_SECRET_ACCESS_KEY ?? '',
      forcePathStyle: true,
      maxObjectSizeBytes: 1024 ** 3,
    });
  }

  async remove(): Promise<void> {
    await this.gateway.stop();
    await this.minio?.remove();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

function environmentOf(dataDir: string, minio: OwnMinio | null): Record<string, string> {
  const brisk = { SWEEP_INTERVAL: '200ms', SWEEP_GRACE: '500ms', UPLOAD_LEASE: '3s' };
  return { JWT_SECRET, DATA_DIR: dataDir, ...brisk, ...minio?.environment };
}

/** Kills one thing after another, at least each once and until the time is up; gives what was killed. */
async function killAround(installation: Installation, random: Random): Promise<Record<string, number>> {
  const killed: Record<string, number> = {};
  const victims = ['gateway', 'postgres', ...(installation.minio === null ? [] : ['minio'])];
  const end = Date.now() + SECONDS * 1000;
  const first = Math.floor(random() * victims.length);
  // Each at least once, however slow the machine.
  for (let n = first; n < first + victims.length || Date.now() < end; n += 1) {
    await delay(random() * LONGEST_QUIET_MS);
    const victim = victims[n % victims.length] ?? '';
    if (victim === 'gateway') await installation.killGateway();
    else if (victim === 'postgres') await installation.killPostgres();
    else await installation.killMinio();
    killed[victim] = (killed[victim] ?? 0) + 1;
  }
  return killed;
}

/** Waits for the sweeper, past leases and claims that nobody will renew; then compares the three accounts. */
async function accountsOf(installation: Installation) {
  return installation.withDatabase(async sql => {
    await until('a ledger of nothing but live bytes', async () => {
      await expireLeases({ sql: sql as never });
      return (await sql(`select from sluice.blobs where state <> 'live'`)).length === 0;
    });
    const rows = await sql(`select distinct left(version, 2) || '/' || version as key from storage.objects`);
    const ledger = await sql('select store_key as key from sluice.blobs');
    const store = installation.openStore();
    const stored: unknown[] = [];
    for await (const { key } of store.list(null)) stored.push(key);
    await store.close();
    const keys = (found: Record<string, unknown>[]) => found.map(({ key }) => key).sort();
    const unfinished = installation.minio === null ? await readdir(join(installation.dataDir, 'blobs', 'tmp')) : [];
    return { rows: keys(rows), ledger: keys(ledger), stored: stored.sort(), unfinished };
  });
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
    SECONDS * 1000 + 3 * START_MS,
  );
});
