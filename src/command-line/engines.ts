/**
 * The engines under a gateway: Postgres (a server of one's own by URL, or the embedded one) brought to the state of this
 * version. Commands that only visit join the embedded server of a running gateway instead of starting a second.
 */
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { ConnectionTarget } from '../database/database.ts';
import { GATEWAY_ROLE } from '../database/gateway-role.ts';
import { ensureDatabase, type MigrationProgress, migrate } from '../database/migrate.ts';
import { runSql } from '../database/run-sql.ts';
import { type EmbeddedPostgresLog, startEmbeddedPostgres } from '../embedded/embedded-postgres.ts';
import { explainPostgres } from '../start-failure.ts';

export interface PostgresEngine {
  /** What a gateway connects with. */
  readonly target: ConnectionTarget;
  /** The administrator's way in. */
  readonly adminTarget: ConnectionTarget;
  /** In words, for the welcome. */
  readonly description: string;
  /** Tells worker processes where Postgres is. */
  readonly workerEnvironment: Readonly<Record<string, string>>;
  /** Files applied by this start, in order. */
  readonly applied: readonly string[];
  /** Stops the embedded server where this process holds it. */
  stop(): Promise<void>;
}

export interface EngineOptions {
  readonly config: Config;
  readonly packageRoot: string;
  readonly log: EmbeddedPostgresLog;
  /** `visit`: for short commands beside a running gateway. */
  readonly stay: 'hold' | 'visit';
  readonly onProgress?: MigrationProgress;
}

const DEFAULT_PORT = 5432;
/** The database inside the embedded server. */
const EMBEDDED_DATABASE = 'sluice';

/**
 * Resolves once Postgres is migrated, and answers the login of requests too where a gateway is to stay. Rejects with a
 * sentence that names the setting to look at.
 */
export async function startPostgresEngine(options: EngineOptions): Promise<PostgresEngine> {
  const { config, packageRoot, stay, onProgress } = options;
  const { url, adminUrl } = config.database;
  if (url === null) return startEmbeddedEngine(options);
  const target = { connectionString: url };
  const adminTarget = { connectionString: adminUrl ?? url };
  const isApart = adminUrl !== null && adminUrl !== url;
  const { applied } = await asLogin(isApart ? 'DATABASE_ADMIN_URL' : 'DATABASE_URL', adminUrl ?? url, () =>
    migrate(adminTarget, packageRoot, onProgress),
  );
  // Otherwise nobody would hear of a wrong password before the first request. Before a first migration it can have none.
  if (isApart && stay === 'hold') await asLogin('DATABASE_URL', url, () => runSql(target, 'select'));
  return {
    target,
    adminTarget,
    description: `Postgres at ${placeOf(url)}`,
    workerEnvironment: {},
    applied,
    stop: async () => {},
  };
}

async function asLogin<T>(setting: string, url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explainPostgres(error, { setting, place: placeOf(url) });
  }
}

/**
 * Where Postgres is, without login and password. A socket's folder may stand in the place of the host, or behind the
 * question mark, which counts where both are given.
 */
export function placeOf(url: string): string {
  const [, authority = '', query = ''] = /^[a-z]+:\/\/(?:[^@/]*@)?([^/?]*)[^?]*\??(.*)$/i.exec(url) ?? [];
  const [, host = '', port = ''] = /^(.*?)(?::(\d+))?$/.exec(authority) ?? [];
  const asked = new URLSearchParams(query);
  const place = asked.get('host') ?? decodeURIComponent(host);
  const number = asked.get('port') ?? port;
  if (place.startsWith('/')) return `the socket ${place}/.s.PGSQL.${number || DEFAULT_PORT}`;
  return place === '' ? 'the default host' : number === '' ? place : `${place}:${number}`;
}

async function startEmbeddedEngine({
  config,
  packageRoot,
  log,
  stay,
  onProgress,
}: EngineOptions): Promise<PostgresEngine> {
  const directory = join(config.dataDir, 'postgres');
  const postgres = await startEmbeddedPostgres({
    directory,
    packageRoot,
    log,
    whenInUse: stay === 'visit' ? 'join' : 'refuse',
  });
  try {
    await ensureDatabase(postgres.target, EMBEDDED_DATABASE);
    const admin = { ...postgres.target, database: EMBEDDED_DATABASE };
    const { applied } = await migrate(admin, packageRoot, onProgress);
    return {
      target: { ...admin, user: GATEWAY_ROLE },
      adminTarget: admin,
      description: `embedded Postgres ${postgres.version} in ${directory}`,
      workerEnvironment: { DATABASE_URL: postgres.url({ user: GATEWAY_ROLE, database: EMBEDDED_DATABASE }) },
      applied,
      stop: () => postgres.stop(),
    };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}
