/** `sluice fsck --repair` as a process, beside a gateway that takes uploads: killed in mid-work, and run again. */
import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { storeKeyOf } from '../../src/domain/objects.ts';
import type { FsckReport } from '../../src/sweeper/fsck-report.ts';
import { type Gateway, JWT_SECRET, PACKAGE_ROOT, SERVICE_TOKEN, startGateway } from '../support/gateway.ts';
import { databaseUrl } from '../support/gateway-process.ts';
import { until } from '../support/until.ts';
import { send } from './door.ts';
import { Client, makeRandom } from './traffic.ts';

const ORPHANS = 3_000;

jest.setTimeout(120_000); // for machines that do several things at once

describe('fsck --repair', () => {
  let gateway: Gateway;

  beforeAll(async () => {
    gateway = await startGateway();
    await send(gateway.url, 'POST', '/bucket', { token: SERVICE_TOKEN, json: { name: 'b' } });
    for (let n = 0; n < ORPHANS; n += 1) {
      const path = join(gateway.dataDir, 'blobs', storeKeyOf(randomUUID()));
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, 'left over');
    }
  });
  afterAll(() => gateway.stop());

  const fsck = (...args: string[]) => [
    ...['--import', join(PACKAGE_ROOT, 'test/support/run-typescript.mjs'), join(PACKAGE_ROOT, 'src/main.ts')],
    ...['fsck', '--json', ...args],
  ];
  const env = () => ({
    ...{ PATH: process.env.PATH, HOME: process.env.HOME, JWT_SECRET },
    ...{ DATA_DIR: gateway.dataDir, DATABASE_URL: databaseUrl(gateway.db.target) },
  });
  const quarantined = async () => {
    const [row] = await gateway.db.sql<{ n: number }>(
      `select count(*)::int as n from sluice.blobs where state = 'quarantined'`,
    );
    return row?.n ?? 0;
  };
  const report = async (...args: string[]) => {
    const run = promisify(execFile)(process.execPath, fsck(...args), { env: env(), maxBuffer: 64 * 1024 * 1024 });
    const { stdout, code } = await run.then(
      done => ({ ...done, code: 0 }),
      (failed: { stdout: string; code: number }) => failed,
    );
    return { code, report: JSON.parse(stdout) as FsckReport };
  };

  it('may be killed at any moment, goes on from there, and harms no upload that runs beside it', async () => {
    const random = makeRandom(1);
    const clients = [0, 1, 2].map(number => new Client({ url: gateway.url, random, number }));
    const done = new AbortController();
    const traffic = clients.map(client => client.runUntil(done.signal));

    const victim = spawn(process.execPath, fsck('--repair'), { env: env(), stdio: 'ignore' });
    const end = new Promise(resolve => victim.once('exit', resolve));
    await until('some in quarantine', async () => (await quarantined()) > 0, 60_000);
    victim.kill('SIGKILL');
    await end;
    const before = await quarantined();
    // A step is 500 suspects, of which an upload that runs beside may be some.
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(ORPHANS);

    const second = await report('--repair');
    expect(second.code).toBe(1);
    expect(second.report.counts).toEqual({ 'orphan-bytes': { found: ORPHANS - before, repaired: ORPHANS - before } });
    expect(second.report.quarantine).toMatchObject({ blobs: ORPHANS, sizeBytes: ORPHANS * 'left over'.length });
    done.abort();
    await Promise.all(traffic);
    await gateway.app.sweeper.run();
    expect(await report()).toMatchObject({ code: 0, report: { findings: [], quarantine: { blobs: ORPHANS } } });
    for (const client of clients) await client.readAll();
    expect(clients.flatMap(({ account }) => account.broken)).toEqual([]);

    const purged = await report('--purge');
    expect(purged.report.counts).toEqual({ 'quarantined-bytes': { found: ORPHANS, repaired: ORPHANS } });
    await gateway.app.sweeper.run();
    expect(await report()).toMatchObject({ code: 0, report: { findings: [], quarantine: { blobs: 0 } } });
  });

  it('says by its exit code that it could not look', async () => {
    const nowhere = { ...env(), DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' };
    await expect(promisify(execFile)(process.execPath, fsck(), { env: nowhere })).rejects.toMatchObject({ code: 2 });
  });
});
