/** A stop that comes while the gateway starts: nothing may listen once everything is closed. */
import { type App, makeApp } from '../../src/app.ts';
import { type Gateway, PACKAGE_ROOT, SILENT_LOG, startGateway } from '../support/gateway.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

/** A second gateway, whose store is ready once `release` is called. */
async function makeHeld(shutdownTimeoutMs: number): Promise<{ app: App; release: () => void }> {
  let release = (): void => {};
  const held = new Promise<void>(resolve => {
    release = resolve;
  });
  const app = await makeApp({
    config: gateway.config,
    databaseTarget: gateway.db.target,
    packageRoot: PACKAGE_ROOT,
    log: SILENT_LOG,
    wrapStore: store => ({ ...store, prepare: () => held.then(() => store.prepare()) }),
    shutdownTimeoutMs,
  });
  return { app, release };
}

const NOT_STARTED = 'the gateway was stopped before it had started';

describe('a stop during the start', () => {
  it('waits for it, and the start is rejected', async () => {
    const { app, release } = await makeHeld(60_000);
    const started = app.start();
    const stopped = app.stop();
    release();
    await expect(started).rejects.toThrow(NOT_STARTED);
    await stopped;
  });

  it('waits no longer than it may take, and a start that ends later is rejected', async () => {
    const { app, release } = await makeHeld(1);
    const started = app.start();
    await app.stop();
    release();
    await expect(started).rejects.toThrow(NOT_STARTED);
  });
});
