/**
 * Starts and stops the server process. It runs in a session of its own, so that Ctrl-C in a terminal reaches the gateway
 * alone, which then stops it in order; and it outlives a gateway that is killed, for the next one to adopt.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { open, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Cluster, isAlive, reachableName, writeAccessRules } from './cluster-folder.ts';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { asUser } from './server-user.ts';
import type { SocketFolder } from './socket-folder.ts';

export interface LaunchOptions {
  readonly cluster: Cluster;
  readonly socket: SocketFolder;
  /** False gives up surviving a power cut, for tests. */
  readonly durable: boolean;
}

/** A launched server. `ended` resolves, with the last words of its log, when the process ends for whatever reason. */
export interface LaunchedServer {
  readonly pid: number;
  readonly hasEnded: () => boolean;
  readonly ended: Promise<string>;
}

const LARGEST_LOG_BYTES = 1024 * 1024;

/** Starts the process; it is not ready yet. Rejects with one sentence when it cannot even be spawned. */
export async function launchServer(options: LaunchOptions): Promise<LaunchedServer> {
  const { folder, user, installation } = options.cluster;
  await writeAccessRules(options.cluster);
  const logPath = join(dirname(folder), 'postgres.log');
  const logSizeBytes = await stat(logPath).then(
    found => found.size,
    () => 0,
  );
  if (logSizeBytes > LARGEST_LOG_BYTES) await rename(logPath, `${logPath}.1`);
  const log = await open(logPath, 'a', 0o600);
  try {
    const start = (await log.stat()).size;
    const child = spawn(installation.postgres, ['-D', await reachableName(options.cluster), ...settings(options)], {
      ...asUser(user),
      cwd: folder,
      env: installation.env,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    const ended = waitForEnd(child).then(() => readLastWords(logPath, start));
    if (child.pid === undefined) throw new EmbeddedPostgresError(`Postgres cannot be started: ${await ended}`);
    return { pid: child.pid, ended, hasEnded: () => child.exitCode !== null || child.signalCode !== null };
  } finally {
    await log.close();
  }
}

/** Postgres's own emergency exit: nothing acknowledged is lost, the next start recovers. What it waits for ends in seconds. */
const LONGEST_EMERGENCY_MS = 10_000;

/**
 * A fast shutdown: clients are cut off, everything is written, the process ends. Past `timeoutMs` an immediate one, and
 * where even that does nothing the kernel ends it. Resolves within some 20 s more, whatever the process does.
 */
export async function stopServer(pid: number, timeoutMs = 60_000): Promise<void> {
  const emergencyMs = Math.min(timeoutMs, LONGEST_EMERGENCY_MS);
  for (const [name, waitMs] of [
    ['SIGINT', timeoutMs],
    ['SIGQUIT', emergencyMs],
    ['SIGKILL', emergencyMs],
  ] as const) {
    if (!signal(pid, name) || (await hasEndedWithin(pid, waitMs))) return;
  }
}

async function hasEndedWithin(pid: number, waitMs: number): Promise<boolean> {
  for (const deadline = Date.now() + waitMs; Date.now() <= deadline; await delay(10)) {
    if (!isAlive(pid)) return true;
  }
  return false;
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

function waitForEnd(child: ChildProcess): Promise<void> {
  return new Promise(resolve => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}

/** What the server said since it was launched, for error messages. */
async function readLastWords(path: string, from: number): Promise<string> {
  const handle = await open(path, 'r').catch(() => null);
  if (handle === null) return '';
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(16_384), 0, 16_384, from);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

function settings({ socket, durable }: LaunchOptions): string[] {
  const values: Record<string, string> = {
    listen_addresses: '',
    unix_socket_directories: socket.serverName,
    unix_socket_permissions: '0700',
    max_connections: '200',
    shared_buffers: '64MB',
    huge_pages: 'off',
    jit: 'off',
    max_wal_size: '512MB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Refused statements are everyday business here, and their text may carry claims: neither belongs into the log.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_checkpoints: 'off',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
