import { type Goal, judge } from '../../bench/harness/report.ts';

const CPU: Goal = { what: 'gateway CPU', value: 1000, bound: 'at most', limit: 500, unit: 'µs' };
const machine = (floorMicros: number | null) => ({ cores: 2, node: 'v20', loadBefore: 0, floorMicros });

describe('a goal', () => {
  it.each([
    ['as slow as where it was set', 17, 'missed'],
    ['a little slower', 33, 'missed'],
    ['twice as slow', 34, 'met'],
    ['of unknown speed, as if it were that one', null, 'missed'],
  ])('of CPU time counts in multiples of a trivial reply: on a machine %s', (_, floorMicros, verdict) => {
    expect(judge(CPU, machine(floorMicros))).toBe(verdict);
  });

  it.each([
    ['at least', 0.6, 'met'],
    ['at least', 0.61, 'missed'],
    ['at most', 0.6, 'met'],
    ['at most', 0.59, 'missed'],
  ] as const)('of anything else counts as it is: %s %d', (bound, limit, verdict) => {
    const goal: Goal = { what: 'throughput', value: 0.6, bound, limit, unit: 'of straight access' };
    expect(judge(goal, machine(170))).toBe(verdict);
  });

  it.each([
    ['at least', 0.9, 0.95, 'missed'],
    ['at least', 0.9, 0.85, 'out of reach'],
    ['at least', 0.6, 0.5, 'met'],
    ['at most', 0.5, 0.4, 'missed'],
    ['at most', 0.5, 0.55, 'out of reach'],
  ] as const)('is out of reach where a bare server misses it too: %s %d, bare %d', (bound, limit, bare, verdict) => {
    const goal: Goal = { what: 'throughput', value: 0.6, bound, limit, unit: 'of straight access', bare };
    expect(judge(goal, machine(17))).toBe(verdict);
  });

  it('is neither met nor missed where nothing was measured', () => {
    expect(judge({ ...CPU, value: null }, machine(17))).toBeNull();
  });
});
