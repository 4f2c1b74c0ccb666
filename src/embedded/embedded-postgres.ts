/**
 * A real Postgres of our own for a gateway that is given none: made on the first start, held by one gateway at a time,
 * started again when it dies, adopted when the gateway before was killed. Creating databases and migrating them is not
 * done here. The parts: server-user, installation, cluster-folder, socket-folder, running-server, server-process.
 */
import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { packageRoot } from '../package-root.ts';
import { prepareCluster } from './cluster-folder.ts';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { prepareInstallation } from './installation.ts';
import { type Hold, type Place, seize } from './seize-server.ts';
import { stopServer } from './server-process.ts';
import { chooseServerUser } from './server-user.ts';
import { prepareSocketFolder, SOCKET_PORT } from './socket-folder.ts';

/** The part of a logger that is used; winston's fits. */
export interface EmbeddedPostgresLog {
  info(message: string, fields?: object): unknown;
  warn(message: string, fields?: object): unknown;
  error(message: string, fields?: object): unknown;
}

const SILENT: EmbeddedPostgresLog = { info: () => {}, warn: () => {}, error: () => {} };

export interface EmbeddedPostgresOptions {
  /** Holds everything: the cluster, the server's log, links to libraries. Made when missing. */
  readonly directory: string;
  /** From where the package with the binaries is looked up; this package's own root unless given. */
  readonly packageRoot?: string;
  /** Where starts, waits and revivals are told; nowhere unless given. */
  readonly log?: EmbeddedPostgresLog;
  /** False gives up surviving a power cut, for tests. */
  readonly durable?: boolean;
  /** `join` shares the server with the gateway that holds it, for short commands beside a running gateway. */
  readonly whenInUse?: 'refuse' | 'join';
}

export interface EmbeddedPostgres {
  /** The superuser's way in, for migrations. Any other login of the cluster connects the same way. */
  readonly target: {
    readonly host: string;
    readonly port: number;
    readonly user: 'postgres';
    readonly database: 'postgres';
  };
  /** For example `18.4`. */
  readonly version: string;
  /** True when the server was found running, left behind by a gateway that was killed. */
  readonly adopted: boolean;
  /** False when another gateway holds the server and this one only joined it. */
  readonly held: boolean;
  /** A connection URL for a login and a database, to hand to other processes. Holds no password; there is none. */
  url(login: { readonly user: string; readonly database: string }): string;
  /** Fast shutdown; resolves when the server process is gone. A joined server is left running. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Resolves once Postgres answers, crash recovery included. Rejects with EmbeddedPostgresError, one sentence for the
 * operator: the folder is in use by another gateway, belongs to another user or version, the binaries do not run here.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const place = await preparePlace(options);
  const first = await seize(place, options.whenInUse ?? 'refuse');
  const keeper = keepAlive(place, first, options.log ?? SILENT);
  const host = first.socketFolder;
  return {
    target: { host, port: SOCKET_PORT, user: 'postgres', database: 'postgres' },
    version: place.cluster.installation.version,
    adopted: first.adopted,
    held: first.client !== null,
    url: ({ user, database }) =>
      `postgresql://${encodeURIComponent(user)}@/${encodeURIComponent(database)}?host=${encodeURIComponent(host)}&port=${SOCKET_PORT}`,
    stop: keeper.stop,
  };
}

async function preparePlace(options: EmbeddedPostgresOptions): Promise<Place> {
  const { directory, durable = true, log = SILENT } = options;
  await mkdir(directory, { recursive: true, mode: 0o755 }).catch(error => {
    throw new EmbeddedPostgresError(
      `The folder ${directory} cannot be made (${error.code}); set DATA_DIR to one that can.`,
      error,
    );
  });
  const home = await realpath(directory);
  const folder = join(home, 'cluster');
  const user = await chooseServerUser(folder);
  const installation = await prepareInstallation({
    directory: home,
    packageRoot: options.packageRoot ?? packageRoot(),
    user,
    onCopy: target =>
      log.info(
        `Postgres runs as ${user?.name ?? 'this user'} and cannot run from the package; it is copied to ${target}.`,
      ),
  });
  const cluster = { folder, user, installation };
  await prepareCluster(cluster, durable);
  const onLongWait = () => log.info('Waiting for the embedded Postgres, which is recovering, starting or stopping.');
  return { cluster, socket: await prepareSocketFolder(folder, user), durable, onLongWait };
}

interface Keeper {
  stop(): Promise<void>;
}

const LONGEST_PAUSE_MS = 30_000;

/** Watches the connection that holds the server; when it ends without our doing, the server is brought back. */
function keepAlive(place: Place, first: Hold, log: EmbeddedPostgresLog): Keeper {
  let hold: Hold | null = null;
  let revival: Promise<void> = Promise.resolve();
  let stopped: Promise<void> | null = null;
  const stopping = new AbortController();

  const watch = (seized: Hold): void => {
    hold = seized;
    seized.client?.once('end', () => {
      hold = null;
      if (!stopping.signal.aborted) revival = revive();
    });
  };

  const revive = async (): Promise<void> => {
    log.error('The embedded Postgres went away; it is started again.');
    for (let pauseMs = 100; !stopping.signal.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        watch(await seize(place, 'refuse'));
        log.warn('The embedded Postgres is back.');
        return;
      } catch (error) {
        log.error('The embedded Postgres cannot be started.', { error: String(error) });
        await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  };

  const stop = async (): Promise<void> => {
    stopping.abort();
    await revival;
    if (hold?.client == null) return;
    const { pid, client } = hold;
    // The hold is kept until the server cuts it, or a gateway that starts now would adopt a server that is stopping.
    await stopServer(pid);
    await client.end().catch(() => {});
  };

  watch(first);
  return {
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}
