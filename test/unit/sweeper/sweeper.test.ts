import type { BlobStore } from '../../../src/blobs/blob-store.ts';
import type { Database } from '../../../src/database/database.ts';
import { makeSweeper } from '../../../src/sweeper/sweeper.ts';

const unused = new Proxy(
  {},
  {
    get: () => {
      throw new Error('nothing is due');
    },
  },
);
const make = () =>
  makeSweeper({
    database: unused as Database,
    blobs: unused as BlobStore,
    intervalMs: 1000,
    graceMs: 0,
    onRun: () => {},
  });

describe('the timer of a sweeper', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('is not set by a start that comes after the stop', async () => {
    const sweeper = make();
    await sweeper.stop();
    sweeper.start();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is set once, and ends with the stop', async () => {
    const sweeper = make();
    sweeper.start();
    sweeper.start();
    expect(jest.getTimerCount()).toBe(1);
    await sweeper.stop();
    expect(jest.getTimerCount()).toBe(0);
  });
});
