/** A PgBouncer of one test, pooling by transaction in front of the test server, as large installations have it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionTarget } from '../../src/database/database.ts';
import { countRoundTrips } from './counting-proxies.ts';
import { findProgram } from './find-program.ts';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

export interface PgBouncer {
  /** The same database through the pooler, as the gateway's own login. */
  readonly target: ConnectionTarget;
  stop(): Promise<void>;
}

/** It refuses to run as root. */
const NOBODY = 65_534;

/** Where the program is; null where there is none. */
export function findPgBouncer(): string | null {
  return findProgram('pgbouncer', ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin']);
}

/** `serverConnections` is how many real connections all clients share. */
export async function startPgBouncer(
  binary: string,
  { server, serverConnections }: { server: ConnectionTarget; serverConnections: number },
): Promise<PgBouncer> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-pgbouncer-'));
  await chmod(folder, 0o755);
  const port = await freePort();
  // A bridge for the pooler, whose user may not enter the folder of the server's socket.
  const bridge = await countRoundTrips(server);
  const settings = join(folder, 'pgbouncer.ini');
  await writeFile(join(folder, 'users.txt'), '"sluice_gateway" ""\n');
  await writeFile(
    settings,
    `[databases]
${server.database} = host=127.0.0.1 port=${bridge.target.port} dbname=${server.database}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${join(folder, 'users.txt')}
pool_mode = transaction
default_pool_size = ${serverConnections}
`,
  );
  const asRoot = process.getuid?.() === 0;
  const child = spawn(binary, [settings], {
    stdio: 'ignore',
    ...(asRoot ? { uid: NOBODY, gid: NOBODY } : {}),
  });
  await until('PgBouncer that listens', () => answers(port, child));
  return {
    target: {
      host: '127.0.0.1',
      port,
      user: 'sluice_gateway',
      ...(server.database ? { database: server.database } : {}),
    },
    async stop() {
      const ended = new Promise(resolve => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      await bridge.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function answers(port: number, child: ChildProcess): Promise<boolean> {
  if (child.exitCode !== null) throw new Error(`PgBouncer ended with ${child.exitCode}`);
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
