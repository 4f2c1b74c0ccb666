/** One large download, public and authorized, beside a presigned GET of an equal object in the same S3 bucket. */
import { alternate, type Way } from '../harness/alternate.ts';
import type { Bench } from '../harness/bench.ts';
import { startDisk } from '../harness/disk.ts';
import { type LargeFile, largeGoals, writeLargeFile } from '../harness/large-object.ts';
import type { Case } from '../harness/report.ts';
import type { Stack } from '../harness/stack.ts';
import { runTransfer } from '../harness/transfer.ts';

export const largeDownload: Bench = {
  question: 'How fast is one large download through the gateway, and does its memory stay bounded?',
  unit: 'MiB',
  async ask(stack, { rounds, largeMiB }) {
    const { gateway, store, presign, tokens } = stack;
    const { path, sizeBytes } = await writeLargeFile(stack.workFolder, largeMiB);
    const bare = await stack.bare();
    await stack.createBucket('open', 'public');
    await stack.createBucket('private', 'private');
    await stack.keepPrivate('private');
    const authorization = ['--header', `authorization: Bearer ${tokens.alice}`];
    const upload = (url: string, args: readonly string[]) =>
      runTransfer({ url, args: ['--upload-file', path, '--header', 'expect:', ...args], sizeBytes });
    const service = ['--request', 'POST', '--header', `authorization: Bearer ${tokens.service}`];
    await upload(`${store.endpoint}${presign('PUT', 'straight/large')}`, []);
    await upload(`${gateway.url}/object/open/large`, service);
    await upload(`${gateway.url}/object/private/large`, ['--request', 'POST', ...authorization]);

    const way = (name: string, url: string, args: readonly string[] = []): Way => ({
      name,
      throughGateway: name !== 'straight' && name !== 'bare',
      ...(name === 'bare' ? { at: bare } : {}),
      run: () => runTransfer({ url, args, sizeBytes }),
    });
    const name = `${largeMiB} MiB`;
    const ways = [
      way('straight', `${store.endpoint}${presign('GET', 'straight/large')}`),
      way('bare', `${bare.gateway.url}${presign('GET', 'straight/large')}`),
      way('public', `${gateway.url}/object/public/open/large`),
      way('authorized', `${gateway.url}/object/authenticated/private/large`, authorization),
    ];
    const cases = [{ name, ways: await alternate(stack, { ways, rounds }) }];
    const goals = largeGoals({ cases }, { name, ways: ['public', 'authorized'], limit: 0.9 });
    return { cases: [...cases, ...(await askDisk(stack, { path, sizeBytes }, rounds))], goals };
  },
};

/** The same from the local disk, beside nginx with the same files. */
async function askDisk(stack: Stack, { path, sizeBytes }: LargeFile, rounds: number): Promise<Case[]> {
  const disk = await startDisk(stack);
  if (disk === null) return [];
  const { gateway, nginx, filePath } = disk;
  try {
    const header = (token: string) => ['--header', `authorization: Bearer ${token}`];
    const upload = (bucket: string, token: string) =>
      runTransfer({
        url: `${gateway.url}/object/${bucket}/on-disk`,
        args: ['--upload-file', path, '--header', 'expect:', '--request', 'POST', ...header(token)],
        sizeBytes,
      });
    await upload('open', stack.tokens.service);
    await upload('private', stack.tokens.alice);
    const way = (name: string, url: string, args: readonly string[] = []): Way => ({
      name,
      throughGateway: name !== 'nginx',
      at: disk,
      run: () => runTransfer({ url, args, sizeBytes }),
    });
    const ways = [
      way('nginx', nginx.url + (await filePath('open', 'on-disk'))),
      way('public', `${gateway.url}/object/public/open/on-disk`),
      way('authorized', `${gateway.url}/object/authenticated/private/on-disk`, header(stack.tokens.alice)),
    ];
    return [{ name: `${sizeBytes / 1024 ** 2} MiB, disk`, ways: await alternate(stack, { ways, rounds }) }];
  } finally {
    await nginx.stop();
  }
}
