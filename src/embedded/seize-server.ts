/**
 * Gets hold of the one server of a cluster, whatever state it is in: adopts it when it runs unheld, starts it when it
 * does not run, waits while it recovers or stops, and says so when another gateway has it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { Cluster } from './cluster-folder.ts';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { knock, readPidFile, removeForeignPidFile, takeHold } from './running-server.ts';
import { type LaunchedServer, launchServer } from './server-process.ts';
import type { SocketFolder } from './socket-folder.ts';

export interface Place {
  readonly cluster: Cluster;
  readonly socket: SocketFolder;
  readonly durable: boolean;
  /** Told once when a start takes long, so that nobody takes recovery for a hang. */
  readonly onLongWait: () => void;
}

export interface Hold {
  /** The connection that holds the server; null when another gateway holds it and we have joined. */
  readonly client: pg.Client | null;
  readonly pid: number;
  readonly socketFolder: string;
  readonly adopted: boolean;
}

/** How long each obstacle may last before it is told to the operator. */
const PATIENCE_MS = {
  /** A gateway that was just killed loses its hold when the kernel has closed its socket. */
  held: 2_000,
  /** Orphans of a killed server end by themselves; a rival start ends in a running server. */
  rival: 20_000,
  /** A process that has the pid file and does not answer. */
  silent: 30_000,
  /** Crash recovery reads at most `max_wal_size`. */
  busy: 600_000,
};

const POLL_MS = 15;
const LONG_WAIT_MS = 5_000;

/** Resolves once the server answers and is held, or joined. Rejects with EmbeddedPostgresError. */
export async function seize(place: Place, whenInUse: 'refuse' | 'join'): Promise<Hold> {
  const began = Date.now();
  const isPast = (limitMs: number): boolean => Date.now() - began > limitMs;
  const { folder } = place.cluster;
  let launched: LaunchedServer | null = null;
  let isWaitTold = false;
  for (;;) {
    if (!isWaitTold && isPast(LONG_WAIT_MS)) {
      isWaitTold = true;
      place.onLongWait();
    }
    if (launched?.hasEnded()) {
      const words = await launched.ended;
      if (!isRival(words) || isPast(PATIENCE_MS.rival)) throw new EmbeddedPostgresError(startFailure(folder, words));
      launched = null;
    }
    const pidFile = await readPidFile(folder);
    const socketFolder = pidFile?.socketFolder ?? null;
    const answer = socketFolder === null ? null : await knock(folder, socketFolder);
    if (answer?.state === 'open' && pidFile !== null && socketFolder !== null) {
      const found = { pid: pidFile.pid, socketFolder, adopted: pidFile.pid !== launched?.pid };
      const hold = await holdOrJoin(answer.client, found, { folder, whenInUse });
      if (hold !== null) return hold;
    } else if (launched === null && answer?.state !== 'busy') {
      if (pidFile === null || !(await isServerAlive(folder, pidFile.pid))) launched = await launchServer(place);
      else if (isPast(PATIENCE_MS.silent)) throw new EmbeddedPostgresError(silence(folder, pidFile.pid));
    }
    if (isPast(PATIENCE_MS.busy)) throw new EmbeddedPostgresError(silence(folder, pidFile?.pid ?? 0));
    await delay(POLL_MS);
  }
}

/** Null when the server went away meanwhile. Ends the client unless it holds. */
async function holdOrJoin(
  client: pg.Client,
  found: Omit<Hold, 'client'>,
  { folder, whenInUse }: { folder: string; whenInUse: 'refuse' | 'join' },
): Promise<Hold | null> {
  const began = Date.now();
  try {
    let holder = await takeHold(client);
    while (holder !== null && whenInUse === 'refuse' && Date.now() - began < PATIENCE_MS.held) {
      await delay(POLL_MS);
      holder = await takeHold(client);
    }
    if (holder === null) return { ...found, client };
    await client.end();
    if (whenInUse === 'join') return { ...found, client: null, adopted: false };
    throw new EmbeddedPostgresError(`The database in ${folder} is in use by another gateway (${holder}).`);
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw error;
    await client.end().catch(() => {});
    return null;
  }
}

/** A process that we may not even signal is not our server: that one runs as our user, or we are root. */
async function isServerAlive(folder: string, pid: number): Promise<boolean> {
  await removeForeignPidFile(folder, pid);
  try {
    return (await readPidFile(folder)) !== null && process.kill(pid, 0);
  } catch {
    return false;
  }
}

function isRival(words: string): boolean {
  return /lock file ".*" already exists|pre-existing shared memory block/.test(words);
}

function startFailure(folder: string, words: string): string {
  const reason = words.split('\n').findLast(line => /FATAL|PANIC/.test(line)) ?? words.trim().split('\n').at(-1) ?? '';
  return `Postgres cannot be started in ${folder}: ${reason.replace(/^.*?(FATAL|PANIC):\s*/, '') || 'it ended without a word'}`;
}

function silence(folder: string, pid: number): string {
  return `Process ${pid} holds the database in ${folder} and does not answer; wait for it to end, or end it.`;
}
