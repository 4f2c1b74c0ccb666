/** Small downloads from the local disk, beside nginx with the same files. */
import { alternate, type Way } from '../harness/alternate.ts';
import type { Effort } from '../harness/bench.ts';
import { type Disk, startDisk } from '../harness/disk.ts';
import { type LoadRequest, runLoad } from '../harness/load.ts';
import type { Case } from '../harness/report.ts';
import type { Stack } from '../harness/stack.ts';

const OBJECTS = 50;
const CONNECTIONS = 32;
const MAX_REQUESTS = 100_000;
const WARM_UP = 2.5;

export async function askDisk(
  stack: Stack,
  sizes: readonly { readonly label: string; readonly bytes: number }[],
  effort: Effort,
): Promise<Case[]> {
  const disk = await startDisk(stack);
  if (disk === null) return [];
  try {
    const cases: Case[] = [];
    for (const { label, bytes } of sizes) {
      const requests = await uploadObjects(stack, disk, bytes);
      const ways = (seconds: number) => waysTo(disk, requests, { seconds, bytes });
      await alternate(stack, { ways: ways(WARM_UP * effort.seconds), rounds: 1 });
      const name = `${label}, ${CONNECTIONS} conn., disk`;
      cases.push({ name, ways: await alternate(stack, { ways: ways(effort.seconds), rounds: effort.rounds }) });
    }
    return cases;
  } finally {
    await disk.nginx.stop();
  }
}

type Requests = Readonly<Record<'nginx' | 'public' | 'authorized', LoadRequest[]>>;

async function uploadObjects(stack: Stack, disk: Disk, sizeBytes: number): Promise<Requests> {
  const requests: Requests = { nginx: [], public: [], authorized: [] };
  const headers = { authorization: `Bearer ${stack.tokens.alice}` };
  const upload = async (bucket: string, name: string, token: string) => {
    const reply = await fetch(`${disk.gateway.url}/object/${bucket}/${name}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'text/plain' },
      body: 'x'.repeat(sizeBytes),
    });
    if (!reply.ok) throw new Error(`an upload was refused: ${await reply.text()}`);
  };
  for (let index = 0; index < OBJECTS; index++) {
    const name = `disk-${sizeBytes}/${index}`;
    await upload('open', name, stack.tokens.service);
    await upload('private', name, stack.tokens.alice);
    requests.nginx.push({ method: 'GET', path: await disk.filePath('open', name) });
    requests.public.push({ method: 'GET', path: `/object/public/open/${name}` });
    requests.authorized.push({ method: 'GET', path: `/object/authenticated/private/${name}`, headers });
  }
  return requests;
}

function waysTo(disk: Disk, requests: Requests, { seconds, bytes }: { seconds: number; bytes: number }): Way[] {
  return Object.entries(requests).map(([name, list]): Way => {
    let sent = 0;
    return {
      name,
      throughGateway: name !== 'nginx',
      at: disk,
      run: () =>
        runLoad({
          origin: name === 'nginx' ? disk.nginx.url : disk.gateway.url,
          connections: CONNECTIONS,
          seconds,
          maxRequests: MAX_REQUESTS,
          next: () => list[sent++ % list.length] ?? { method: 'GET', path: '/' },
          replyBytes: bytes,
        }),
    };
  });
}
