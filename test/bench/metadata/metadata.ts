/**
 * What needs no byte of an object: HEAD, info, 304, signing, and moves, copies and deletes, which S3 does by copying and
 * deleting bytes and the gateway by changing rows. Beside each stands what a client of the store itself would do.
 */
import { CopyObjectCommand, DeleteObjectCommand, DeleteObjectsCommand, S3Client } from '@aws-sdk/client-s3';
import { alternate, type Sample, type Way } from '../harness/alternate.ts';
import type { Bench, Effort } from '../harness/bench.ts';
import { type HeadLoad, runHeads } from '../harness/heads.ts';
import { writeLargeFile } from '../harness/large-object.ts';
import { type Load, type LoadRequest, runLoad } from '../harness/load.ts';
import type { Case } from '../harness/report.ts';
import type { Stack } from '../harness/stack.ts';
import { runTransfer } from '../harness/transfer.ts';

const OBJECTS = 1_000;
const CONNECTIONS = 32;
const MAX_REQUESTS = 100_000;
const TURNS = 5;

export const metadata: Bench = {
  question: 'What do requests cost that need no bytes, compared with what the store itself would have to do?',
  unit: 'req',
  env: { SWEEP_INTERVAL: '5s', SWEEP_GRACE: '0s' },
  async ask(stack, effort) {
    await stack.createBucket('private', 'private');
    await stack.keepPrivate('private');
    const s3 = makeS3Client(stack);
    try {
      await putSmall(stack, 'read');
      const small = { name: `1 KiB, ${CONNECTIONS} conn.`, ways: await askSmall(stack, effort) };
      const large = await askLarge(stack, s3, effort);
      const bulk = { name: `delete of ${OBJECTS}`, ways: await askDelete(stack, s3, effort) };
      return { cases: [small, ...large, bulk], goals: [] };
    } finally {
      s3.destroy();
    }
  },
};

function makeS3Client({ store }: Stack): S3Client {
  const { endpoint, region, accessKeyId, secretAccessKey } = store;
  const checksums = {
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  } as const;
  return new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    ...checksums,
  });
}

/** The same objects through the gateway and, unknown to it, in the store. */
async function putSmall(stack: Stack, folder: string): Promise<void> {
  const body = 'x'.repeat(1024);
  const names = Array.from({ length: OBJECTS }, (_, index) => `${folder}/${index}`);
  const put = async (origin: string, requests: readonly LoadRequest[]) => {
    const left = [...requests];
    await runLoad({
      origin,
      connections: 8,
      seconds: 120,
      maxRequests: left.length,
      // Autocannon asks for one more request than it sends.
      next: () => left.pop() ?? requests[0] ?? { method: 'GET', path: '/' },
      replyBytes: 0,
    });
  };
  await put(
    stack.gateway.url,
    names.map(name => ({
      method: 'POST',
      path: `/object/private/${name}`,
      headers: { ...login(stack), 'content-type': 'text/plain', 'x-upsert': 'true' },
      body,
    })),
  );
  await put(
    stack.store.endpoint,
    names.map(name => ({ method: 'PUT', path: stack.presign('PUT', `straight/${name}`), body })),
  );
}

const login = ({ tokens }: Stack) => ({ authorization: `Bearer ${tokens.alice}` });

async function askSmall(stack: Stack, effort: Effort) {
  let turn = 0;
  const name = () => `read/${turn++ % 50}`;
  const heads = Array.from({ length: 50 }, (_, index) => stack.presign('HEAD', `straight/read/${index}`));
  const json = { ...login(stack), 'content-type': 'application/json' };
  const way = (title: string, next: () => LoadRequest, status = 200): Way => ({
    name: title,
    throughGateway: true,
    run: () => runLoad(loadOf(stack, { title, next, status, seconds: effort.seconds })),
  });
  const paths = Array.from({ length: OBJECTS }, (_, index) => `read/${index}`);
  const manyLinks = JSON.stringify({ expiresIn: 60, paths });
  const head = (title: string, origin: string, next: HeadLoad['next']): Way => ({
    name: title,
    throughGateway: title !== 'straight HEAD',
    run: () => runHeads({ origin, connections: CONNECTIONS, seconds: effort.seconds, next }),
  });
  const ways = [
    head('straight HEAD', stack.store.endpoint, () => ({ path: heads[turn++ % heads.length] ?? '/' })),
    head('HEAD', stack.gateway.url, () => ({
      path: `/object/authenticated/private/${name()}`,
      headers: login(stack),
    })),
    way('info', () => ({ method: 'GET', path: `/object/info/authenticated/private/${name()}`, headers: login(stack) })),
    way(
      '304',
      () => ({
        method: 'GET',
        path: `/object/authenticated/private/${name()}`,
        headers: { ...login(stack), 'if-none-match': '*' },
      }),
      304,
    ),
    way('sign', () => ({
      method: 'POST',
      path: `/object/sign/private/${name()}`,
      headers: json,
      body: '{"expiresIn":60}',
    })),
    way(`sign ${OBJECTS}`, () => ({ method: 'POST', path: '/object/sign/private', headers: json, body: manyLinks })),
  ];
  // The first rounds are for the compiler.
  await alternate(stack, { ways, rounds: 1 });
  return alternate(stack, { ways, rounds: effort.rounds });
}

