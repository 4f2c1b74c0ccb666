/**
 * What every bench measures: Postgres, MinIO and the gateway as separate processes on the loopback, everything durable,
 * nothing tuned. Its data lies in a temporary folder and goes with it.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { ensureDatabase } from '../../../src/database/migrate.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/embedded/embedded-postgres.ts';
import { signToken } from '../../../src/identity/sign-token.ts';
import { packageRoot } from '../../../src/package-root.ts';
import { type S3Engine, startMinio } from '../../support/minio.ts';
import { ALICE } from '../../support/scopes.ts';
import type { Cpu } from './alternate.ts';
import { startBareServer } from './bare.ts';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts';
import { makePresign, type Presign } from './presign.ts';
import { childNamed, cpuMicrosOf } from './process-usage.ts';

export interface Stack {
  readonly gateway: GatewayProcess;
  readonly store: S3Engine;
  /** Presigns for the very S3 bucket that the gateway keeps its bytes in. */
  readonly presign: Presign;
  readonly tokens: { readonly service: string; readonly alice: string };
  /** A folder for the bench's own files. */
  readonly workFolder: string;
  /** CPU time so far; null where it cannot be known. */
  cpuMicros(): Cpu;
  /** Runs SQL as the superuser. */
  sql(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  createBucket(id: string, visibility: 'public' | 'private'): Promise<void>;
  /** Alice, and everybody, keeps objects in this bucket that nobody else sees: policies/owner-only.sql. */
  keepPrivate(bucket: string): Promise<void>;
  /** Starts a second gateway on the same database and, unless told otherwise, the same store. Stops with the stack. */
  beside(env: Readonly<Record<string, string>>): Promise<Beside>;
  /** Starts a bare server between the same store and database. Stops with the stack. */
  bare(): Promise<Bare>;
  stop(): Promise<void>;
}

export interface Bare {
  readonly gateway: GatewayProcess;
  /** Its own in place of the gateway's. */
  cpuMicros(): Cpu;
}

export interface Beside extends Bare {
  /** Where the file driver of this gateway keeps its bytes, if it does. */
  readonly blobsFolder: string;
}

/** For `beside`: keeps bytes on the local disk. */
export const ON_DISK = { S3_BUCKET: '', S3_ENDPOINT: '' };

export interface StackOptions {
  /** Settings beside those that say where the engines are. */
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeFlags: readonly string[];
}

const SECRET = 'a-secret-for-benches-that-is-long-enough-for-hs256';
const DATABASE = 'sluice';
const S3_BUCKET = 'bench';

export async function startStack(options: StackOptions): Promise<Stack> {
  const workFolder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const stops: (() => Promise<unknown>)[] = [() => rm(workFolder, { recursive: true, force: true })];
  const stop = async () => {
    for (let next = stops.pop(); next !== undefined; next = stops.pop()) await next();
  };
  try {
    const postgresFolder = join(workFolder, 'postgres');
    const postgres = await startEmbeddedPostgres({ directory: postgresFolder, durable: true });
    stops.push(() => postgres.stop());
    await ensureDatabase(postgres.target, DATABASE);
    const store = await startMinio();
    if ('reason' in store) throw new Error(`there is no S3 server: ${store.reason}`);
    stops.push(() => store.stop());
    const gateway = await startGatewayProcess({
      packageRoot: packageRoot(),
      workFolder,
      env: { ...gatewayEnvironment(postgres, store), DATA_DIR: join(workFolder, 'data'), ...options.env },
      nodeFlags: options.nodeFlags,
    });
    stops.push(() => gateway.stop());
    const admin = new pg.Client({ ...postgres.target, database: DATABASE });
    await admin.connect();
    stops.push(() => admin.end());
    const pid = Number((await readFile(join(postgresFolder, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0]);
    const parts = partsOf({ gateway, store, admin, postgresPid: pid });
    const inPlaceOfGateway = (other: GatewayProcess): Bare => ({
      gateway: other,
      cpuMicros: () => ({ ...parts.cpuMicros(), gateway: cpuMicrosOf(other.pid) }),
    });
    const beside = async (env: Readonly<Record<string, string>>): Promise<Beside> => {
      const dataFolder = await mkdtemp(join(workFolder, 'beside-'));
      const second = await startGatewayProcess({
        packageRoot: packageRoot(),
        workFolder,
        env: { ...gatewayEnvironment(postgres, store), DATA_DIR: dataFolder, ...options.env, ...env },
        nodeFlags: options.nodeFlags,
      });
      stops.push(() => second.stop());
      return { blobsFolder: join(dataFolder, 'blobs'), ...inPlaceOfGateway(second) };
    };
    const bare = async () => {
      const storePort = new URL(store.endpoint).port;
      const server = await startBareServer({ storePort, databaseUrl: urlOf(postgres, 'postgres') });
      stops.push(() => server.stop());
      return inPlaceOfGateway(server);
    };
    return { gateway, store, workFolder, stop, beside, bare, ...parts };
  } catch (error) {
    await stop();
    throw error;
  }
}

function gatewayEnvironment(postgres: EmbeddedPostgres, store: S3Engine): Record<string, string> {
  return {
    DATABASE_URL: urlOf(postgres, 'sluice_gateway'),
    DATABASE_ADMIN_URL: urlOf(postgres, 'postgres'),
    S3_ENDPOINT: store.endpoint,
    S3_REGION: store.region,
    S3_ACCESS_KEY_ID: store.accessKeyId,
    S3_SECRET_ACCESS_KEY: store.secretAccessKey,
    S3_BUCKET,
    JWT_SECRET: SECRET,
  };
}

function urlOf({ target }: EmbeddedPostgres, user: string): string {
  return `postgresql://${user}@${encodeURIComponent(target.host)}:${target.port}/${DATABASE}`;
}

interface Engines {
  readonly gateway: GatewayProcess;
  readonly store: S3Engine;
  readonly admin: pg.Client;
  readonly postgresPid: number;
}

function partsOf({ gateway, store, admin, postgresPid }: Engines) {
  const storePid = childNamed('minio');
  const token = (claims: Record<string, unknown>) =>
    signToken(claims, { secret: SECRET, lifetimeSeconds: 86_400, clock: Date });
  const tokens = {
    service: token({ role: 'service_role' }),
    alice: token({ role: 'authenticated', sub: ALICE }),
  };
  const sql = async (text: string, values: unknown[] = []) => (await admin.query(text, values)).rows;
  return {
    presign: makePresign(store, S3_BUCKET),
    tokens,
    cpuMicros: (): Cpu => {
      const { user, system } = process.cpuUsage();
      return {
        gateway: cpuMicrosOf(gateway.pid),
        postgres: cpuMicrosOf(postgresPid),
        store: cpuMicrosOf(storePid),
        generator: user + system,
      };
    },
    sql,
    createBucket: async (id: string, visibility: 'public' | 'private') => {
      const reply = await fetch(`${gateway.url}/bucket`, {
        method: 'POST',
        headers: { authorization: `Bearer ${tokens.service}`, 'content-type': 'application/json' },
        body: JSON.stringify({ id, name: id, public: visibility === 'public' }),
      });
      if (!reply.ok) throw new Error(`the bucket ${id} was refused: ${await reply.text()}`);
    },
    keepPrivate: async (bucket: string) => {
      const text = await readFile(join(packageRoot(), 'policies', 'owner-only.sql'), 'utf8');
      const named = text.replaceAll("'my-bucket'", `'${bucket}'`).replaceAll('policy owner_only_', `policy ${bucket}_`);
      await sql(named);
    },
  };
}
