/**
 * The benches: `npm run bench` runs all, `npm run bench -- small-download` some. Needs a built gateway and an S3 server as
 * the tests do. Options: --json FILE, and for quick trials --seconds, --rounds, --rows, --large-mib, --blobs, --slow-clients. The
 * gateway's node is given --node-flags, as in --node-flags=--cpu-prof.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Bench, Effort } from './harness/bench.ts';
import { memoryOf } from './harness/process-usage.ts';
import { presentMachine, type Report, renderReport } from './harness/report.ts';
import { startStack } from './harness/stack.ts';
import { largeDownload } from './large-download/large-download.ts';
import { largeUpload } from './large-upload/large-upload.ts';
import { listMillion } from './list-million/list-million.ts';
import { manySlowClients } from './many-slow-clients/many-slow-clients.ts';
import { metadata } from './metadata/metadata.ts';
import { smallDownload } from './small-download/small-download.ts';
import { smallUpload } from './small-upload/small-upload.ts';
import { start } from './start/start.ts';
import { sweep } from './sweep/sweep.ts';
import { workers } from './workers/workers.ts';

const BENCHES: Readonly<Record<string, Bench>> = {
  'small-download': smallDownload,
  'small-upload': smallUpload,
  'large-download': largeDownload,
  'large-upload': largeUpload,
  'list-million': listMillion,
  metadata,
  sweep,
  start,
  'many-slow-clients': manySlowClients,
  workers,
};

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const MEBIBYTE = 1024 ** 2;
/** Of DESIGN §10. */
const IDLE_RSS_MIB = 100;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    rows: { type: 'string', default: '1000000' },
    'large-mib': { type: 'string', default: '512' },
    blobs: { type: 'string', default: '100000' },
    'slow-clients': { type: 'string', default: '1000' },
    'node-flags': { type: 'string', default: '' },
  },
});

const effort: Effort = {
  seconds: Number(options.seconds),
  rounds: Number(options.rounds),
  rows: Number(options.rows),
  largeMiB: Number(options['large-mib']),
  blobs: Number(options.blobs),
  slowClients: Number(options['slow-clients']),
};

const reports: Report[] = [];
for (const name of positionals.length === 0 ? Object.keys(BENCHES) : positionals) {
  const bench = BENCHES[name];
  if (bench === undefined) throw new Error(`there is no bench ${name}; there are ${Object.keys(BENCHES).join(', ')}`);
  const report = await runBench(name, bench);
  reports.push(report);
  process.stdout.write(`${renderReport(report)}\n`);
}
if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(reports, null, 2)}\n`);

async function runBench(name: string, bench: Bench): Promise<Report> {
  const machine = await presentMachine();
  const nodeFlags = options['node-flags'].split(' ').filter(Boolean);
  const stack = await startStack({ env: bench.env ?? {}, nodeFlags });
  const giveUp = () => void stack.stop().finally(() => process.exit(130));
  for (const signal of SIGNALS) process.once(signal, giveUp);
  try {
    const idleRss = memoryOf(stack.gateway.pid)?.residentBytes ?? null;
    let peakBytes = 0;
    const notePeak = () => {
      peakBytes = Math.max(peakBytes, memoryOf(stack.gateway.pid)?.peakBytes ?? 0);
    };
    // The peak is forgotten before each run, so it is noted there as well.
    const forgetPeak = stack.gateway.forgetPeak;
    const gateway = {
      ...stack.gateway,
      forgetPeak: () => {
        notePeak();
        forgetPeak();
      },
    };
    const { cases, goals } = await bench.ask({ ...stack, gateway }, effort);
    notePeak();
    return {
      bench: name,
      question: bench.question,
      date: new Date().toISOString().slice(0, 10),
      machine,
      unit: bench.unit,
      cases,
      goals: [
        ...goals,
        {
          what: 'idle RSS after the start',
          value: idleRss === null ? null : idleRss / MEBIBYTE,
          bound: 'at most',
          limit: IDLE_RSS_MIB,
          unit: 'MiB',
        },
      ],
      peakRssMiB: peakBytes === 0 ? null : peakBytes / MEBIBYTE,
    };
  } finally {
    for (const signal of SIGNALS) process.off(signal, giveUp);
    await stack.stop();
  }
}
