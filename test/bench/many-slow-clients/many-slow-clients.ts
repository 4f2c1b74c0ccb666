/**
 * Small downloads of a fast client while many slow ones hold a large download each: straight at the store, through the
 * gateway from S3, and from the local disk.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { alternate, type Way } from '../harness/alternate.ts';
import type { Bench, Effort } from '../harness/bench.ts';
import { writeLargeFile } from '../harness/large-object.ts';
import { runLoad } from '../harness/load.ts';
import { memoryOf } from '../harness/process-usage.ts';
import type { Case, Goal } from '../harness/report.ts';
import { type Beside, ON_DISK, type Stack } from '../harness/stack.ts';
import { runTransfer } from '../harness/transfer.ts';

const LARGE_MIB = 16;
const BYTES_PER_SECOND = 4 * 1024;
const CONNECTIONS = 8;
const MAX_REQUESTS = 100_000;
/** The crowd has so long to get its first bytes. */
const LONGEST_BEGIN_MS = 30_000;
const POLL_MS = 500;
const MEBIBYTE = 1024 ** 2;

export const manySlowClients: Bench = {
  question: 'What does a fast client notice of many slow ones, and what do they cost in memory?',
  unit: 'req',
  async ask(stack, effort) {
    const { path, sizeBytes } = await writeLargeFile(stack.workFolder, LARGE_MIB);
    const disk = await stack.beside(ON_DISK);
    const put = (url: string, args: readonly string[], bytes: number) =>
      runTransfer({ url, args: ['--header', 'expect:', ...args], sizeBytes: bytes });
    const { store, presign } = stack;
    const straight = (method: 'GET' | 'PUT', name: string) => store.endpoint + presign(method, `straight/${name}`);
    const small = ['--data-binary', 'x'.repeat(1024)];
    const large = ['--upload-file', path];
    await put(straight('PUT', 'large'), large, sizeBytes);
    await put(straight('PUT', 'small'), ['--request', 'PUT', ...small], 1024);
    const places: Place[] = [
      { kind: 'straight', at: stack, small: straight('GET', 'small'), large: straight('GET', 'large') },
    ];
    for (const [kind, at] of [
      ['S3', stack],
      ['disk', disk],
    ] as const) {
      await stack.createBucket(kind, 'public');
      const post = ['--request', 'POST', '--header', `authorization: Bearer ${stack.tokens.service}`];
      await put(`${at.gateway.url}/object/${kind}/large`, [...post, ...large], sizeBytes);
      await put(`${at.gateway.url}/object/${kind}/small`, [...post, ...small], 1024);
      const url = (name: string) => `${at.gateway.url}/object/public/${kind}/${name}`;
      places.push({ kind, at, small: url('small'), large: url('large') });
    }
    const cases: Case[] = [];
    const goals: Goal[] = [];
    for (const place of places) {
      const { ways, growthMiB, begun } = await askPlace(stack, place, effort);
      cases.push({ name: `${place.kind}, ${begun} being served`, ways });
      if (place.kind === 'straight') continue;
      const what = `${place.kind}, growth of RSS, of each slow client`;
      goals.push({ what, value: growthMiB / begun, bound: 'at most', limit: 0.25, unit: 'MiB' });
    }
    return { cases, goals };
  },
};

interface Place {
  readonly kind: string;
  readonly at: Pick<Beside, 'gateway' | 'cpuMicros'>;
  readonly small: string;
  readonly large: string;
}

async function askPlace(stack: Stack, { kind, at, small, large }: Place, { slowClients, seconds, rounds }: Effort) {
  const { origin, pathname, search } = new URL(small);
  const way = (name: string): Way => ({
    name,
    throughGateway: kind !== 'straight',
    at,
    run: () =>
      runLoad({
        origin,
        connections: CONNECTIONS,
        seconds,
        maxRequests: MAX_REQUESTS,
        next: () => ({ method: 'GET', path: pathname + search }),
        replyBytes: 1024,
      }),
  });
  await way('warm up').run();
  const alone = await alternate(stack, { ways: [way('alone')], rounds });
  const before = memoryOf(at.gateway.pid)?.residentBytes ?? 0;
  const crowd = startCrowd(large, slowClients);
  try {
    const begun = await untilBegun(crowd, slowClients);
    const crowded = await alternate(stack, { ways: [way('beside them')], rounds });
    const growthMiB = ((memoryOf(at.gateway.pid)?.residentBytes ?? 0) - before) / MEBIBYTE;
    const [first] = alone;
    const ways = [...alone, ...crowded].map(result => ({
      ...result,
      throughputRatio: result.perSecond / (first?.perSecond ?? Number.NaN),
      p50Ratio: result.p50Ms / (first?.p50Ms ?? Number.NaN),
    }));
    return { ways, growthMiB, begun };
  } finally {
    crowd.disconnect();
  }
}

function startCrowd(url: string, count: number): ChildProcess {
  const program = fileURLToPath(new URL('slow-clients.mjs', import.meta.url));
  return fork(program, [url, String(count), String(BYTES_PER_SECOND)], { execArgv: [] });
}

/** How many are being served, once that is all of them or time is up. */
async function untilBegun(crowd: ChildProcess, count: number): Promise<number> {
  for (const deadline = performance.now() + LONGEST_BEGIN_MS; ; await delay(POLL_MS)) {
    crowd.send('how many');
    const [{ begun }] = (await once(crowd, 'message')) as [{ begun: number }];
    if (begun === count || performance.now() > deadline) return begun;
  }
}
