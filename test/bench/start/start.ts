/** How long a gateway takes until it is ready, and what it then holds, beside a Node process that only listens. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../../src/package-root.ts';
import { median, quantile, type WayResult } from '../harness/alternate.ts';
import type { Bench } from '../harness/bench.ts';
import { startGatewayProcess } from '../harness/gateway-process.ts';
import { cpuMicrosOf, memoryOf } from '../harness/process-usage.ts';
import { ON_DISK, type Stack } from '../harness/stack.ts';

const MEBIBYTE = 1024 ** 2;
/** For what is still being collected, or loaded, when the first request has been answered. */
const SETTLE_MS = 2_000;

/** One start. */
interface Started {
  readonly readyMs: number;
  readonly cpuMicros: number | null;
  readonly idleBytes: number | null;
}

export const start: Bench = {
  question: 'How long does a cold start take, and what does an idle gateway hold?',
  unit: 'start',
  async ask(stack, { rounds }) {
    const embedded = await mkdtemp(join(stack.workFolder, 'embedded-'));
    const env = { ...ON_DISK, DATABASE_URL: '', DATABASE_ADMIN_URL: '' };
    const ways: [name: string, starts: number, act: (stack: Stack) => Promise<Started>][] = [
      ['node alone', rounds * 2, startNode],
      ['own Postgres and S3', rounds * 2, () => startBeside(stack)],
      ['embedded, first start', 1, () => startAlone(stack, { ...env, DATA_DIR: embedded })],
      ['embedded, later starts', rounds, () => startAlone(stack, { ...env, DATA_DIR: embedded })],
    ];
    const results: WayResult[] = [];
    for (const [name, starts, act] of ways) {
      const samples: Started[] = [];
      for (let index = 0; index < starts; index++) samples.push(await act(stack));
      results.push(resultOf(name, samples, results[0]));
    }
    const goals = results.slice(1).map(({ name, growthBytes }) => ({
      what: `${name}, idle RSS`,
      value: growthBytes === null ? null : growthBytes / MEBIBYTE,
      bound: 'at most' as const,
      limit: 100,
      unit: 'MiB' as const,
    }));
    return { cases: [{ name: 'until ready', ways: results }], goals };
  },
};

async function startNode(): Promise<Started> {
  const startMs = performance.now();
  const child = fork(fileURLToPath(new URL('../harness/floor-server.mjs', import.meta.url)), { execArgv: [] });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  await (await fetch(`http://127.0.0.1:${port}/`)).arrayBuffer();
  const started = await observe(child.pid ?? 0, performance.now() - startMs);
  child.disconnect();
  return started;
}

async function startBeside(stack: Stack): Promise<Started> {
  const startMs = performance.now();
  const { gateway } = await stack.beside({});
  const started = await observe(gateway.pid, performance.now() - startMs);
  await gateway.stop();
  return started;
}

async function startAlone({ workFolder }: Stack, env: Readonly<Record<string, string>>): Promise<Started> {
  const startMs = performance.now();
  const gateway = await startGatewayProcess({ packageRoot: packageRoot(), workFolder, env, nodeFlags: [] });
  const started = await observe(gateway.pid, performance.now() - startMs);
  await gateway.stop();
  return started;
}

async function observe(pid: number, readyMs: number): Promise<Started> {
  const cpuMicros = cpuMicrosOf(pid);
  await delay(SETTLE_MS);
  return { readyMs, cpuMicros, idleBytes: memoryOf(pid)?.residentBytes ?? null };
}

/** In the form of every report: a unit is a start, and the growth is what the process holds when idle. */
function resultOf(name: string, samples: readonly Started[], first: WayResult | undefined): WayResult {
  const times = samples.map(({ readyMs }) => readyMs);
  const middle = (values: readonly (number | null)[]) => {
    const known = values.filter(value => value !== null);
    return known.length === 0 ? null : median(known);
  };
  const p50Ms = median(times);
  return {
    name,
    throughGateway: first !== undefined,
    units: samples.length,
    perSecond: 1000 / p50Ms,
    p50Ms,
    p99Ms: quantile(times, 0.99),
    throughputRatio: first === undefined ? 1 : first.p50Ms / p50Ms,
    p50Ratio: first === undefined ? 1 : p50Ms / first.p50Ms,
    cpuMicros: {
      gateway: middle(samples.map(({ cpuMicros }) => cpuMicros)),
      postgres: null,
      store: null,
      generator: null,
    },
    growthBytes: middle(samples.map(({ idleBytes }) => idleBytes)),
  };
}
