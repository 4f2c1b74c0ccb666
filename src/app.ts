/**
 * The composition root: builds every part of one gateway, once, and ties them together. No logic of its own. Two apps in
 * one process do not know of each other.
 */

import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BlobStore } from './blobs/blob-store.ts';
import { makeCachingStore } from './blobs/caching-store.ts';
import { makeFileStore } from './blobs/file-store.ts';
import { makeMeasuredStore } from './blobs/measured-store.ts';
import type { Config } from './config/config.ts';
import { bindRoutes } from './contract/bind-routes.ts';
import { loadContract } from './contract/contract.ts';
import { type ConnectionTarget, type Database, makeDatabase } from './database/database.ts';
import { makeAccessLog } from './http/access-log.ts';
import { makeCors } from './http/cors.ts';
import { drain } from './http/drain.ts';
import { type ExpressApp, HEADERS_TIMEOUT_MS, makeExpressApp } from './http/express-app.ts';
import { assignRequestId } from './http/request-id.ts';
import { type Accounts, makeAccounts } from './identity/accounts.ts';
import { makeFilePasswords } from './identity/file-passwords.ts';
import { makeLinks } from './identity/links.ts';
import { makePasswords, type Passwords } from './identity/passwords.ts';
import { makePathTokens } from './identity/path-tokens.ts';
import { parseSigningKeys, type SigningKeys } from './identity/signing-keys.ts';
import { makeTokenVerifier } from './identity/token-verifier.ts';
import type { Logger } from './observe/logger.ts';
import { type Metrics, makeMetrics } from './observe/metrics.ts';
import type { Core } from './operations/core.ts';
import { makePromptUploads } from './operations/prompt-uploads.ts';
import { explainListening, explainStore } from './start-failure.ts';
import { makeBulgurSurface } from './surfaces/bulgur/index.ts';
import { makeCumulonimbusSurface } from './surfaces/cumulonimbus/index.ts';
import { makeServiceSurface } from './surfaces/service/index.ts';
import { makeSpacedogSurface } from './surfaces/spacedog/index.ts';
import { makeSupabaseSurface } from './surfaces/supabase/index.ts';
import { makeZiplineSurface } from './surfaces/zipline/index.ts';
import { makeSweeper, type Sweeper } from './sweeper/sweeper.ts';

export interface AppParts {
  readonly config: Config;
  readonly databaseTarget: ConnectionTarget;
  readonly packageRoot: string;
  readonly log: Logger;
  /** Metrics of all processes together; of this one unless given. */
  readonly renderAllMetrics?: () => Promise<string>;
  /** For tests: wraps the store, or puts another in its place. */
  readonly wrapStore?: (store: BlobStore) => BlobStore;
  /** For tests: wraps the database. */
  readonly wrapDatabase?: (database: Database) => Database;
  readonly shutdownTimeoutMs?: number;
}

export interface App {
  readonly core: Core;
  readonly accounts: Accounts;
  readonly sweeper: Sweeper;
  readonly metrics: Metrics;
  /** Makes the store ready and listens; resolves with the port. Called once; rejects when `stop` comes before it listens. */
  start(): Promise<number>;
  /** Drains, stops the sweeper and closes every connection. Safe to call twice. */
  stop(): Promise<void>;
}

const SHUTDOWN_TIMEOUT_MS = 30_000;
/** Half of the threads that Node has for such work, so that files are still read meanwhile. */
const PASSWORDS_AT_ONCE = 2;

