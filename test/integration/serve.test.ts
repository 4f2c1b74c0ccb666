/** What a new user sees: one command and nothing configured, the lines it prints, a crash, a second start, more processes. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../support/free-port.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const ROOT = join(__dirname, '..', '..');

describe('sluice serve, with nothing configured', () => {
  let dataDir: string;
  let gateway: GatewayProcess;
  let port: number;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'sluice-serve-'));
    port = await freePort();
    gateway = await startGatewayProcess({ DATA_DIR: dataDir }, port);
  }, 60_000);
  afterAll(async () => {
    await gateway.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const read = async () => (await fetch(`${gateway.url}/object/public/hello/world.txt`)).text();
  const command = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    run(
      process.execPath,
      ['--import', join(ROOT, 'test/support/run-typescript.mjs'), join(ROOT, 'src/main.ts'), ...args],
      {
        env: { ...process.env, DATA_DIR: dataDir, PORT: String(port), ...env },
      },
    );

  it('prints its keys and curl lines that work when pasted', async () => {
    const words = await until(
      'the welcome',
      async () => gateway.words().includes('/object/public/') && gateway.words(),
    );
    expect(words).toMatch(/anon key +eyJ[\w.-]+\n +service key +eyJ[\w.-]+\n/);
    const lines = words.split('\n').filter(line => line.startsWith('curl '));
    expect(lines).toHaveLength(3);
    const outputs: string[] = [];
    for (const line of lines) outputs.push((await run('sh', ['-c', line])).stdout);
    expect(outputs).toEqual(['{"name":"hello"}', expect.stringContaining('"Key":"hello/world.txt"'), 'Hello, world']);
  });

  it('serves commands beside the gateway: sql and fsck', async () => {
    const { stdout } = await command(['sql', 'select name from storage.objects', '--json']);
    expect(JSON.parse(stdout)).toEqual([{ command: 'SELECT', count: 1, columns: ['name'], rows: [['world.txt']] }]);
    const nothing = "update storage.objects set name = 'x' where false; create temp table t (n int)";
    expect((await command(['sql', nothing])).stdout).toBe('UPDATE 0\nCREATE\n');
    expect((await command(['fsck'])).stdout).toContain('Everything agrees');
    await expect(command(['fsck', '--verfy'])).rejects.toMatchObject({ code: 2, stdout: '' });
  });

  it('adds users beside the gateway, and with the first one what their APIs need', async () => {
    const { stdout } = await command(['user', 'add', 'alice', '--password', 'secret', '--verified', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      user: { username: 'alice', accountId: 1, verified: true, staff: false },
      made: expect.arrayContaining(['the bucket home', 'the bucket uploads', 'policies/uploads.sql']),
    });
    await expect(command(['user', 'add', 'ALICE', '--password', 'x'])).rejects.toMatchObject({
      stderr: 'sluice: There is a user ALICE already\n',
    });
  }, 60_000);

  it('refuses a second gateway on the same data folder in one sentence', async () => {
    await expect(command(['serve'])).rejects.toMatchObject({
      stderr: expect.stringMatching(/^sluice: .*in use by another gateway.*\n$/),
    });
    expect(await read()).toBe('Hello, world');
  });

  it('says of a command that lacks something where it is told what it takes', async () => {
    await expect(command(['user', 'add', 'zoe'])).rejects.toMatchObject({
      stderr: expect.stringMatching(/'--password <password>' not specified\n\(sluice <command> --help says what/),
    });
  });

  it.each([
    ['a Postgres', { DATABASE_URL: 'postgres://u:p@localhost:1/db' }, 'localhost:1 (ECONNREFUSED)', 'DATABASE_URL'],
    ['an S3', { S3_ENDPOINT: 'http://127.0.0.1:1' }, 'http://127.0.0.1:1 (ECONNREFUSED)', 'S3_ENDPOINT'],
  ])('says of %s that does not answer where it was sought, and by which setting', async (_, settings, place, name) => {
    const emptyDir = await mkdtemp(join(tmpdir(), 'sluice-serve-'));
    const s3 = { S3_BUCKET: 'files', S3_ACCESS_KEY_ID: 'a', S3_SECRET_ACCESS_KEY: 'b' };
    await expect(command(['serve'], { DATA_DIR: emptyDir, ...s3, ...settings })).rejects.toMatchObject({
      stderr: expect.stringContaining(`does not answer at ${place}; start it, or set ${name} to where it is.`),
    });
    await rm(emptyDir, { recursive: true });
  });

  it('finds everything again after kill -9', async () => {
    await gateway.kill();
    gateway = await startGatewayProcess({ DATA_DIR: dataDir }, port);
    expect(await read()).toBe('Hello, world');
  });

  it('serves with several processes, adds up their metrics and replaces one that dies', async () => {
    await gateway.stop();
    gateway = await startGatewayProcess({ DATA_DIR: dataDir, WORKERS: '2' }, port);
    for (let n = 0; n < 20; n += 1) expect(await read()).toBe('Hello, world');
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toMatch(/sluice_request_duration_seconds_count\{operation="getPublicObject",status="2xx"\} 20\n/);

    const workers = async () => {
      const { stdout } = await run('ps', ['--ppid', String(gateway.pid), '-o', 'pid=,args=']);
      return stdout
        .split('\n')
        .filter(line => line.includes('main.ts'))
        .map(line => Number.parseInt(line, 10));
    };
    const [victim = 0] = await workers();
    process.kill(victim, 'SIGKILL');
    await until('another worker', async () => (await workers()).length === 2 && !(await workers()).includes(victim));
    expect(await until('an answer', read)).toBe('Hello, world');
  });
});
