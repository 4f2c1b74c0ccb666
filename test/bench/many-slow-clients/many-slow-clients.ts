/** Small downloads of a fast client while many slow ones hold a large download each, from S3 and from the local disk. */
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

const LARGE_MIB = 64;
const BYTES_PER_SECOND = 16 * 1024;
const CONNECTIONS = 8;
const MAX_REQUESTS = 100_000;
const SETTLE_MS = 10_000;
const MEBIBYTE = 1024 ** 2;

export const manySlowClients: Bench = {
  question: 'What does a fast client notice of many slow ones, and what do they cost in memory?',
  unit: 'req',
  async ask(stack, effort) {
    const { path, sizeBytes } = await writeLargeFile(stack.workFolder, LARGE_MIB);
    const disk = await stack.beside(ON_DISK);
    const cases: Case[] = [];
    const goals: Goal[] = [];
    for (const [kind, at] of [
      ['S3', stack],
      ['disk', disk],
    ] as const) {
      await stack.createBucket(`open-${kind}`, 'public');
      const args = [
        '--request',
        'POST',
        '--header',
        `authorization: Bearer ${stack.tokens.service}`,
        '--header',
        'expect:',
      ];
      const url = (name: string) => `${at.gateway.url}/object/open-${kind}/${name}`;
      await runTransfer({ url: url('large'), args: [...args, '--upload-file', path], sizeBytes });
      await runTransfer({ url: url('small'), args: [...args, '--data-binary', 'x'.repeat(1024)], sizeBytes: 1024 });
      const { ways, growthMiB, begun } = await askStore(stack, { kind, at, effort });
      cases.push({ name: `${kind}, ${begun} of ${effort.slowClients} being served`, ways });
      const what = `${kind}, growth of RSS by ${effort.slowClients} slow clients, of each`;
      goals.push({ what, value: growthMiB / effort.slowClients, bound: 'at most', limit: 0.25, unit: 'MiB' });
    }
    return { cases, goals };
  },
};

async function askStore(
  stack: Stack,
  { kind, at, effort }: { kind: string; at: Pick<Beside, 'gateway' | 'cpuMicros'>; effort: Effort },
) {
  const way = (name: string): Way => ({
    name,
    throughGateway: true,
    at,
    run: () =>
      runLoad({
        origin: at.gateway.url,
        connections: CONNECTIONS,
        seconds: effort.seconds,
        maxRequests: MAX_REQUESTS,
        next: () => ({ method: 'GET', path: `/object/public/open-${kind}/small` }),
        replyBytes: 1024,
      }),
  });
  await way('warm up').run();
  const alone = await alternate(stack, { ways: [way('alone')], rounds: effort.rounds });
  const before = memoryOf(at.gateway.pid)?.residentBytes ?? 0;
  const crowd = startCrowd(`${at.gateway.url}/object/public/open-${kind}/large`, effort.slowClients);
  try {
    await delay(SETTLE_MS);
    const { begun } = await askCrowd(crowd);
    const crowded = await alternate(stack, { ways: [way('beside them')], rounds: effort.rounds });
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

async function askCrowd(crowd: ChildProcess): Promise<{ begun: number; refused: number }> {
  crowd.send('how many');
  const [answer] = (await once(crowd, 'message')) as [{ begun: number; refused: number }];
  return answer;
}