function loadOf(
  stack: Stack,
  { title, next, status, seconds }: { title: string; next: () => LoadRequest; status: number; seconds: number },
): Load {
  return {
    origin: stack.gateway.url,
    connections: title.startsWith('sign 1') ? 2 : CONNECTIONS,
    seconds,
    maxRequests: MAX_REQUESTS,
    next,
    replyBytes: 0,
    status,
  };
}

/** Copies and moves of one large object: of a row, against what S3 has to do. */
async function askLarge(stack: Stack, s3: S3Client, { rounds, largeMiB }: Effort): Promise<Case[]> {
  const { path, sizeBytes } = await writeLargeFile(stack.workFolder, largeMiB);
  const args = ['--upload-file', path, '--header', 'expect:'];
  const { store, gateway, presign } = stack;
  await runTransfer({ url: `${store.endpoint}${presign('PUT', 'straight/large-0')}`, args, sizeBytes });
  const post = ['--request', 'POST', '--header', `authorization: Bearer ${stack.tokens.alice}`];
  await runTransfer({ url: `${gateway.url}/object/private/large-0`, args: [...args, ...post], sizeBytes });
  let copies = 0;
  const straight = async () => {
    const Key = `straight/large-copy-${++copies}`;
    await s3.send(new CopyObjectCommand({ Bucket: 'bench', Key, CopySource: 'bench/straight/large-0' }));
    return Key;
  };
  const remove = async (Key: string) => s3.send(new DeleteObjectCommand({ Bucket: 'bench', Key }));
  const change = (verb: 'copy' | 'move', from: string, to: string) =>
    demand(stack, 'POST', `/object/${verb}`, { bucketId: 'private', sourceKey: from, destinationKey: to });
  let place = 'large-0';
  const move = async () => {
    const to = `large-moved-${++copies}`;
    await change('move', place, to);
    place = to;
  };
  const name = `${largeMiB} MiB`;
  const straightCopies: string[] = [];
  const copyWays = [
    timed('straight copy', false, async () => void straightCopies.push(await straight())),
    timed('copy', true, () => change('copy', place, `large-copied-${++copies}`)),
  ];
  const copied = await alternate(stack, { ways: copyWays, rounds });
  for (const key of straightCopies) await remove(key);
  const moveWays = [
    timed('straight copy and delete', false, async () => void (await remove(await straight()))),
    timed('move', true, move),
  ];
  return [
    { name: `copy of ${name}`, ways: copied },
    { name: `move of ${name}`, ways: await alternate(stack, { ways: moveWays, rounds }) },
  ];
}

/** Deletes of a thousand at once; each round deletes what it has put there before the clock starts. */
async function askDelete(stack: Stack, s3: S3Client, { rounds }: Effort) {
  const names = Array.from({ length: OBJECTS }, (_, index) => `doomed/${index}`);
  const Objects = names.map(name => ({ Key: `straight/${name}` }));
  const ways = [
    timed(
      'straight',
      false,
      async () => void (await s3.send(new DeleteObjectsCommand({ Bucket: 'bench', Delete: { Objects } }))),
      1,
    ),
    timed('gateway', true, () => demand(stack, 'DELETE', '/object/private', { prefixes: names }), 1),
  ];
  const results: (readonly Awaited<ReturnType<typeof alternate>>[number][])[] = [];
  // One round at a time, because what one deletes has to be put there again, which is not part of it.
  for (let round = 0; round < rounds; round++) {
    await putSmall(stack, 'doomed');
    results.push(await alternate(stack, { ways, rounds: 1 }));
  }
  const middle = Math.floor(results.length / 2);
  return results.toSorted((a, b) => (a[1]?.p50Ms ?? 0) - (b[1]?.p50Ms ?? 0))[middle] ?? [];
}

async function demand(stack: Stack, method: string, path: string, body: object): Promise<void> {
  const reply = await fetch(stack.gateway.url + path, {
    method,
    headers: { ...login(stack), 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${method} ${path} was refused: ${text}`);
}

/** A way that does one thing a few times, one after the other. */
function timed(name: string, throughGateway: boolean, act: () => Promise<unknown>, turns = TURNS): Way {
  const run = async (): Promise<Sample> => {
    const latenciesMs: number[] = [];
    for (let turn = 0; turn < turns; turn++) {
      const startMs = performance.now();
      await act();
      latenciesMs.push(performance.now() - startMs);
    }
    return { units: turns, seconds: latenciesMs.reduce((sum, ms) => sum + ms, 0) / 1000, latenciesMs };
  };
  return { name, throughGateway, run };
}
