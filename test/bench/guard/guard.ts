/**
 * `npm run bench:guard`: has a request of the main paths become dearer? CPU time of the gateway and of Postgres a request, as
 * a multiple of what a fixed piece of work (turn.mjs) takes in the same minute, against reference.json. Fails beyond FACTOR.
 *
 * Options: --write makes the figures of this run the reference; --slow-turns N puts so many turns of that work into every
 * request, to see the guard fail.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type LoadRequest, runLoad } from '../harness/load.ts';
import { type Stack, startStack } from '../harness/stack.ts';

const FACTOR = 1.5;
const ROUNDS = 5;
const CONNECTIONS = 8;
const OBJECTS = 200;
/** Just too large to be kept in memory, so that the store is asked each time. */
const STREAMED_BYTES = 64 * 1024 + 1;
/** In seconds. A young process is dear: Node compiles what is hot only after thousands of requests. */
const WARM_UP = 2.5;
const RUN = 1.1;
const MAX_REQUESTS = 1_000_000;
const REFERENCE = fileURLToPath(new URL('reference.json', import.meta.url));

const PARTS = ['gateway', 'postgres'] as const;
type Part = (typeof PARTS)[number];
/** Per path and part: CPU time a request, in turns of the yardstick. */
type Figures = Record<string, Record<Part, number>>;

interface Path {
  readonly name: string;
  readonly next: () => LoadRequest;
}

const { values: options } = parseArgs({
  options: { write: { type: 'boolean', default: false }, 'slow-turns': { type: 'string', default: '0' } },
});

const startedMs = performance.now();
const { figures, turnMicros } = await measure();
const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
process.stdout.write(`A turn of the yardstick takes ${turnMicros.toFixed(1)} µs of CPU here; ${seconds} s in all.\n`);
if (options.write) await writeFile(REFERENCE, `${JSON.stringify(figures, null, 2)}\n`);
const reference = JSON.parse(await readFile(REFERENCE, 'utf8')) as Figures;
if (compare(figures, reference) > 0) process.exitCode = 1;

/** Prints each figure beside its reference, and gives the number of those that are too high. */
function compare(present: Figures, wanted: Figures): number {
  let failures = 0;
  for (const [name, parts] of Object.entries(wanted)) {
    for (const part of PARTS) {
      const factor = (present[name]?.[part] ?? Number.NaN) / parts[part];
      const isFine = factor <= FACTOR;
      if (!isFine) failures += 1;
      const figure = `${present[name]?.[part].toFixed(2)} turns, reference ${parts[part].toFixed(2)}`;
      process.stdout.write(
        `${isFine ? 'ok    ' : 'DEARER'} ${name}, ${part}: ${figure}, factor ${factor.toFixed(2)}\n`,
      );
    }
  }
  if (failures > 0) process.stdout.write(`${failures} beyond the factor ${FACTOR}: see test/bench/guard/README.md\n`);
  return failures;
}

async function measure(): Promise<{ figures: Figures; turnMicros: number }> {
  const slowTurns = Number(options['slow-turns']);
  const slowDown = new URL('slow-down.mjs', import.meta.url).href;
  const stack = await startStack({
    env: { SLOW_TURNS: String(slowTurns) },
    nodeFlags: slowTurns === 0 ? [] : [`--import=${slowDown}`],
  });
  const yardstick = startYardstick();
  try {
    return await measureRounds(stack, yardstick, await pathsOf(stack));
  } finally {
    yardstick.stop();
    await stack.stop();
  }
}

