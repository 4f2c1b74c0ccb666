/**
 * What can be known of a Postgres that may or may not be running on a cluster: its pid file, whether it answers, whether
 * it is the server of this very folder, and whether a gateway holds it.
 */
import { open, readFile, rm, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import pg from 'pg';
import { isAlive } from './cluster-folder.ts';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { SOCKET_PORT } from './socket-folder.ts';

export interface PidFile {
  readonly pid: number;
  /** The folder of the socket, as clients reach it; null while the server has not written it yet. */
  readonly socketFolder: string | null;
}

/** Reads postmaster.pid; null when there is none, or none that makes sense. */
export async function readPidFile(clusterFolder: string): Promise<PidFile | null> {
  const text = await readFile(join(clusterFolder, 'postmaster.pid'), 'utf8').catch(() => null);
  const lines = text?.split('\n') ?? [];
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return null;
  const socket = lines[4] ?? '';
  return { pid, socketFolder: socket === '' ? null : isAbsolute(socket) ? socket : join(clusterFolder, socket) };
}

/**
 * Removes a pid file whose process id now belongs to some other program (after a reboot, or in a new container), which
 * Postgres would take for a rival. The file of a dead process is left to Postgres. Where it cannot be known, nothing
 * is removed.
 */
export async function removeForeignPidFile(clusterFolder: string, pid: number): Promise<void> {
  if (process.platform !== 'linux' || !isAlive(pid)) return;
  // A server works inside its cluster; whoever works elsewhere is not one.
  const [theirs, ours] = [await stat(`/proc/${pid}/cwd`).catch(() => null), await stat(clusterFolder)];
  if (theirs === null || (theirs.dev === ours.dev && theirs.ino === ours.ino)) return;
  await rm(join(clusterFolder, 'postmaster.pid'), { force: true });
}

/** What a knock at the socket brought: a connection, "wait" (starting or stopping), or nobody there. */
export type Answer = { readonly state: 'open'; readonly client: pg.Client } | { readonly state: 'busy' | 'absent' };

/**
 * Connects as the superuser. Rejects with one sentence when a server answers that is not the one of this folder or will
 * not let us in. The caller ends the client.
 */
export async function knock(clusterFolder: string, socketFolder: string): Promise<Answer> {
  const client = new pg.Client({
    host: socketFolder,
    port: SOCKET_PORT,
    user: 'postgres',
    database: 'postgres',
    connectionTimeoutMillis: 5_000,
    application_name: `sluice process ${process.pid}`,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query('select system_identifier::text as id from pg_control_system()');
    if (rows[0]?.id === (await readSystemIdentifier(clusterFolder))) return { state: 'open', client };
  } catch (error) {
    await client.end().catch(() => {});
    const code = (error as { code?: string }).code ?? '';
    if (['ENOENT', 'ECONNREFUSED', 'ENOTSOCK'].includes(code)) return { state: 'absent' };
    if (code === '28000') {
      throw new EmbeddedPostgresError(
        `The Postgres of ${clusterFolder} was started by another user and does not let this one in.`,
        error,
      );
    }
    // 57P03 starting or stopping, 57P01 stopped meanwhile, a reset, a time-out: ask again.
    return { state: 'busy' };
  }
  await client.end();
  throw new EmbeddedPostgresError(`A Postgres answers at ${socketFolder}, but it is not the one of ${clusterFolder}.`);
}

/** The first eight bytes of pg_control identify a cluster for life. */
async function readSystemIdentifier(clusterFolder: string): Promise<string> {
  const handle = await open(join(clusterFolder, 'global', 'pg_control'), 'r');
  try {
    const { buffer } = await handle.read(Buffer.alloc(8), 0, 8, 0);
    return String(new BigUint64Array(new Uint8Array(buffer).buffer)[0]);
  } finally {
    await handle.close();
  }
}

/** 'slui' in hexadecimal; the second half of the key says what is held. */
const LOCK = '1936487785, 1';

/**
 * Takes the cluster for this gateway. The hold is an advisory lock of the connection, so it ends with the process
 * however that ends. Returns null when taken, else the name of the present holder.
 */
export async function takeHold(client: pg.Client): Promise<string | null> {
  const taken = await client.query(`select pg_try_advisory_lock(${LOCK}) as taken`);
  if (taken.rows[0]?.taken === true) return null;
  const holder = await client.query(
    `select a.application_name as name from pg_locks l join pg_stat_activity a using (pid)
      where l.locktype = 'advisory' and l.granted and (l.classid, l.objid) = (${LOCK})`,
  );
  return String(holder.rows[0]?.name ?? 'another process');
}