/** Builds everything; nothing listens, sweeps or connects before `start`. */
export async function makeApp(parts: AppParts): Promise<App> {
  const metrics = makeMetrics();
  const core = await composeCore(parts, metrics);
  const keys = parseSigningKeys(parts.config.jwt);
  const passwords = makePasswords({ maxAtOnce: PASSWORDS_AT_ONCE });
  const accounts = makeAccounts({
    database: core.database,
    passwords,
    keys,
    clock: Date,
    loginLimit: core.rateLimits.login,
  });
  const sweeper = composeSweeper(parts, core, metrics);
  const { server, connections } = await composeHttp(parts, { core, keys, passwords, accounts, metrics });
  metrics.watch({ pool: core.database.gauges, ledger: sweeper.counts, requests: () => connections.busyCount });

  let starting: Promise<number> | null = null;
  let stopping: Promise<void> | null = null;

  async function start(): Promise<number> {
    await core.blobs.prepare().catch((error: unknown) => {
      throw explainStore(error, parts.config.s3);
    });
    if (stopping !== null) throw new Error('the gateway was stopped before it had started');
    await listen(server, parts.config);
    sweeper.start();
    return (server.address() as AddressInfo).port;
  }

  async function stop(): Promise<void> {
    const timeoutMs = parts.shutdownTimeoutMs ?? SHUTDOWN_TIMEOUT_MS;
    // What is about to listen is stopped once it does; what still waits for its store never will.
    await Promise.race([starting?.catch(() => {}), delay(timeoutMs, null, { ref: false })]);
    // Together, and within one time: a sweep that waits for a slow store must not keep the gateway taking requests, nor
    // alive. What it has claimed is another sweeper's in seconds.
    const [, wasOrderly] = await Promise.all([
      Promise.race([sweeper.stop(), delay(timeoutMs, null, { ref: false })]),
      server.listening ? drain(server, connections, timeoutMs) : true,
    ]);
    if (!wasOrderly) parts.log.warn('requests were cut off: they took longer than a stop waits', { timeoutMs });
    await Promise.all([core.database.close(), core.blobs.close()]);
  }

  return {
    core,
    accounts,
    sweeper,
    metrics,
    start: () => {
      starting = start();
      return starting;
    },
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

async function composeCore(parts: AppParts, metrics: Metrics): Promise<Core> {
  const { config, databaseTarget, wrapDatabase = unwrapped => unwrapped, wrapStore = store => store } = parts;
  const database = wrapDatabase(
    makeDatabase({
      target: databaseTarget,
      poolSize: config.database.poolSize,
      prepare: config.database.prepare,
      statementTimeoutMs: config.database.timeoutMs,
      observe: metrics.observeBatch,
    }),
  );
  const now = () => new Date();
  return {
    database,
    blobs: makeCachingStore(makeMeasuredStore(wrapStore(await makeStore(config)), metrics.observeBlobCall), {
      maxBytes: config.blobCacheBytes,
      onRead: metrics.observeWholeRead,
    }),
    maxUploadSizeBytes: config.maxUploadSizeBytes,
    uploadLeaseMs: config.uploadLeaseMs,
    promptUploads: makePromptUploads({
      database,
      leaseMs: config.uploadLeaseMs,
      versionsAtOnce: config.uploadsAhead,
      now,
    }),
    rateLimits: config.rateLimits,
    proxyPrefix: config.proxyPrefix,
    now,
  };
}

function composeSweeper({ config, log }: AppParts, { database, blobs }: Core, metrics: Metrics): Sweeper {
  return makeSweeper({
    database,
    blobs,
    intervalMs: config.sweepIntervalMs,
    graceMs: config.sweepGraceMs,
    onRun: run => {
      metrics.observeSweep(run);
      log[run.error === null ? 'info' : 'warn']('swept', { ...run });
    },
  });
}

interface HttpParts {
  readonly core: Core;
  readonly keys: SigningKeys;
  readonly passwords: Passwords;
  readonly accounts: Accounts;
  readonly metrics: Metrics;
}

async function composeHttp(parts: AppParts, http: HttpParts): Promise<ExpressApp> {
  const { core, keys, passwords, accounts, metrics } = http;
  const { config, log, packageRoot } = parts;
  const contract = loadContract(await readContract(packageRoot));
  const built = makeExpressApp({
    trustProxy: config.trustProxy,
    idleTimeoutMs: config.clientTimeoutMs,
    onBadRequest: request => log.info('request that is not valid HTTP', request),
    headersTimeoutMs: Math.min(config.clientTimeoutMs, HEADERS_TIMEOUT_MS),
  });
  const verifier = makeTokenVerifier({ keys, roles: config.database.roles, clock: Date });
  const checkPassword = makeFilePasswords({
    database: core.database,
    passwords,
    clock: Date,
    limit: core.rateLimits['file-password'],
  });
  const zipline = makeZiplineSurface({ core, verifier, checkPassword });
  const spacedog = makeSpacedogSurface({
    core,
    verifier,
    authenticateBasic: accounts.authenticateBasic,
    backendDomain: config.backendDomain,
    publicUrl: config.publicUrl,
  });
  const bulgur = makeBulgurSurface({
    core,
    verifier,
    pathTokens: makePathTokens({ keys, clock: Date, lifetimeMs: config.pathTokenLifetimeMs }),
    accounts,
  });
  const cumulonimbus = makeCumulonimbusSurface({
    core,
    verifier,
    accounts,
    passwords,
    publicUrl: config.publicUrl,
    staffSecondFactor: config.staffSecondFactor,
    log,
  });
  const supabase = makeSupabaseSurface({
    core,
    verifier,
    links: makeLinks({ keys, clock: Date }),
    strictHttpStatus: config.strictHttpStatus,
  });
  const service = makeServiceSurface({
    contract,
    database: core.database,
    blobs: core.blobs,
    version: contract.document.info.version,
    renderMetrics: parts.renderAllMetrics ?? metrics.render,
  });
  const router = built.app;
  router.use((req, res, next) => {
    assignRequestId(req, res);
    next();
  });
  router.use(makeAccessLog({ log, onRequest: metrics.observeRequest }));
  router.use(makeCors(config.corsOrigins));
  bindRoutes({ contract, router, ...service, mounts: [''], onUnknown: (_req, _res, next) => next() });
  bindRoutes({ contract, router, ...zipline, mounts: [''] });
  bindRoutes({ contract, router, ...spacedog, mounts: [''] });
  bindRoutes({ contract, router, ...bulgur, mounts: [''] });
  bindRoutes({ contract, router, ...cumulonimbus, mounts: [''] });
  bindRoutes({ contract, router, ...supabase, mounts: ['', '/storage/v1'] });
  return built;
}

/** The JSON beside the built program, else the YAML it is made of. */
async function readContract(packageRoot: string): Promise<string> {
  try {
    return await readFile(new URL('openapi.json', import.meta.url), 'utf8');
  } catch {
    return readFile(join(packageRoot, 'openapi.yaml'), 'utf8');
  }
}

function listen(server: Server, { host, port }: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', error => reject(explainListening(error, { host, port })));
    server.listen(port, host, resolve);
  });
}

/** The largest object that S3 takes in one PUT (S3 User Guide, "Uploading objects"). */
const S3_PUT_MAX_BYTES = 5 * 1024 ** 3;

/**
 * The SDK is loaded only where S3 is used. A declared length up to what S3 takes is one streamed PUT, which holds nothing;
 * parts are for longer bodies and for those whose length nobody knows.
 */
async function makeStore(config: Config): Promise<BlobStore> {
  if (config.s3 === null) return makeFileStore({ root: join(config.dataDir, 'blobs') });
  const [{ makeS3Store }, { s3TimeoutsWithin }] = await Promise.all([
    import('./blobs/s3-store.ts'),
    import('./blobs/s3-settings.ts'),
  ]);
  return makeS3Store({
    ...config.s3,
    timeouts: s3TimeoutsWithin(config.s3.timeoutMs),
    maxObjectSizeBytes: config.maxUploadSizeBytes,
    singlePutMaxBytes: S3_PUT_MAX_BYTES,
  });
}