async function measureRounds(stack: Stack, yardstick: Yardstick, paths: readonly Path[]) {
  await yardstick.measure();
  for (const path of paths) await run(stack, path, WARM_UP);
  const turns: number[] = [];
  const samples = new Map<string, Record<Part, number>[]>(paths.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    turns.push(await yardstick.measure());
    for (const path of paths) samples.get(path.name)?.push(await run(stack, path, RUN));
  }
  const turnMicros = quietHalf(turns);
  const figureOf = (name: string, part: Part) =>
    Number((quietHalf((samples.get(name) ?? []).map(sample => sample[part])) / turnMicros).toFixed(3));
  const figures = Object.fromEntries(
    paths.map(({ name }) => [name, { gateway: figureOf(name, 'gateway'), postgres: figureOf(name, 'postgres') }]),
  );
  return { figures, turnMicros };
}

/** The mean of the lower half: noise only ever adds, and a regression is in every round. */
function quietHalf(values: readonly number[]): number {
  const quiet = values.toSorted((a, b) => a - b).slice(0, Math.ceil(values.length / 2));
  return quiet.reduce((sum, value) => sum + value, 0) / quiet.length;
}

/** CPU µs of one turn of yardstick.mjs, as often as asked. */
interface Yardstick {
  measure(): Promise<number>;
  stop(): void;
}

function startYardstick(): Yardstick {
  const child = fork(fileURLToPath(new URL('yardstick.mjs', import.meta.url)), { execArgv: [] });
  return {
    async measure() {
      child.send('go');
      const [{ microsPerTurn }] = (await once(child, 'message')) as [{ microsPerTurn: number }];
      return microsPerTurn;
    },
    stop: () => child.disconnect(),
  };
}

/** CPU µs a request. */
async function run(stack: Stack, { next }: Path, seconds: number): Promise<Record<Part, number>> {
  const before = stack.cpuMicros();
  const { units } = await runLoad({
    origin: stack.gateway.url,
    connections: CONNECTIONS,
    seconds,
    maxRequests: MAX_REQUESTS,
    next,
    replyBytes: 0,
  });
  const after = stack.cpuMicros();
  const spent = (part: Part) => ((after[part] ?? Number.NaN) - (before[part] ?? Number.NaN)) / units;
  return { gateway: spent('gateway'), postgres: spent('postgres') };
}

/** The main paths, by an ordinary user under a policy. */
async function pathsOf(stack: Stack): Promise<Path[]> {
  await stack.createBucket('private', 'private');
  await stack.keepPrivate('private');
  const login = { authorization: `Bearer ${stack.tokens.alice}` };
  const body = 'x'.repeat(1024);
  let names = 0;
  const upload = (folder: string, content = body): LoadRequest => ({
    method: 'POST',
    path: `/object/private/${folder}/${names++}`,
    headers: { ...login, 'content-type': 'text/plain' },
    body: content,
  });
  const store = async ({ path, method, headers, body: content = '' }: LoadRequest) => {
    const reply = await fetch(stack.gateway.url + path, { method, headers: { ...headers }, body: content });
    if (!reply.ok) throw new Error(`an upload was refused: ${await reply.text()}`);
  };
  for (let index = 0; index < OBJECTS; index++) await store(upload('read'));
  const streamed = upload('streamed', 'x'.repeat(STREAMED_BYTES));
  await store(streamed);
  let turn = 0;
  const read = (route: string) => (): LoadRequest => ({
    method: 'GET',
    path: `${route}/private/read/${turn++ % OBJECTS}`,
    headers: login,
  });
  const list = { prefix: 'read/', limit: 100 };
  return [
    { name: 'authorized download of 1 KiB', next: read('/object/authenticated') },
    {
      name: 'authorized download of 64 KiB and a byte',
      next: () => ({
        method: 'GET',
        path: streamed.path.replace('/object/', '/object/authenticated/'),
        headers: login,
      }),
    },
    { name: 'info', next: read('/object/info/authenticated') },
    { name: 'upload of 1 KiB', next: () => upload('write') },
    {
      name: 'list page of 100',
      next: () => ({
        method: 'POST',
        path: '/object/list-v2/private',
        headers: { ...login, 'content-type': 'application/json' },
        body: JSON.stringify(list),
      }),
    },
  ];
}
