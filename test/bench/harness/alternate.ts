/**
 * Several ways to the same end, in turns within one run, so that whatever else the machine does meets all of them alike.
 * What counts is the median over the rounds, and each way's relation to the first.
 */

import { memoryOf } from './process-usage.ts';
import type { Beside, Stack } from './stack.ts';

/** One run of one way. */
export interface Sample {
  /** Requests, or mebibytes. */
  readonly units: number;
  readonly seconds: number;
  readonly latenciesMs: readonly number[];
}

export interface Way {
  readonly name: string;
  /** Whether the gateway takes part. */
  readonly throughGateway: boolean;
  /** Whose usage counts, where it is not the stack's own gateway. */
  readonly at?: Pick<Beside, 'gateway' | 'cpuMicros'>;
  run(): Promise<Sample>;
}

/** CPU microseconds a unit; null where it cannot be known. */
export interface Cpu {
  readonly gateway: number | null;
  readonly postgres: number | null;
  readonly store: number | null;
  readonly generator: number | null;
}

export interface WayResult {
  readonly name: string;
  readonly throughGateway: boolean;
  readonly units: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Against the first way. */
  readonly throughputRatio: number;
  readonly p50Ratio: number;
  readonly cpuMicros: Cpu;
  /** By how much the gateway's memory rose above its size before the run, at most. */
  readonly growthBytes: number | null;
}

export interface Rounds {
  readonly ways: readonly Way[];
  readonly rounds: number;
}

interface Observation extends Sample {
  readonly cpu: Cpu;
  readonly growthBytes: number | null;
}

export async function alternate(stack: Stack, { ways, rounds }: Rounds): Promise<readonly WayResult[]> {
  const observations = new Map<string, Observation[]>(ways.map(way => [way.name, []]));
  for (let round = 0; round < rounds; round++) {
    // Each round begins with another way, every second one goes backwards, or a way would always run in the wake of the same other.
    const inOrder = round % 2 === 0 ? ways : ways.toReversed();
    for (const index of ways.keys()) {
      const way = inOrder[(index + round) % ways.length];
      if (way !== undefined) observations.get(way.name)?.push(await observe(stack, way));
    }
  }
  const results = ways.map(way => summarize(way, observations.get(way.name) ?? []));
  const first = results[0];
  return results.map(result => ({
    ...result,
    throughputRatio: result.perSecond / (first?.perSecond ?? Number.NaN),
    p50Ratio: result.p50Ms / (first?.p50Ms ?? Number.NaN),
  }));
}

async function observe(stack: Stack, way: Way): Promise<Observation> {
  const { gateway, cpuMicros } = way.at ?? stack;
  gateway.forgetPeak();
  const residentBytes = memoryOf(gateway.pid)?.residentBytes ?? null;
  const before = cpuMicros();
  const sample = await way.run();
  const after = cpuMicros();
  const spent = (part: keyof Cpu) => {
    const [from, to] = [before[part], after[part]];
    return from === null || to === null ? null : to - from;
  };
  const peakBytes = memoryOf(gateway.pid)?.peakBytes ?? null;
  return {
    ...sample,
    cpu: {
      gateway: spent('gateway'),
      postgres: spent('postgres'),
      store: spent('store'),
      generator: spent('generator'),
    },
    growthBytes: residentBytes === null || peakBytes === null ? null : peakBytes - residentBytes,
  };
}

function summarize(way: Way, runs: readonly Observation[]) {
  const units = sum(runs.map(run => run.units));
  const growths = runs.map(run => run.growthBytes).filter(growth => growth !== null);
  // CPU time comes in steps of 10 ms, so it is taken over all rounds together.
  const cpu = (part: keyof Cpu) => {
    const spent = runs.map(run => run.cpu[part]).filter(micros => micros !== null);
    return spent.length < runs.length ? null : sum(spent) / units;
  };
  return {
    name: way.name,
    throughGateway: way.throughGateway,
    units,
    perSecond: median(runs.map(run => run.units / run.seconds)),
    p50Ms: median(runs.map(run => quantile(run.latenciesMs, 0.5))),
    p99Ms: median(runs.map(run => quantile(run.latenciesMs, 0.99))),
    cpuMicros: {
      gateway: cpu('gateway'),
      postgres: cpu('postgres'),
      store: cpu('store'),
      generator: cpu('generator'),
    },
    growthBytes: growths.length === 0 ? null : Math.max(...growths),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

export function quantile(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? Number.NaN;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
