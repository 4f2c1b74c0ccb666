/**
 * The folder with the rows: makes it once with initdb, hands it to the server user, and writes who may connect. A folder
 * is made under another name and renamed when complete, so a start that dies half-way leaves nothing that looks whole.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chown, lstat, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import type { Installation } from './installation.ts';
import { canEnter, gatewayUserName, runProgram, type ServerUser } from './server-user.ts';

export interface Cluster {
  readonly folder: string;
  readonly user: ServerUser | null;
  readonly installation: Installation;
}

/** Settings of a new cluster: bytes compare as bytes, upper and lower case follow Unicode, nothing depends on the host. */
const INITDB_OPTIONS = [
  '--username=postgres',
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--auth-local=peer',
  '--auth-host=reject',
  '--no-instructions',
];

/**
 * Makes the cluster unless it exists, and sees that the server user owns it. Several gateways may do this at once: one
 * cluster results. Rejects with one sentence when initdb fails or another major version made the folder.
 */
export async function prepareCluster(cluster: Cluster, durable: boolean): Promise<void> {
  await removeUnfinished(cluster.folder);
  const majorVersion = await readMajorVersion(cluster.folder);
  if (majorVersion === null) {
    await createCluster(cluster, durable);
  } else if (!cluster.installation.version.startsWith(`${majorVersion}.`)) {
    throw new EmbeddedPostgresError(
      `The database in ${cluster.folder} was made by Postgres ${majorVersion}, and this is Postgres ${cluster.installation.version}; dump it with the old version and restore it with this one.`,
    );
  }
  await handOver(cluster);
}

/**
 * How the server is told its folder. Where its user may not pass the folders above, it gets the working directory that
 * it inherits: /proc/self/cwd names that folder itself and asks nothing of the path.
 */
export async function reachableName({ folder, user }: Cluster): Promise<string> {
  if (await canEnter(dirname(folder), user)) return folder;
  if (process.platform === 'linux') return '/proc/self/cwd';
  throw new EmbeddedPostgresError(
    `The user ${user?.name}, as which Postgres runs, cannot reach ${folder}; start Sluice as an ordinary user or move DATA_DIR.`,
  );
}

async function readMajorVersion(folder: string): Promise<string | null> {
  const text = await readFile(join(folder, 'PG_VERSION'), 'utf8').catch(() => null);
  if (text !== null) return text.trim();
  const entries = await readdir(folder).catch(() => []);
  if (entries.length > 0) {
    throw new EmbeddedPostgresError(`${folder} holds files that are not a Postgres database; move them away.`);
  }
  return null;
}

async function createCluster(cluster: Cluster, durable: boolean): Promise<void> {
  // initdb needs the name too, and says less well why.
  gatewayUserName();
  const fresh: Cluster = { ...cluster, folder: `${cluster.folder}.${process.pid}-${randomUUID()}.new` };
  await mkdir(fresh.folder, { mode: 0o700 });
  await giveTo(cluster.user, fresh.folder);
  const result = await runProgram({
    command: cluster.installation.initdb,
    args: ['-D', await reachableName(fresh), ...INITDB_OPTIONS, ...(durable ? [] : ['--no-sync'])],
    user: cluster.user,
    env: cluster.installation.env,
    cwd: fresh.folder,
  });
  if (result.exitCode !== 0) {
    await rm(fresh.folder, { recursive: true, force: true });
    const lines = `${result.stdout}\n${result.stderr}`.trim().split('\n');
    const reason = lines.find(line => /error|fatal/i.test(line)) ?? lines.at(-1) ?? `exit code ${result.exitCode}`;
    throw new EmbeddedPostgresError(`The database in ${cluster.folder} cannot be made: ${reason.trim()}`);
  }
  await mkdir(join(fresh.folder, 'run'), { mode: 0o700 });
  await giveTo(cluster.user, join(fresh.folder, 'run'));
  try {
    await rename(fresh.folder, cluster.folder);
  } catch (error) {
    await rm(fresh.folder, { recursive: true, force: true });
    if ((await readMajorVersion(cluster.folder)) === null) throw error;
  }
  await syncFolder(dirname(cluster.folder));
}

const LONGEST_INITDB_MS = 600_000;

/** What a start left when it died in initdb: its process is gone, or too old to be still at it (ids are used again). */
async function removeUnfinished(folder: string): Promise<void> {
  const pattern = new RegExp(`^${basename(folder)}\\.(\\d+)-[-0-9a-f]+\\.new$`);
  for (const name of await readdir(dirname(folder)).catch(() => [])) {
    const pid = pattern.exec(name)?.[1];
    if (pid === undefined) continue;
    const path = join(dirname(folder), name);
    const madeAt = await stat(path).then(
      found => found.birthtimeMs,
      () => 0,
    );
    if (isAlive(Number(pid)) && Date.now() - madeAt < LONGEST_INITDB_MS) continue;
    await rm(path, { recursive: true, force: true });
  }
}

/** Whether a process with this id runs, whoever owns it. One that has ended does not, even while nobody has asked how. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return !isZombie(pid);
}

/** False wherever the kernel does not tell. */
function isZombie(pid: number): boolean {
  try {
    // The name of the program, in brackets, may hold anything; the state follows it (proc_pid_stat(5)).
    return /\) Z [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** A folder restored or chowned by root is given back to the server user, or Postgres would refuse it. */
async function handOver({ folder, user }: Cluster): Promise<void> {
  if (user === null || (await stat(folder)).uid === user.uid) return;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!(await lstat(path)).isSymbolicLink()) await giveTo(user, path);
  }
  await giveTo(user, folder);
}

/**
 * No password exists: the kernel says who is at the other end of the socket (peer), and only the user of the gateway is
 * let in, as whichever login it names. Not even another process of the server's own user, `nobody`, gets a connection.
 * Written before each launch, because the gateway may be started by another user than last time.
 */
export async function writeAccessRules({ folder, user }: Cluster): Promise<void> {
  const rules = {
    'pg_hba.conf': 'local all all peer map=gateway\n',
    'pg_ident.conf': `gateway "${gatewayUserName()}" all\n`,
  };
  for (const [name, text] of Object.entries(rules)) {
    const path = join(folder, name);
    if ((await readFile(path, 'utf8').catch(() => null)) === text) continue;
    const fresh = `${path}.${randomUUID()}`;
    await writeFile(fresh, text, { mode: 0o600 });
    await giveTo(user, fresh);
    await rename(fresh, path);
  }
}

async function giveTo(user: ServerUser | null, path: string): Promise<void> {
  if (user !== null) await chown(path, user.uid, user.gid);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
