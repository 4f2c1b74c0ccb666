/**
 * A whole gateway on a free port, on a database of its own, over the file driver or a real S3 server. Every reply that
 * passes through `call` is checked against openapi.yaml.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, makeApp } from '../../src/app.ts';
import type { BlobStore } from '../../src/blobs/blob-store.ts';
import type { Config } from '../../src/config/config.ts';
import { readConfig } from '../../src/config/read-config.ts';
import type { ConnectionTarget, Database } from '../../src/database/database.ts';
import { signToken } from '../../src/identity/sign-token.ts';
import { type Logger, makeLogger } from '../../src/observe/logger.ts';
import { cloneTestDatabase, type TestDatabase } from './test-database.ts';

export const PACKAGE_ROOT = join(__dirname, '..', '..');
export const JWT_SECRET = 'a-secret-for-tests-that-is-long-enough-for-hs256';

export type StoreKind = 'file' | 's3';

export interface GatewayOptions {
  readonly store?: StoreKind;
  readonly env?: Readonly<Record<string, string>>;
  readonly wrapStore?: (store: BlobStore) => BlobStore;
  readonly wrapDatabase?: (database: Database) => Database;
  /** For tests that make errors on purpose; lines of level error are printed unless given. */
  readonly log?: Logger;
  /** A database that the test made and drops itself. */
  readonly database?: TestDatabase;
  /** For tests that stand between the gateway and Postgres. */
  readonly wrapTarget?: (target: ConnectionTarget) => ConnectionTarget;
  /** Shares another gateway's database and store, as a second process would. */
  readonly beside?: Gateway;
}

export interface Gateway {
  readonly url: string;
  readonly app: App;
  readonly db: TestDatabase;
  readonly config: Config;
  /** Where the file driver keeps its bytes. */
  readonly dataDir: string;
  stop(): Promise<void>;
}

/** Takes everything and writes nothing. */
export const SILENT_LOG: Logger = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

/** Whether the global set-up found an S3 server. */
export const HAS_S3 = process.env.TEST_S3_ENDPOINT !== undefined;

/** The stores that are there to test on. */
export const STORES: readonly StoreKind[] = HAS_S3 ? ['file', 's3'] : ['file'];

export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const { beside } = options;
  const db = beside?.db ?? options.database ?? (await cloneTestDatabase());
  const dataDir = beside?.dataDir ?? (await mkdtemp(join(tmpdir(), 'sluice-gateway-')));
  const store = options.store ?? 'file';
  const bucket = beside?.config.s3?.bucket ?? `test-${randomBytes(6).toString('hex')}`;
  const config = readConfig(
    {
      DATA_DIR: dataDir,
      PORT: '0',
      JWT_SECRET,
      SWEEP_INTERVAL: '1h',
      SWEEP_GRACE: '0s',
      // Else it would depend on what went before whether an upload is asked for first, and what the ledger holds.
      UPLOADS_AHEAD: '0',
      ...s3Environment(store, bucket),
      ...options.env,
    },
    { readFile: () => '', generatedSecret: () => JWT_SECRET },
  );
  const app = await makeApp({
    config,
    databaseTarget: options.wrapTarget?.(db.target) ?? db.target,
    packageRoot: PACKAGE_ROOT,
    log: options.log ?? makeLogger({ level: 'error' }),
    shutdownTimeoutMs: 2_000,
    ...(options.wrapStore === undefined ? {} : { wrapStore: options.wrapStore }),
    ...(options.wrapDatabase === undefined ? {} : { wrapDatabase: options.wrapDatabase }),
  });
  const port = await app.start();
  return {
    url: `http://127.0.0.1:${port}`,
    app,
    db,
    config,
    dataDir,
    async stop() {
      await app.stop();
      if (beside !== undefined) return;
      if (options.database === undefined) await db.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function s3Environment(store: StoreKind, bucket: string): Record<string, string> {
  if (store === 'file') return {};
  const { TEST_S3_ENDPOINT, TEST_S3_REGION, TEST_S3_ACCESS_KEY_ID, TEST_S3_SECRET_ACCESS_KEY } = process.env;
  return {
    S3_ENDPOINT: TEST_S3_ENDPOINT ?? '',
    S3_REGION: TEST_S3_REGION ?? 'us-east-1',
    S3_ACCESS_KEY_ID: TEST_S3_ACCESS_KEY_ID ?? '',
    S3_SECRET_ACCESS_KEY: TEST_S3_SECRET_ACCESS_KEY ?? '',
    S3_BUCKET: bucket,
    S3_FORCE_PATH_STYLE: 'true',
  };
}

/** A login as tests speak of them. */
export function tokenFor(role: string, sub?: string, claims: Record<string, unknown> = {}): string {
  const payload = { role, ...(sub === undefined ? {} : { sub }), ...claims };
  return signToken(payload, { secret: JWT_SECRET, lifetimeSeconds: 3600, clock: Date });
}

export const SERVICE_TOKEN = tokenFor('service_role');
export const ANON_TOKEN = tokenFor('anon');

/** The text of openapi.yaml. */
export function readContractText(): Promise<string> {
  return readFile(join(PACKAGE_ROOT, 'openapi.yaml'), 'utf8');
}
