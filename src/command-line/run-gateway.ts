/** Serving, in one process or in several: what `sluice serve` is made of. */
import cluster from 'node:cluster';
import { join } from 'node:path';
import { makeApp } from '../app.ts';
import type { Config } from '../config/config.ts';
import type { ConnectionTarget } from '../database/database.ts';
import { makeServiceKeys } from '../identity/service-keys.ts';
import type { Logger } from '../observe/logger.ts';
import { makeWorkerMetrics, offerToPrimary } from '../observe/metrics.ts';
import { killWorkers, startCluster } from './cluster.ts';
import { type PostgresEngine, startPostgresEngine } from './engines.ts';
import { giveHeapRoom, letYoungGenerationGrow } from './heap-room.ts';
import type { Output } from './output.ts';
import { makeServeCommand, type RunningGateway } from './serve-command.ts';
import { awaitShutdown } from './shutdown.ts';
import { gatewayUrl } from './welcome.ts';
import { askForMetrics, awaitDrain } from './worker-process.ts';

export interface GatewayParts {
  readonly config: () => Config;
  readonly packageRoot: string;
  readonly output: Output;
  readonly makeLog: (config: Config) => Logger;
}

const DRAIN_TIMEOUT_MS = 35_000;

/** The `serve` command of the primary, or of the only, process. */
export function makeServe({ config: readConfig, packageRoot, output, makeLog }: GatewayParts) {
  let postgres: PostgresEngine | null = null;
  let read: { config: Config; log: Logger } | null = null;
  const settings = () => {
    if (read === null) {
      const config = readConfig();
      read = { config, log: makeLog(config) };
    }
    return read;
  };
  return makeServeCommand({
    output,
    startEngines: async () => {
      const { config, log } = settings();
      for (const warning of config.warnings) log.warn(warning);
      postgres = await startPostgresEngine({ config, packageRoot, log, stay: 'hold' });
      return postgres;
    },
    startGateway: engines => {
      const { config, log } = settings();
      if (config.workers > 1) return startWorkers(config, log, engines.workerEnvironment);
      return startHere({ config, log, packageRoot, target: postgres?.target ?? {} });
    },
    welcome: port => {
      const { config } = settings();
      return {
        url: gatewayUrl({ ...config, port }),
        ...makeServiceKeys({ secret: config.jwt.secret, clock: Date }),
        database: postgres?.description ?? '',
        store: storeInWords(config),
      };
    },
    note: (message, fields) => settings().log.info(message, fields),
    awaitShutdown: () =>
      awaitShutdown(process, () => {
        killWorkers(cluster);
        process.exit(130);
      }),
  });
}

/** A worker process: serves until the primary says drain. */
export async function runWorker({ config: readConfig, packageRoot, makeLog }: GatewayParts): Promise<void> {
  const drain = awaitDrain(process);
  const config = readConfig();
  const target = { connectionString: config.database.url ?? '' };
  const gateway = await startHere({
    config,
    log: makeLog(config),
    packageRoot,
    target,
    renderAllMetrics: () => askForMetrics(process),
  });
  await drain;
  await gateway.stop();
  process.disconnect();
}

interface HereParts {
  readonly config: Config;
  readonly log: Logger;
  readonly packageRoot: string;
  readonly target: ConnectionTarget;
  readonly renderAllMetrics?: () => Promise<string>;
}

async function startHere({ target, ...parts }: HereParts): Promise<RunningGateway> {
  giveHeapRoom();
  const app = await makeApp({ ...parts, databaseTarget: target });
  if (cluster.isWorker) offerToPrimary(app.metrics);
  try {
    const port = await app.start();
    letYoungGenerationGrow();
    return { port, stop: app.stop };
  } catch (error) {
    await app.stop();
    throw error;
  }
}

function startWorkers(
  config: Config,
  log: Logger,
  environment: Readonly<Record<string, string>>,
): Promise<RunningGateway> {
  return startCluster({
    cluster,
    workers: config.workers,
    environment,
    aggregateMetrics: makeWorkerMetrics(),
    onWorkerDeath: death => log.error('a worker process died and is replaced', { ...death }),
    drainTimeoutMs: DRAIN_TIMEOUT_MS,
  });
}

function storeInWords({ s3, dataDir }: Config): string {
  if (s3 === null) return join(dataDir, 'blobs');
  return `S3 bucket ${s3.bucket} at ${s3.endpoint ?? `AWS, ${s3.region}`}`;
}
