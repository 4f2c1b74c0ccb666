import { type Goal, isMet } from '../../bench/harness/report.ts';

const CPU: Goal = { what: 'gateway CPU', value: 1000, bound: 'at most', limit: 500, unit: 'µs' };
const machine = (floorMicros: number | null) => ({ cores: 2, node: 'v20', loadBefore: 0, floorMicros });

describe('a goal', () => {
  it.each([
    ['as slow as where it was set', 17, false],
    ['a little slower', 33, false],
    ['twice as slow', 34, true],
    ['of unknown speed, as if it were that one', null, false],
  ])('of CPU time counts in multiples of a trivial reply: on a machine %s', (_, floorMicros, met) => {
    expect(isMet(CPU, machine(floorMicros))).toBe(met);
  });

  it.each([
    ['at least', 0.6, true],
    ['at least', 0.61, false],
    ['at most', 0.6, true],
    ['at most', 0.59, false],
  ] as const)('of anything else counts as it is: %s %d', (bound, limit, met) => {
    const goal: Goal = { what: 'throughput', value: 0.6, bound, limit, unit: 'of straight access' };
    expect(isMet(goal, machine(170))).toBe(met);
  });

  it('is neither met nor missed where nothing was measured', () => {
    expect(isMet({ ...CPU, value: null }, machine(17))).toBeNull();
  });
});
