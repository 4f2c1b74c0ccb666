/** How fast the sweeper removes dead blobs, beside a program that only deletes the same bytes. */
import { randomUUID } from 'node:crypto';
import { mkdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DeleteObjectsCommand, S3Client } from '@aws-sdk/client-s3';
import { storeKeyOf } from '../../../src/domain/objects.ts';
import { alternate, type Sample, type Way } from '../harness/alternate.ts';
import type { Bench } from '../harness/bench.ts';
import { runLoad } from '../harness/load.ts';
import { type Beside, ON_DISK, type Stack } from '../harness/stack.ts';

const STEP = 1_000;
const AT_ONCE = 16;
/** Putting bytes there takes longest, and S3 is asked for a thousand deletes at once however many there are. */
const S3_SHARE = 0.1;
const POLL_MS = 20;

export const sweep: Bench = {
  question: 'How fast does the sweeper remove dead blobs, compared with deleting the same bytes and nothing else?',
  unit: 'blob',
  // Only the gateway beside sweeps the disk, and each sweeps when it is told to: by rows that are due.
  env: { SWEEP_INTERVAL: '200ms', SWEEP_GRACE: '0s' },
  async ask(stack, { blobs, rounds }) {
    const inS3 = Math.ceil(blobs * S3_SHARE);
    const s3 = await alternate(stack, { ways: s3Ways(stack, inS3), rounds });
    await stack.gateway.stop();
    const disk = await stack.beside(ON_DISK);
    const onDisk = await alternate({ ...stack, ...disk }, { ways: diskWays(stack, disk, blobs), rounds: 1 });
    return {
      cases: [
        { name: `${inS3} in S3`, ways: s3 },
        { name: `${blobs} on disk`, ways: onDisk },
      ],
      goals: [],
    };
  },
};

function s3Ways(stack: Stack, blobs: number): Way[] {
  const { endpoint, region, accessKeyId, secretAccessKey } = stack.store;
  const put = async () => {
    const keys = newKeys(blobs);
    const left = keys.map(key => stack.presign('PUT', key));
    const spare = left[0] ?? '/';
    await runLoad({
      origin: endpoint,
      connections: AT_ONCE,
      seconds: 600,
      maxRequests: blobs,
      next: () => ({ method: 'PUT', path: left.pop() ?? spare, body: 'x'.repeat(1024) }),
      replyBytes: 0,
    });
    return keys;
  };
  const straight = async () => {
    const keys = await put();
    const credentials = { accessKeyId, secretAccessKey };
    const client = new S3Client({ endpoint, region, forcePathStyle: true, credentials });
    const sample = await timedSteps(keys, async step => {
      const Objects = step.map(Key => ({ Key }));
      await client.send(new DeleteObjectsCommand({ Bucket: 'bench', Delete: { Objects, Quiet: true } }));
    });
    client.destroy();
    return sample;
  };
  return [
    { name: 'straight', throughGateway: false, run: straight },
    { name: 'sweeper', throughGateway: true, run: async () => untilSwept(stack, await put()) },
  ];
}

function diskWays(stack: Stack, disk: Beside, blobs: number): Way[] {
  const put = async () => {
    const keys = newKeys(blobs);
    for (let shard = 0; shard < 256; shard++) {
      await mkdir(join(disk.blobsFolder, shard.toString(16).padStart(2, '0')), { recursive: true });
    }
    for (let start = 0; start < keys.length; start += STEP) {
      const step = keys.slice(start, start + STEP);
      await Promise.all(step.map(key => writeFile(join(disk.blobsFolder, key), 'x'.repeat(1024))));
    }
    return keys;
  };
  const straight = async () =>
    timedSteps(await put(), async step => {
      for (let start = 0; start < step.length; start += AT_ONCE) {
        await Promise.all(step.slice(start, start + AT_ONCE).map(key => unlink(join(disk.blobsFolder, key))));
      }
    });
  return [
    { name: 'straight', throughGateway: false, at: disk, run: straight },
    { name: 'sweeper', throughGateway: true, at: disk, run: async () => untilSwept(stack, await put()) },
  ];
}

function newKeys(count: number): string[] {
  return Array.from({ length: count }, () => storeKeyOf(randomUUID()));
}

async function timedSteps(keys: readonly string[], act: (step: string[]) => Promise<void>): Promise<Sample> {
  const latenciesMs: number[] = [];
  for (let start = 0; start < keys.length; start += STEP) {
    const startMs = performance.now();
    await act(keys.slice(start, start + STEP));
    latenciesMs.push(performance.now() - startMs);
  }
  return { units: keys.length, seconds: latenciesMs.reduce((sum, ms) => sum + ms, 0) / 1000, latenciesMs };
}

/** Declares the bytes dead, as a delete would, and waits until the ledger has forgotten them. */
async function untilSwept(stack: Stack, keys: readonly string[]): Promise<Sample> {
  await stack.sql(
    `insert into sluice.blobs (version, store_key, state, live_at, dead_at)
      select split_part(key, '/', 2), key, 'dead', now(), now() from unnest($1::text[]) as key`,
    [keys],
  );
  const startMs = performance.now();
  for (;;) {
    const [row] = await stack.sql('select exists (select from sluice.blobs) as some');
    if (row?.some !== true) break;
    await delay(POLL_MS);
  }
  const seconds = (performance.now() - startMs) / 1000;
  return { units: keys.length, seconds, latenciesMs: [(seconds * 1000 * STEP) / keys.length] };
}
