/**
 * Every step of every write path fails, one at a time and in each way; then the sweeper passes. The steps are found by
 * running each path once, so that one which is added later is covered as well.
 */
import { type FaultLine, MOMENTS, makeFaultLine } from '../support/fault-line.ts';
import { type Gateway, SILENT_LOG, STORES, startGateway } from '../support/gateway.ts';
import { disagreements } from './agreement.ts';
import { expectIntact, failEveryStep, furnish, run } from './bench.ts';
import { isAcknowledged } from './door.ts';
import { DOOR_PATHS, furnishDoors } from './door-paths.ts';
import { FILE_PATHS, OTHER_PATHS, PARTED_PATHS, TREE_PATHS, UPLOAD_PATHS } from './write-paths.ts';

describe.each(STORES)('with a failing step, on the %s store,', store => {
  let line: FaultLine;
  let gateway: Gateway;
  const bench = () => ({ gateway, line, keys: line.keys });

  beforeAll(async () => {
    line = makeFaultLine();
    const { wrapStore, wrapDatabase } = line;
    const env = {
      RATE_LIMITS: 'default=1000000/1m,file-name=1000000/1h,file-extension=1000000/1h,bulk-delete=1000000/6h',
    };
    gateway = await startGateway({ store, env, log: SILENT_LOG, wrapStore, wrapDatabase });
    await furnish(gateway);
    await furnishDoors(gateway);
  });
  afterAll(() => gateway.stop());

  const paths = [
    ...UPLOAD_PATHS,
    ...TREE_PATHS,
    ...DOOR_PATHS,
    ...FILE_PATHS,
    ...(store === 's3' ? PARTED_PATHS : OTHER_PATHS),
  ];

  /** What is wrong between any two steps of any path. */
  async function watchEveryStep() {
    const seen = { rowsWithoutBytes: [] as string[], bytesUnknown: [] as string[], looks: 0 };
    line.watch(async () => {
      const { rowsWithoutBytes, bytesUnknown } = await disagreements(gateway);
      seen.rowsWithoutBytes.push(...rowsWithoutBytes);
      seen.bytesUnknown.push(...bytesUnknown);
      seen.looks += 1;
    });
    for (const path of paths) await run(bench(), path, null);
    line.watch(null);
    expect(seen.looks).toBeGreaterThan(50);
    return seen;
  }

  it('A visible row always names bytes that exist.', async () => {
    expect((await watchEveryStep()).rowsWithoutBytes).toEqual([]);
  });

  it('Bytes without a row always have a ledger entry until they are gone.', async () => {
    expect((await watchEveryStep()).bytesUnknown).toEqual([]);
  });

  describe.each(paths.map(path => [path.title, path] as const))('%s', (_, path) => {
    let steps: string[] = [];

    it('does what it promises when nothing fails', async () => {
      const { got, after, steps: found } = await run(bench(), path, null);
      steps = found;
      expect(isAcknowledged(got)).toBe(true);
      expect(after).toEqual(path.becomes);
      await expectIntact(bench());
    });

    it.each(MOMENTS)('happens whole or not at all (%s)', async moment => {
      await failEveryStep(bench(), path, { steps, moment });
    });
  });
});
