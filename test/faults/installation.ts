/** A gateway with its embedded Postgres and a MinIO of its own, as processes that tests start, kill and look behind. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { BlobStore } from '../../src/blobs/blob-store.ts';
import { makeFileStore } from '../../src/blobs/file-store.ts';
import { makeS3Store } from '../../src/blobs/s3-store.ts';
import { readPidFile } from '../../src/embedded/running-server.ts';
import { SOCKET_PORT } from '../../src/embedded/socket-folder.ts';
import { freePort } from '../support/free-port.ts';
import { JWT_SECRET, type StoreKind } from '../support/gateway.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { findMinio, type OwnMinio, startOwnMinio } from '../support/own-minio.ts';
import { until } from '../support/until.ts';
import { expireLeases } from './agreement.ts';

export const START_MS = 60_000;

/** Everything that can be killed, and brought back by whoever does so in service. */
export class Installation {
  readonly minio: OwnMinio | null;
  readonly dataDir: string;
  readonly #port: number;
  readonly #env: Readonly<Record<string, string>>;
  gateway: GatewayProcess;

  private constructor(parts: {
    dataDir: string;
    port: number;
    minio: OwnMinio | null;
    gateway: GatewayProcess;
    env: Readonly<Record<string, string>>;
  }) {
    this.dataDir = parts.dataDir;
    this.#env = parts.env;
    this.#port = parts.port;
    this.minio = parts.minio;
    this.gateway = parts.gateway;
  }

  /** `env` is beside what says where everything is. */
  static async start(store: StoreKind, env: Readonly<Record<string, string>> = {}): Promise<Installation> {
    const minio = store === 's3' ? await startOwnMinio(findMinio() ?? '') : null;
    const dataDir = await mkdtemp(join(tmpdir(), 'sluice-kills-'));
    const port = await freePort();
    const whole = { ...environmentOf(dataDir, minio), ...env };
    const gateway = await startGatewayProcess(whole, port);
    return new Installation({ dataDir, port, minio, gateway, env: whole });
  }

  get cluster(): string {
    return join(this.dataDir, 'postgres', 'cluster');
  }

  /** The gateway goes without a word; its Postgres lives on until the next one adopts it. */
  async killGateway(): Promise<void> {
    await this.gateway.kill();
    this.gateway = await startGatewayProcess(this.#env, this.#port);
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

/** Waits for the sweeper, past leases and claims that nobody will renew; then compares the three accounts. */
export async function accountsOf(installation: Installation) {
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
