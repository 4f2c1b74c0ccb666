/** Every request that an upload makes to S3 fails on the wire, one at a time; parts, completion and retries included. */
import { type FaultLine, makeFaultLine, type PlannedFault } from '../support/fault-line.ts';
import { type FaultyS3, startFaultyS3 } from '../support/faulty-s3.ts';
import { type Gateway, SILENT_LOG, startGateway } from '../support/gateway.ts';
import { describeWithS3 } from '../support/s3-engine.ts';
import { expectIntact, failEveryStep, furnish, run } from './bench.ts';
import { PARTED_PATHS, UPLOAD_PATHS } from './write-paths.ts';

describeWithS3('with a request to S3 that fails on the wire,', engine => {
  let s3: FaultyS3;
  let line: FaultLine;
  let gateway: Gateway;
  const bench = () => ({ gateway, line: { arm, disarm: () => s3.disarm() }, keys: line.keys });

  function arm(fault: PlannedFault | null): void {
    line.arm(null); // it only takes down the keys here
    s3.arm(fault);
  }

  beforeAll(async () => {
    line = makeFaultLine();
    s3 = await startFaultyS3(engine.endpoint);
    const env = { S3_ENDPOINT: s3.endpoint };
    gateway = await startGateway({ store: 's3', env, log: SILENT_LOG, wrapStore: line.wrapStore });
    await furnish(gateway);
  });
  afterAll(async () => {
    await gateway.stop();
    await s3.stop();
  });

  const paths = [...UPLOAD_PATHS.slice(0, 3), ...PARTED_PATHS];
  describe.each(paths.map(path => [path.title, path] as const))('%s', (_, path) => {
    let steps: string[] = [];

    it('does what it promises when nothing fails', async () => {
      const { got, after, steps: found } = await run(bench(), path, null);
      steps = found;
      expect(got.status).toBe(200);
      expect(after).toEqual(path.becomes);
      await expectIntact(bench());
    });

    it.each(['before', 'answer-lost', 'gone'] as const)(
      'happens whole or not at all (%s)',
      async moment => {
        await failEveryStep(bench(), path, { steps, moment });
      },
      60_000,
    );
  });
});
