/** What a bench found: a table for people, the same as JSON for machines, and the goals with a verdict each. */
import { cpus, loadavg } from 'node:os';
import type { WayResult } from './alternate.ts';
import { measureFloorMicros } from './floor.ts';

/** A figure that DESIGN §10 promises. */
export interface Goal {
  readonly what: string;
  readonly value: number | null;
  readonly bound: 'at least' | 'at most';
  readonly limit: number;
  readonly unit: 'of straight access' | '× straight access' | 'µs' | 'MiB' | 'ms';
  /** What the bare server reached of it in the same run, where it was asked the same. */
  readonly bare?: number;
}

/** Out of reach: the bare server misses it too. Null where the value is unknown. */
export type Verdict = 'met' | 'missed' | 'out of reach' | null;

export interface Case {
  /** Such as "1 KiB, 32 connections". */
  readonly name: string;
  readonly ways: readonly WayResult[];
}

export interface Report {
  readonly bench: string;
  readonly question: string;
  readonly date: string;
  readonly machine: {
    readonly cores: number;
    readonly node: string;
    readonly loadBefore: number;
    /** CPU µs of a trivial node:http reply just before; null where it cannot be known. */
    readonly floorMicros: number | null;
  };
  /** What a unit is. */
  readonly unit: 'req' | 'MiB' | 'page' | 'blob' | 'start';
  readonly cases: readonly Case[];
  readonly goals: readonly Goal[];
  readonly peakRssMiB: number | null;
}

/** The machine as it is before the bench begins. */
export async function presentMachine(): Promise<Report['machine']> {
  const loadBefore = Number((loadavg()[0] ?? 0).toFixed(2));
  return { cores: cpus().length, node: process.version, loadBefore, floorMicros: await measureFloorMicros() };
}

/** What a trivial node:http reply took on the machine where the goals were set (DESIGN §10). */
const DESIGN_FLOOR_MICROS = 17;

/** CPU times of two machines compare as multiples of their floors alone; every other value counts as it is. */
function valueToJudge({ value, unit }: Goal, { floorMicros }: Report['machine']): number | null {
  if (unit !== 'µs' || value === null || floorMicros === null) return value;
  return (value * DESIGN_FLOOR_MICROS) / floorMicros;
}

export function judge(goal: Goal, machine: Report['machine']): Verdict {
  const { bound, limit, bare = limit } = goal;
  const value = valueToJudge(goal, machine);
  if (value === null) return null;
  const suffices = (reached: number) => (bound === 'at least' ? reached >= limit : reached <= limit);
  if (suffices(value)) return 'met';
  return suffices(bare) ? 'missed' : 'out of reach';
}

export function renderReport(report: Report): string {
  const { bench, question, date, machine, unit, cases, goals, peakRssMiB } = report;
  const head = [
    ['', 'way', `${unit}/s`, 'ratio', 'p50 ms', 'p99 ms', 'ratio'],
    ['gateway µs', 'Postgres µs', 'store µs', 'client µs', 'growth MiB'],
  ].flat();
  const rows = cases.flatMap(({ name, ways }) => ways.map((way, index) => rowOf(index === 0 ? name : '', way)));
  return [
    `\n${bench}: ${question}`,
    `${date}, ${machine.cores} cores, Node ${machine.node}, load before ${machine.loadBefore}. CPU is µs a ${unit}; a trivial node:http reply takes ${figure(machine.floorMicros)}.`,
    '',
    ...alignColumns([head, ...rows]),
    '',
    `Peak RSS of the gateway: ${peakRssMiB === null ? '–' : `${peakRssMiB.toFixed(0)} MiB`}`,
    ...goals.map(goal => renderGoal(goal, machine)),
  ].join('\n');
}

function renderGoal(goal: Goal, machine: Report['machine']): string {
  const verdict = judge(goal, machine) ?? 'unknown';
  const judged = valueToJudge(goal, machine);
  const there = judged === goal.value ? '' : `, ${figure(judged)} where the floor is ${DESIGN_FLOOR_MICROS}`;
  const beside = goal.bare === undefined ? '' : `; bare server ${figure(goal.bare)}`;
  const wanted = `${goal.bound} ${goal.limit}${beside}`;
  return `${verdict.padEnd(14)}${goal.what}: ${figure(goal.value)} ${goal.unit}${there} (${wanted})`;
}

function rowOf(name: string, way: WayResult): string[] {
  const { cpuMicros, growthBytes } = way;
  return [
    name,
    way.name,
    ...[way.perSecond, way.throughputRatio, way.p50Ms, way.p99Ms, way.p50Ratio].map(figure),
    ...[cpuMicros.gateway, cpuMicros.postgres, cpuMicros.store, cpuMicros.generator].map(figure),
    figure(growthBytes === null ? null : growthBytes / 1024 ** 2),
  ];
}

function figure(value: number | null): string {
  if (value === null || Number.isNaN(value)) return '–';
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}

/** Text to the left, figures to the right. */
function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)));
  return rows.map(row =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
