/**
 * Where the server's socket lies. In the cluster when its path fits into a socket address; else in a short private
 * folder of the temporary directory, named by a hash of the cluster's path.
 */
import { createHash } from 'node:crypto';
import { chmod, chown, lstat, mkdir, mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { canEnter, type ServerUser } from './server-user.ts';

export interface SocketFolder {
  /** What clients are given as `host`. */
  readonly path: string;
  /** What the server is given; relative to the cluster, which needs no reachable path and has no length. */
  readonly serverName: string;
}

export const SOCKET_PORT = 5432;

/** sun_path holds 108 bytes on Linux and 104 on macOS, the closing zero included. */
const LONGEST_SOCKET_PATH_BYTES = 103;

/** Makes the folder, mode 0700 and owned by the server user. Rejects when no short enough place is found. */
export async function prepareSocketFolder(clusterFolder: string, user: ServerUser | null): Promise<SocketFolder> {
  const inside = join(clusterFolder, 'run');
  if (fits(inside)) {
    await makePrivate(inside, user);
    return { path: inside, serverName: 'run' };
  }
  const hash = createHash('sha256').update(clusterFolder).digest('hex').slice(0, 12);
  for (const parent of [tmpdir(), '/tmp']) {
    const temporary = await realpath(parent).catch(() => null);
    if (temporary === null || !(await canEnter(temporary, user))) continue;
    const wanted = join(temporary, `sluice-${hash}`);
    if (!fits(`${wanted}-123456`)) continue;
    // Somebody else may have made a folder of this name; then ours gets an unforeseeable one.
    const path =
      (await makePrivate(wanted, user).then(
        () => wanted,
        () => null,
      )) ?? (await makeUnforeseen(wanted, user));
    return { path, serverName: path };
  }
  throw new EmbeddedPostgresError(
    `The path ${inside} is too long for a socket, and no short folder could be made in ${tmpdir()}; set DATA_DIR to a shorter path.`,
  );
}

function fits(folder: string): boolean {
  return Buffer.byteLength(join(folder, `.s.PGSQL.${SOCKET_PORT}`)) <= LONGEST_SOCKET_PATH_BYTES;
}

async function makePrivate(folder: string, user: ServerUser | null): Promise<void> {
  await mkdir(folder, { mode: 0o700 }).catch(error => {
    if (error.code !== 'EEXIST') throw error;
  });
  const found = await lstat(folder);
  const isOurs = found.uid === process.getuid?.() || found.uid === user?.uid;
  if (!found.isDirectory() || !isOurs) throw new EmbeddedPostgresError(`${folder} belongs to somebody else.`);
  await chmod(folder, 0o700);
  if (user !== null) await chown(folder, user.uid, user.gid);
}

async function makeUnforeseen(prefix: string, user: ServerUser | null): Promise<string> {
  const folder = await mkdtemp(`${prefix}-`);
  await makePrivate(folder, user);
  return folder;
}
