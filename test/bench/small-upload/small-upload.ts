/** Small uploads of new objects, raw and by form, beside presigned PUTs into the same S3 bucket. */
import { alternate, type Way } from '../harness/alternate.ts';
import { type Bench, type Effort, resultOf } from '../harness/bench.ts';
import { type LoadRequest, runLoad } from '../harness/load.ts';
import type { Case, Goal } from '../harness/report.ts';
import type { Bare, Stack } from '../harness/stack.ts';

/** `warmUp` is in lengths of a run: Node compiles what is hot only after thousands of requests. */
const SIZES = [
  { label: '1 KiB', bytes: 1024, maxPerSecond: 2_000, warmUp: 5 },
  { label: '1 MiB', bytes: 1024 ** 2, maxPerSecond: 400, warmUp: 1 },
] as const;
const CONNECTIONS = [1, 32] as const;
const BOUNDARY = 'boundary-of-the-bench';

export const smallUpload: Bench = {
  question: 'What does a small upload cost through the gateway, compared with straight access to the store?',
  unit: 'req',
  async ask(stack, effort) {
    await stack.createBucket('private', 'private');
    await stack.keepPrivate('private');
    const bare = await stack.bare();
    const cases: Case[] = [];
    for (const size of SIZES) {
      await runWays({ stack, bare }, size, { connections: 32, seconds: size.warmUp * effort.seconds, rounds: 1 });
      for (const connections of CONNECTIONS) {
        const ways = await runWays({ stack, bare }, size, { connections, ...effort });
        cases.push({ name: `${size.label}, ${connections} conn.`, ways });
      }
    }
    return { cases, goals: goalsOf(cases) };
  },
};

interface WaysOptions extends Pick<Effort, 'seconds' | 'rounds'> {
  readonly connections: number;
}

let names = 0;
const freshName = () => `object-${++names}`;

function runWays(
  { stack, bare }: { stack: Stack; bare: Bare },
  { bytes, maxPerSecond }: (typeof SIZES)[number],
  options: WaysOptions,
) {
  const { connections, seconds, rounds } = options;
  const maxRequests = Math.ceil(maxPerSecond * seconds);
  const authorization = `Bearer ${stack.tokens.alice}`;
  const body = 'x'.repeat(bytes);
  const form = `--${BOUNDARY}\r\ncontent-disposition: form-data; name=""; filename="x.txt"\r\ncontent-type: text/plain\r\n\r\n${body}\r\n--${BOUNDARY}--\r\n`;
  const load = (origin: string, next: () => LoadRequest) =>
    runLoad({ origin, connections, seconds, maxRequests, next, replyBytes: 0 });
  const throughGateway = (name: string, contentType: string, content: string): Way => ({
    name,
    throughGateway: true,
    run: () => {
      const headers = { authorization, 'content-type': contentType };
      return load(stack.gateway.url, () => ({
        method: 'POST',
        path: `/object/private/${freshName()}`,
        headers,
        body: content,
      }));
    },
  });
  const presigned = (name: string, origin: string): Way => ({
    name,
    throughGateway: false,
    run: () => {
      // Signed in advance, so that no signing falls into the time that is measured.
      const paths = Array.from({ length: maxRequests + connections }, () =>
        stack.presign('PUT', `straight/${freshName()}`),
      );
      return load(origin, () => ({ method: 'PUT', path: paths.pop() ?? '/', body }));
    },
  });
  const ways = [
    presigned('straight', stack.store.endpoint),
    { ...presigned('bare', bare.gateway.url), at: bare },
    throughGateway('raw', 'text/plain', body),
    throughGateway('form', `multipart/form-data; boundary=${BOUNDARY}`, form),
  ];
  return alternate(stack, { ways, rounds });
}

function goalsOf(cases: readonly Case[]): Goal[] {
  const alone = (way: string) => resultOf(cases, '1 KiB, 1 conn.', way);
  const busy = (way: string) => resultOf(cases, '1 KiB, 32 conn.', way);
  const { cpuMicros } = busy('raw');
  return [
    { what: 'raw 1 KiB, gateway CPU', value: cpuMicros.gateway, bound: 'at most', limit: 500, unit: 'µs' },
    { what: 'raw 1 KiB, Postgres CPU', value: cpuMicros.postgres, bound: 'at most', limit: 350, unit: 'µs' },
    ...['raw', 'form'].flatMap((way): Goal[] => [
      {
        what: `${way} 1 KiB, throughput at 32 connections`,
        value: busy(way).throughputRatio,
        bare: busy('bare').throughputRatio,
        bound: 'at least',
        limit: 0.6,
        unit: 'of straight access',
      },
      {
        what: `${way} 1 KiB, median latency at one connection`,
        value: alone(way).p50Ratio,
        bare: alone('bare').p50Ratio,
        bound: 'at most',
        limit: 1.5,
        unit: '× straight access',
      },
    ]),
  ];
}
