/**
 * Under which user Postgres runs. Postgres refuses root, so root lends it an unprivileged user that exists; everybody
 * else runs it as themselves. Also answers whether that user can reach a folder, and runs a program as that user.
 */
import { spawn } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';

/** An entry of /etc/passwd. Ids are unsigned (macOS writes `nobody` as -2). */
export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** In order of preference; every system has one of them. */
const UNPRIVILEGED_USERS = ['nobody', 'daemon'];

/**
 * The user to switch to, or null to stay who we are. As root it is the owner of an existing cluster (made when somebody
 * else started Sluice), else `nobody`. Rejects when an ordinary user meets a cluster that belongs to another.
 */
export async function chooseServerUser(clusterFolder: string): Promise<ServerUser | null> {
  const ourUid = process.getuid?.() ?? null;
  const owner = await stat(clusterFolder).then(
    found => found.uid,
    () => null,
  );
  if (ourUid !== 0) {
    if (owner !== null && ourUid !== null && owner !== ourUid) {
      throw new EmbeddedPostgresError(
        `The database in ${clusterFolder} belongs to user id ${owner}; start Sluice as root or as that user.`,
      );
    }
    return null;
  }
  const users = parsePasswd(await readFile('/etc/passwd', 'utf8').catch(() => ''));
  const chosen =
    owner === null || owner === 0
      ? UNPRIVILEGED_USERS.flatMap(name => users.find(user => user.name === name) ?? [])[0]
      : users.find(user => user.uid === owner);
  if (chosen === undefined) {
    const wanted = owner === null || owner === 0 ? "'nobody'" : `with the id ${owner}, which owns ${clusterFolder},`;
    throw new EmbeddedPostgresError(
      `Postgres does not run as root, and there is no user ${wanted} to run it as; start Sluice as an ordinary user or set DATABASE_URL.`,
    );
  }
  return chosen;
}

/** The name that Postgres sees behind our end of the socket; it must exist, because Postgres looks it up. */
export function gatewayUserName(): string {
  try {
    return userInfo().username;
  } catch (error) {
    throw new EmbeddedPostgresError(
      `User id ${process.getuid?.()} has no entry in /etc/passwd, which Postgres needs; add one or set DATABASE_URL.`,
      error,
    );
  }
}

/** Whether `user` may enter `folder`, judged by the mode bits of it and of every folder above it. */
export async function canEnter(folder: string, user: ServerUser | null): Promise<boolean> {
  if (user === null) return true;
  const found = await stat(folder).catch(() => null);
  if (found === null) return false;
  const bit = found.uid === user.uid ? 0o100 : found.gid === user.gid ? 0o010 : 0o001;
  if ((found.mode & bit) === 0) return false;
  const parent = dirname(folder);
  return parent === folder || canEnter(parent, user);
}

/** What `spawn` needs to run a program as `user`. The working directory is entered before the user is switched. */
export function asUser(user: ServerUser | null): { uid?: number; gid?: number } {
  return user === null ? {} : { uid: user.uid | 0, gid: user.gid | 0 };
}

export interface ProgramRun {
  readonly command: string;
  readonly args: readonly string[];
  readonly user: ServerUser | null;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

export interface ProgramResult {
  /** Null when the program could not be started or was killed. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a short program to its end. Never rejects: a program that cannot be started has exit code null. */
export function runProgram(run: ProgramRun): Promise<ProgramResult> {
  return new Promise(resolve => {
    const output = { stdout: '', stderr: '' };
    const child = spawn(run.command, run.args, {
      ...asUser(run.user),
      ...(run.cwd === undefined ? {} : { cwd: run.cwd }),
      env: run.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', chunk => {
      output.stdout += String(chunk);
    });
    child.stderr.on('data', chunk => {
      output.stderr += String(chunk);
    });
    child.once('error', error => resolve({ ...output, exitCode: null, stderr: error.message }));
    child.once('close', exitCode => resolve({ ...output, exitCode }));
  });
}

function parsePasswd(text: string): ServerUser[] {
  return text.split('\n').flatMap(line => {
    const [name, , uid, gid] = line.split(':');
    if (name === undefined || name.startsWith('#') || uid === undefined || gid === undefined) return [];
    return [{ name, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }];
  });
}
