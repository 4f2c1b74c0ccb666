/** Every step of a small upload that is not asked for first fails, one at a time and in each way; then the sweeper passes. */
import { makeBusy, PROMPT } from '../support/busy-uploader.ts';
import { type FaultLine, MOMENTS, makeFaultLine } from '../support/fault-line.ts';
import { type Gateway, SILENT_LOG, STORES, startGateway, tokenFor } from '../support/gateway.ts';
import { ALICE } from '../support/scopes.ts';
import { expectIntact, failEveryStep, furnish, run } from './bench.ts';
import { digest, isAcknowledged, send } from './door.ts';
import { UPLOAD_PATHS, type WritePath } from './write-paths.ts';

const ALICE_TOKEN = tokenFor('authenticated', ALICE);
const ASKED_ANYHOW = ['an upload in chunks', 'a replacement in chunks', 'an upload through a link'];
const STEPS = ['store.put', 'commit_upload'];

/** What is given is put there last: the leases that a sweep was told are over still count with the gateway. */
const PROMPT_PATHS: WritePath[] = UPLOAD_PATHS.filter(({ title }) => !ASKED_ANYHOW.includes(title)).map(
  ({ given, ...path }) => ({
    ...path,
    given: {},
    before: Object.fromEntries(Object.entries(given).map(([address, bytes]) => [address, digest(bytes)])),
    prepare: async gateway => {
      await makeBusy(gateway, { token: ALICE_TOKEN, bucket: 'one' });
      for (const [address, bytes] of Object.entries(given)) {
        await send(gateway.url, 'POST', `/object/${address}`, { token: ALICE_TOKEN, body: new Uint8Array(bytes) });
      }
      return '';
    },
  }),
);

describe.each(STORES)('not asked for first, with a failing step, on the %s store,', store => {
  let line: FaultLine;
  let gateway: Gateway;
  const bench = () => ({ gateway, line, keys: line.keys });

  beforeAll(async () => {
    line = makeFaultLine();
    const { wrapStore, wrapDatabase } = line;
    gateway = await startGateway({ store, env: PROMPT, log: SILENT_LOG, wrapStore, wrapDatabase });
    await furnish(gateway);
  });
  afterAll(() => gateway.stop());

  it('takes two steps: the bytes, the commit', async () => {
    expect(PROMPT_PATHS.length).toBeGreaterThan(3);
    for (const path of PROMPT_PATHS) {
      const { got, after, steps } = await run(bench(), path, null);
      expect({ path: path.title, steps }).toEqual({ path: path.title, steps: STEPS });
      expect(isAcknowledged(got)).toBe(true);
      expect(after).toEqual(path.becomes);
      await expectIntact(bench());
    }
  });

  describe.each(PROMPT_PATHS.map(path => [path.title, path] as const))('%s', (_, path) => {
    it.each(MOMENTS)('happens whole or not at all (%s)', async moment => {
      await failEveryStep(bench(), path, { steps: STEPS, moment });
    });
  });
});
