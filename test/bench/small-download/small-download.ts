/** Small downloads, public, authorized and by link, beside presigned GETs of equal objects; on disk, beside nginx. */
import { alternate, type Way } from '../harness/alternate.ts';
import { type Answer, type Bench, type Effort, resultOf } from '../harness/bench.ts';
import { type LoadRequest, runLoad } from '../harness/load.ts';
import type { Case, Goal } from '../harness/report.ts';
import type { Bare, Beside, Stack } from '../harness/stack.ts';
import { askDisk } from './on-disk.ts';

const SIZES = [
  { label: '1 KiB', bytes: 1024 },
  { label: '64 KiB', bytes: 65_536 },
] as const;
const CONNECTIONS = [1, 32] as const;
/** Of each size, so that no one object is special. */
const OBJECTS = 50;
const MAX_REQUESTS = 100_000;
/** Runs' length before the first that counts: Node compiles what is hot only after thousands of requests. */
const WARM_UP = 2.5;

export const smallDownload: Bench = {
  question: 'What does a small download cost through the gateway, compared with straight access to the store?',
  unit: 'req',
  async ask(stack, effort) {
    await stack.createBucket('open', 'public');
    await stack.createBucket('private', 'private');
    await stack.keepPrivate('private');
    const uncached = await stack.beside({ BLOB_CACHE_SIZE: '0' });
    const bare = await stack.bare();
    const cases: Case[] = [];
    for (const { label, bytes } of SIZES) {
      const requests = await uploadObjects(stack, bytes);
      await runWays(stack, {
        uncached,
        bare,
        requests,
        bytes,
        connections: 32,
        seconds: WARM_UP * effort.seconds,
        rounds: 1,
      });
      for (const connections of CONNECTIONS) {
        const ways = await runWays(stack, { uncached, bare, requests, bytes, connections, ...effort });
        cases.push({ name: `${label}, ${connections} conn.`, ways });
      }
    }
    return { cases: [...cases, ...(await askDisk(stack, SIZES, effort))], goals: goalsOf(cases) };
  },
};

/**
 * For each way, what to ask for; each is gone through in turns. The objects are few, so all but `uncached`, which asks a
 * gateway that keeps none in memory, are asked for what was read before.
 */
type Requests = Readonly<Record<'straight' | 'bare' | 'public' | 'authorized' | 'signed' | 'uncached', LoadRequest[]>>;

async function uploadObjects(stack: Stack, sizeBytes: number): Promise<Requests> {
  const { gateway, store, presign, tokens } = stack;
  const body = 'x'.repeat(sizeBytes);
  const authorization = `Bearer ${tokens.alice}`;
  const requests: Requests = { straight: [], bare: [], public: [], authorized: [], signed: [], uncached: [] };
  const put = async (url: string, init: RequestInit) => {
    const reply = await fetch(url, { body, ...init });
    if (!reply.ok) throw new Error(`${url} was refused: ${await reply.text()}`);
    return reply;
  };
  for (let index = 0; index < OBJECTS; index++) {
    const name = `${sizeBytes}/${index}`;
    await put(`${store.endpoint}${presign('PUT', `straight/${name}`)}`, { method: 'PUT' });
    const upload = (bucket: string, token: string) =>
      put(`${gateway.url}/object/${bucket}/${name}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'text/plain' },
      });
    await upload('open', tokens.service);
    await upload('private', tokens.alice);
    const signing = await put(`${gateway.url}/object/sign/private/${name}`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ expiresIn: 86_400 }),
    });
    const { signedURL } = (await signing.json()) as { signedURL: string };
    const presigned = { method: 'GET', path: presign('GET', `straight/${name}`) } as const;
    requests.straight.push(presigned);
    requests.bare.push(presigned);
    requests.public.push({ method: 'GET', path: `/object/public/open/${name}` });
    const authorized = {
      method: 'GET',
      path: `/object/authenticated/private/${name}`,
      headers: { authorization },
    } as const;
    requests.authorized.push(authorized);
    requests.uncached.push(authorized);
    requests.signed.push({ method: 'GET', path: signedURL });
  }
  return requests;
}

interface WaysOptions extends Pick<Effort, 'seconds' | 'rounds'> {
  /** A gateway beside that keeps nothing in memory. */
  readonly uncached: Beside;
  readonly bare: Bare;
  readonly requests: Requests;
  readonly bytes: number;
  readonly connections: number;
}

function runWays(stack: Stack, { uncached, bare, requests, bytes, connections, seconds, rounds }: WaysOptions) {
  const ways = Object.entries(requests).map(([name, list]): Way => {
    const at = { uncached, bare }[name] ?? stack;
    let sent = 0;
    return {
      name,
      throughGateway: name !== 'straight' && name !== 'bare',
      at,
      run: () =>
        runLoad({
          origin: name === 'straight' ? stack.store.endpoint : at.gateway.url,
          connections,
          seconds,
          maxRequests: MAX_REQUESTS,
          next: () => list[sent++ % list.length] ?? { method: 'GET', path: '/' },
          replyBytes: bytes,
        }),
    };
  });
  return alternate(stack, { ways, rounds });
}

function goalsOf(cases: Answer['cases']): Goal[] {
  const alone = (way: string) => resultOf(cases, '1 KiB, 1 conn.', way);
  const busy = (way: string) => resultOf(cases, '1 KiB, 32 conn.', way);
  // What is in memory goes past the store, and so past what bounds the bare server.
  const bare = (way: string, value: number) => (way === 'uncached' ? { bare: value } : {});
  const { cpuMicros } = busy('authorized');
  return [
    { what: 'authorized 1 KiB, gateway CPU', value: cpuMicros.gateway, bound: 'at most', limit: 250, unit: 'µs' },
    { what: 'authorized 1 KiB, Postgres CPU', value: cpuMicros.postgres, bound: 'at most', limit: 100, unit: 'µs' },
    ...['public', 'authorized', 'signed', 'uncached'].flatMap((way): Goal[] => [
      {
        what: `${way} 1 KiB, throughput at 32 connections`,
        value: busy(way).throughputRatio,
        ...bare(way, busy('bare').throughputRatio),
        bound: 'at least',
        limit: 0.55,
        unit: 'of straight access',
      },
      {
        what: `${way} 1 KiB, median latency at one connection`,
        value: alone(way).p50Ratio,
        ...bare(way, alone('bare').p50Ratio),
        bound: 'at most',
        limit: 1.5,
        unit: '× straight access',
      },
    ]),
  ];
}
