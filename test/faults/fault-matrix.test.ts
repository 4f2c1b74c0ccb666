/**
 * Every step of every write path fails, one at a time and in each way; then the sweeper passes. The steps are found by
 * running each path once, so that one which is added later is covered as well.
 */

import { type FaultLine, MOMENTS, makeFaultLine, type PlannedFault } from '../support/fault-line.ts';
import { type Gateway, HAS_S3, SERVICE_TOKEN, SILENT_LOG, STORES, startGateway } from '../support/gateway.ts';
import {
  type Contents,
  disagreements,
  expectAgreement,
  readEverything,
  sweep,
  unfinishedUploads,
} from './agreement.ts';
import { digest, type Got, isAcknowledged, isRefused, send } from './door.ts';
import { OTHER_PATHS, PARTED_PATHS, UPLOAD_PATHS, type WritePath } from './write-paths.ts';

interface Bench {
  readonly gateway: Gateway;
  readonly line: FaultLine;
}

interface Run {
  readonly got: Got;
  readonly steps: string[];
  readonly before: Contents;
  readonly after: Contents;
}

async function openBench(store: 'file' | 's3'): Promise<Bench> {
  const line = makeFaultLine();
  const gateway = await startGateway({
    store,
    log: SILENT_LOG,
    wrapStore: line.wrapStore,
    wrapDatabase: line.wrapDatabase,
  });
  for (const table of ['objects', 'buckets']) {
    await gateway.db.sql(
      `create policy everything on storage.${table} to authenticated using (true) with check (true)`,
    );
  }
  for (const name of ['one', 'two']) {
    await send(gateway.url, 'POST', '/bucket', { token: SERVICE_TOKEN, json: { name } });
  }
  return { gateway, line };
}

/** From the given objects through the path with its fault, to what is left once the sweeper has passed. */
async function run({ gateway, line }: Bench, path: WritePath, fault: PlannedFault | null): Promise<Run> {
  const { db, url } = gateway;
  await db.sql('delete from storage.objects');
  await db.sql('delete from sluice.revoked_tokens');
  for (const [address, bytes] of Object.entries(path.given)) {
    await send(url, 'POST', `/object/${address}`, { token: SERVICE_TOKEN, body: new Uint8Array(bytes) });
  }
  const prepared = (await path.prepare?.(gateway)) ?? '';
  const observe = async () => (await path.observe?.(gateway, prepared)) ?? {};
  const given = Object.fromEntries(Object.entries(path.given).map(([address, bytes]) => [address, digest(bytes)]));
  const before = { ...(path.before ?? given), ...(await observe()) };
  line.arm(fault);
  const got = await path.act(gateway, prepared);
  const steps = line.disarm();
  const unswept = await rowsOf(gateway);
  await sweep(gateway);
  expect(await rowsOf(gateway)).toEqual(unswept);
  return { got, steps, before, after: { ...(await readEverything(gateway)), ...(await observe()) } };
}

function rowsOf({ db }: Gateway) {
  return db.sql('select bucket_id, name, version, metadata from storage.objects order by 1, 2');
}

async function expectIntact({ gateway, line }: Bench): Promise<void> {
  await expectAgreement(gateway);
  expect(await unfinishedUploads(gateway, line.keys)).toEqual([]);
}

describe.each(STORES)('with a failing step, on the %s store,', store => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(store);
  });
  afterAll(() => bench.gateway.stop());

  /** What is wrong between any two steps of any path. */
  async function watchEveryStep(): Promise<Record<'rowsWithoutBytes' | 'bytesUnknown', string[]> & { looks: number }> {
    const seen = { rowsWithoutBytes: [] as string[], bytesUnknown: [] as string[], looks: 0 };
    bench.line.watch(async () => {
      const { rowsWithoutBytes, bytesUnknown } = await disagreements(bench.gateway);
      seen.rowsWithoutBytes.push(...rowsWithoutBytes);
      seen.bytesUnknown.push(...bytesUnknown);
      seen.looks += 1;
    });
    for (const path of paths) await run(bench, path, null);
    bench.line.watch(null);
    expect(seen.looks).toBeGreaterThan(50);
    return seen;
  }

  const paths = [...UPLOAD_PATHS, ...(store === 's3' ? PARTED_PATHS : OTHER_PATHS)];
  it('A visible row always names bytes that exist.', async () => {
    expect((await watchEveryStep()).rowsWithoutBytes).toEqual([]);
  });

  it('Bytes without a row always have a ledger entry until they are gone.', async () => {
    expect((await watchEveryStep()).bytesUnknown).toEqual([]);
  });

  describe.each(paths.map(path => [path.title, path] as const))('%s', (_, path) => {
    let steps: string[] = [];

    it('does what it promises when nothing fails', async () => {
      const { got, after, steps: found } = await run(bench, path, null);
      steps = found;
      expect(got.status).toBe(200);
      expect(after).toEqual(path.becomes);
      await expectIntact(bench);
    });

    it.each(MOMENTS)('happens whole or not at all (%s)', async moment => {
      expect(steps.length).toBeGreaterThan(0);
      for (const [step, name] of steps.entries()) {
        const { got, before, after } = await run(bench, path, { step, moment });
        const where = `${moment} step ${step} (${name}), which was answered with ${got.status}`;
        const allowed = isAcknowledged(got)
          ? [path.becomes]
          : isRefused(got) || moment === 'before' || moment === 'gone'
            ? [before]
            : [before, path.becomes];
        expect({ where, is: allowed.some(contents => sameAs(contents, after)) ? 'whole' : after }).toEqual({
          where,
          is: 'whole',
        });
        await expectIntact(bench);
      }
    });
  });
});

function sameAs(one: Contents, other: Contents): boolean {
  const sorted = (contents: Contents) => JSON.stringify(Object.entries(contents).sort());
  return sorted(one) === sorted(other);
}

it('has an S3 engine to fail on in continuous integration', () => {
  expect(HAS_S3 || process.env.CI !== 'true').toBe(true);
});
