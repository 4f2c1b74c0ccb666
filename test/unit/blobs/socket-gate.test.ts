import { makeSocketGate } from '../../../src/blobs/socket-gate.ts';

describe('the gate before the sockets', () => {
  it('refuses after the longest wait', async () => {
    const gate = makeSocketGate({ most: 1, waitMs: 1 });
    await gate.enter(undefined);
    await expect(gate.enter(undefined)).rejects.toMatchObject({ failure: 'unavailable' });
  });

  it('lets go of one that aborts in line, and keeps its place free', async () => {
    const gate = makeSocketGate({ most: 1, waitMs: 60_000 });
    const first = await gate.enter(undefined);
    const abort = new AbortController();
    const waiting = gate.enter(abort.signal);
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ failure: 'aborted' });
    first.leave();
    await gate.enter(undefined);
  });

  it('counts one that leaves twice once', async () => {
    const gate = makeSocketGate({ most: 1, waitMs: 1 });
    const first = await gate.enter(undefined);
    first.leave();
    first.leave();
    await gate.enter(undefined);
    await expect(gate.enter(undefined)).rejects.toMatchObject({ failure: 'unavailable' });
  });

  it('admits in the order of arrival, one for each that leaves', async () => {
    const gate = makeSocketGate({ most: 2, waitMs: 60_000 });
    const [first, second] = await Promise.all([gate.enter(undefined), gate.enter(undefined)]);
    const admitted: number[] = [];
    const waiting = [1, 2, 3].map(async number => {
      const place = await gate.enter(undefined);
      admitted.push(number);
      return place;
    });
    first.leave();
    const third = await waiting[0];
    expect(admitted).toEqual([1]);
    second.leave();
    third?.leave();
    await Promise.all(waiting);
    expect(admitted).toEqual([1, 2, 3]);
  });

  it('admits in the place of one that waits for our own client, and keeps those that wait for the engine', async () => {
    const gate = makeSocketGate({ most: 2, waitMs: 60_000, lookEveryMs: 1 });
    const [atWork, slow] = await Promise.all([gate.enter(undefined), gate.enter(undefined)]);
    atWork.watch(() => false);
    slow.watch(() => true);
    const next = await gate.enter(undefined);
    const abort = new AbortController();
    const beyond = gate.enter(abort.signal);
    slow.leave();
    next.watch(() => false);
    abort.abort();
    await expect(beyond).rejects.toMatchObject({ failure: 'aborted' });
  });

  it('takes no place from one that only pauses between two looks', async () => {
    const gate = makeSocketGate({ most: 1, waitMs: 50, lookEveryMs: 1 });
    const place = await gate.enter(undefined);
    let looks = 0;
    place.watch(() => ++looks % 2 === 0);
    await expect(gate.enter(undefined)).rejects.toMatchObject({ failure: 'unavailable' });
    expect(looks).toBeGreaterThan(1);
  });
});
