import { makeSocketGate } from '../../../src/blobs/socket-gate.ts';

describe('the gate before the sockets', () => {
  it('refuses after the longest wait', async () => {
    const gate = makeSocketGate({ most: 1, waitMs: 1 });
    await gate.enter(undefined);
    await expect(gate.enter(undefined)).rejects.toMatchObject({ failure: 'unavailable' });
  });

  it('lets go of one that aborts in line, and keeps its place free', async () => {
    const gate = makeSocketGate({ most: 1, waitMs: 60_000 });
    await gate.enter(undefined);
    const abort = new AbortController();
    const waiting = gate.enter(abort.signal);
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ failure: 'aborted' });
    gate.leave();
    await gate.enter(undefined);
  });

  it('admits in the order of arrival, one for each that leaves', async () => {
    const gate = makeSocketGate({ most: 2, waitMs: 60_000 });
    await Promise.all([gate.enter(undefined), gate.enter(undefined)]);
    const admitted: number[] = [];
    const waiting = [1, 2, 3].map(async place => {
      await gate.enter(undefined);
      admitted.push(place);
    });
    gate.leave();
    await waiting[0];
    expect(admitted).toEqual([1]);
    gate.leave();
    gate.leave();
    await Promise.all(waiting);
    expect(admitted).toEqual([1, 2, 3]);
  });
});
