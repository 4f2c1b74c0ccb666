/**
 * The composition root: builds every part of one gateway, once, and ties them together. No logic of its own. Two apps in
 * one process do not know of each other.
 */

import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { BlobStore } from './blobs/blob-store.ts';
import { makeFileStore } from './blobs/file-store.ts';
import { makeMeasuredStore } from './blobs/measured-store.ts';
import type { Config } from './config/config.ts';
import { bindRoutes, type RouteBinding } from './contract/bind-routes.ts';
import { loadContract } from './contract/contract.ts';
import { type ConnectionTarget, type Database, makeDatabase } from './database/database.ts';
import { makeAccessLog } from './http/access-log.ts';
import { makeCors } from './http/cors.ts';
import { drain } from './http/drain.ts';
import { makeExpressApp } from './http/express-app.ts';
import { assignRequestId } from './http/request-id.ts';
import { makeLinks } from './identity/links.ts';
import { parseSigningKeys } from './identity/signing-keys.ts';
import { makeTokenVerifier } from './identity/token-verifier.ts';
import type { Logger } from './observe/logger.ts';
import { type Metrics, makeMetrics } from './observe/metrics.ts';
import type { Core } from './operations/core.ts';
import { makeServiceSurface } from './surfaces/service/index.ts';
import { makeSupabaseSurface } from './surfaces/supabase/index.ts';
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
  readonly sweeper: Sweeper;
  readonly metrics: Metrics;
  /** Makes the store ready and listens; resolves with the port. */
  start(): Promise<number>;
  /** Drains, stops the sweeper and closes every connection. Safe to call twice. */
  stop(): Promise<void>;
}

const SHUTDOWN_TIMEOUT_MS = 30_000;

export async function makeApp(parts: AppParts): Promise<App> {
  const { config, log, packageRoot } = parts;
  const contract = loadContract(await readFile(join(packageRoot, 'openapi.yaml'), 'utf8'));
  const metrics = makeMetrics();
  const database = (parts.wrapDatabase ?? (wrapped => wrapped))(
    makeDatabase({
      target: parts.databaseTarget,
      poolSize: config.database.poolSize,
      prepare: config.database.prepare,
      observe: metrics.observeBatch,
    }),
  );
  const blobs = makeMeasuredStore(
    (parts.wrapStore ?? (store => store))(await makeStore(config)),
    metrics.observeBlobCall,
  );
  const core: Core = {
    database,
    blobs,
    maxUploadSizeBytes: config.maxUploadSizeBytes,
    uploadLeaseMs: config.uploadLeaseMs,
    now: () => new Date(),
  };
  const sweeper = makeSweeper({
    database,
    blobs,
    intervalMs: config.sweepIntervalMs,
    graceMs: config.sweepGraceMs,
    onRun: run => {
      metrics.observeSweep(run);
      log[run.error === null ? 'info' : 'warn']('swept', { ...run });
    },
  });

  const { app, server, connections } = makeExpressApp({ trustProxy: config.trustProxy });
  metrics.watch({ pool: database.gauges, ledger: sweeper.counts, requests: () => connections.busyCount });
  const keys = parseSigningKeys(config.jwt);
  const supabase = makeSupabaseSurface({
    core,
    verifier: makeTokenVerifier({ keys, roles: config.database.roles, clock: Date }),
    links: makeLinks({ keys, clock: Date }),
    strictHttpStatus: config.strictHttpStatus,
  });
  const service = makeServiceSurface({
    contract,
    database,
    blobs,
    version: contract.document.info.version,
    renderMetrics: parts.renderAllMetrics ?? metrics.render,
  });

  app.use((req, res, next) => {
    assignRequestId(req, res);
    next();
  });
  app.use(makeAccessLog({ log, onRequest: metrics.observeRequest }));
  app.use(makeCors(config.corsOrigins));
  const bind = (binding: Pick<RouteBinding, 'tag' | 'handlers' | 'onError' | 'onUnknown' | 'mounts'>) =>
    bindRoutes({ contract, router: app, ...binding });
  bind({ ...service, mounts: [''], onUnknown: (_req, _res, next) => next() });
  bind({ ...supabase, mounts: ['', '/storage/v1'] });

  let stopping: Promise<void> | null = null;
  async function stop(): Promise<void> {
    await sweeper.stop();
    if (server.listening) await drain(server, connections, parts.shutdownTimeoutMs ?? SHUTDOWN_TIMEOUT_MS);
    await Promise.all([database.close(), blobs.close()]);
  }

  return {
    core,
    sweeper,
    metrics,
    async start() {
      await blobs.prepare();
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(config.port, config.host, resolve);
      });
      sweeper.start();
      return (server.address() as AddressInfo).port;
    },
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** The largest object that S3 takes in one PUT (S3 User Guide, "Uploading objects"). */
const S3_PUT_MAX_BYTES = 5 * 1024 ** 3;

/**
 * The SDK is loaded only where S3 is used. A declared length up to what S3 takes is one streamed PUT, which holds nothing;
 * parts are for longer bodies and for those whose length nobody knows.
 */
async function makeStore(config: Config): Promise<BlobStore> {
  if (config.s3 === null) return makeFileStore({ root: join(config.dataDir, 'blobs') });
  const { makeS3Store } = await import('./blobs/s3-store.ts');
  return makeS3Store({
    ...config.s3,
    maxObjectSizeBytes: config.maxUploadSizeBytes,
    singlePutMaxBytes: S3_PUT_MAX_BYTES,
  });
}
