/** One large upload, of known and of unknown length and by form, beside a presigned PUT into the same S3 bucket. */
import { alternate, type Way } from '../harness/alternate.ts';
import type { Bench } from '../harness/bench.ts';
import { largeGoals, writeLargeFile } from '../harness/large-object.ts';
import { runTransfer } from '../harness/transfer.ts';

export const largeUpload: Bench = {
  question: 'How fast is one large upload through the gateway, and does its memory stay bounded?',
  unit: 'MiB',
  // Replaced bytes go soon, or the rounds would fill a small disk.
  env: { SWEEP_INTERVAL: '5s', SWEEP_GRACE: '0s' },
  async ask(stack, { rounds, largeMiB }) {
    const { gateway, store, presign, tokens } = stack;
    const { path, sizeBytes } = await writeLargeFile(stack.workFolder, largeMiB);
    const bare = await stack.bare();
    await stack.createBucket('private', 'private');
    await stack.keepPrivate('private');
    const raw = ['--upload-file', path, '--header', 'expect:', '--header', 'content-type: application/octet-stream'];
    const post = [
      '--request',
      'POST',
      '--header',
      'x-upsert: true',
      '--header',
      `authorization: Bearer ${tokens.alice}`,
    ];
    const way = (name: string, url: string, args: readonly string[]): Way => ({
      name,
      throughGateway: name !== 'straight' && name !== 'bare',
      ...(name === 'bare' ? { at: bare } : {}),
      run: () => runTransfer({ url, args, sizeBytes }),
    });
    const url = (name: string) => `${gateway.url}/object/private/${name}`;
    const ways = [
      way('straight', `${store.endpoint}${presign('PUT', 'straight/large')}`, raw),
      way('bare', `${bare.gateway.url}${presign('PUT', 'straight/large')}`, raw),
      way('known length', url('known'), [...raw, ...post]),
      way('unknown length', url('unknown'), [...raw, ...post, '--header', 'transfer-encoding: chunked']),
      way('form', url('form'), [
        ...post,
        '--header',
        'expect:',
        '--form',
        `file=@${path};type=application/octet-stream`,
      ]),
    ];
    const name = `${largeMiB} MiB`;
    const cases = [{ name, ways: await alternate(stack, { ways, rounds }) }];
    const judged = ['known length', 'unknown length', 'form'];
    return { cases, goals: largeGoals({ cases }, { name, ways: judged, limit: 0.8 }) };
  },
};
