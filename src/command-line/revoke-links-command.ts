/** `sluice revoke-links`: ends links before their time. */
import { Command } from 'commander';
import { type Output, printResult } from './output.ts';

export interface LinksToRevoke {
  readonly bucket: string;
  /** Null: every link into the bucket. */
  readonly name: string | null;
  /** Null: every link; else the one with this token, or with this token in its URL. */
  readonly token: string | null;
}

export interface RevokeLinksCommandParts {
  readonly output: Output;
  readonly revokeLinks: (links: LinksToRevoke) => Promise<void>;
}

export function makeRevokeLinksCommand({ output, revokeLinks }: RevokeLinksCommandParts): Command {
  return new Command('revoke-links')
    .description('refuse, from now on, the links made so far: all of a bucket, all of an object, or a single one')
    .argument('<bucket>', 'the bucket')
    .argument('[name]', 'the object; without it, every link into the bucket')
    .option('--token <token>', 'the one link with this token (a whole link is taken as well)')
    .option('--json', 'print JSON', false)
    .action(
      async (
        bucket: string,
        name: string | undefined,
        options: { token?: string; json: boolean },
        command: Command,
      ) => {
        if (options.token !== undefined && name === undefined)
          command.error('error: --token needs the name of the object');
        const token = options.token === undefined ? null : tokenOf(options.token);
        const links: LinksToRevoke = { bucket, name: name ?? null, token };
        await revokeLinks(links);
        const into = name === undefined ? `the bucket ${bucket}` : `${bucket}/${name}`;
        const text =
          token === null ? `All links into ${into} made until now are refused.` : `The link into ${into} is refused.`;
        printResult(output, { json: options.json, value: { revoked: links }, text });
      },
    );
}

function tokenOf(given: string): string {
  return /[?&]token=([^&#]+)/.exec(given)?.[1] ?? given;
}
