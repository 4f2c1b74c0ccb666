/** `sluice user`: the accounts of people who sign in with a password. */
import { Command } from 'commander';
import type { AccountRow } from '../database/queries/manage-accounts.ts';
import { type Output, printResult, renderTable } from './output.ts';

export type User = Omit<AccountRow, 'createdAt'>;

export interface UserWishes {
  readonly password?: string;
  readonly email?: string;
  readonly verified?: boolean;
  readonly staff?: boolean;
  readonly admin?: boolean;
  readonly banned?: boolean;
  readonly backend?: string;
  /** False takes the second factor away. */
  readonly totp?: boolean;
  /** Of a new account alone: it takes over what lies in the tree of its name. */
  readonly withFiles?: boolean;
}

export interface Changed {
  readonly user: User;
  /** Where a second factor was asked for: what an authenticator app scans. */
  readonly otpauthUrl: string | null;
  /** Buckets and policy sets that were missing and have been made. */
  readonly made: readonly string[];
}

export interface UserCommandParts {
  readonly output: Output;
  /** The first line of standard input. */
  readonly readPassword: () => Promise<string>;
  readonly add: (username: string, wishes: UserWishes) => Promise<Changed>;
  readonly set: (username: string, wishes: UserWishes) => Promise<Changed>;
  readonly remove: (username: string) => Promise<void>;
  readonly list: () => Promise<readonly User[]>;
}

type Options = UserWishes & { readonly json: boolean };

export function makeUserCommand(parts: UserCommandParts): Command {
  return new Command('user')
    .description('add, change, remove and list the accounts of people who sign in with a password')
    .addCommand(changing('add', 'add an account, and with the first one the buckets and policies it needs', parts))
    .addCommand(changing('set', 'change an account; a new password ends its sessions', parts))
    .addCommand(makeRemove(parts))
    .addCommand(makeList(parts));
}

function changing(verb: 'add' | 'set', description: string, parts: UserCommandParts): Command {
  const command = new Command(verb).description(description).argument('<name>', 'the user name');
  if (verb === 'add') command.requiredOption('--password <password>', 'the password; - reads it from standard input');
  else command.option('--password <password>', 'a new password; - reads it from standard input');
  command
    .option('--email <address>', 'the mail address')
    .option('--backend <id>', 'the backend of the file API that the account belongs to (default: default)');
  for (const [flag, meaning] of FLAGS) {
    command.option(`--${flag}`, meaning);
    if (verb === 'set') command.option(`--no-${flag}`, 'the opposite');
  }
  if (verb === 'add')
    command.option('--with-files', 'gives the account the files that lie in the tree of its name already');
  return command.option('--json', 'print JSON', false).action(async (username: string, options: Options) => {
    const { json, ...wishes } = options;
    if (verb === 'set' && Object.keys(wishes).length === 0) command.error('error: nothing to change was named');
    const password = wishes.password === '-' ? { password: await parts.readPassword() } : {};
    const changed = await parts[verb](username, { ...wishes, ...password });
    const text = [
      `The user ${username} has been ${verb === 'add' ? 'added' : 'changed'}.`,
      ...(changed.otpauthUrl === null ? [] : [`Second factor: ${changed.otpauthUrl}`]),
      ...(changed.made.length === 0 ? [] : [`Made with it: ${changed.made.join(', ')}.`]),
    ];
    printResult(parts.output, { json, value: changed, text: text.join('\n') });
  });
}

const FLAGS = [
  ['verified', 'the mail address is known to be right'],
  ['staff', 'a member of staff'],
  ['admin', 'an administrator of the backend'],
  ['banned', 'may do nothing'],
  ['totp', 'has a second factor, whose secret is printed as a URL for an authenticator app'],
] as const;

function makeRemove({ output, remove }: UserCommandParts): Command {
  return new Command('remove')
    .description('remove an account and end its sessions; its files stay')
    .argument('<name>', 'the user name')
    .option('--json', 'print JSON', false)
    .action(async (username: string, { json }: { json: boolean }) => {
      await remove(username);
      printResult(output, { json, value: { removed: username }, text: `The user ${username} has been removed.` });
    });
}

function makeList({ output, list }: UserCommandParts): Command {
  return new Command('list')
    .description('list the accounts')
    .option('--json', 'print JSON', false)
    .action(async ({ json }: { json: boolean }) => {
      const users = await list();
      const rows = users.map(user => [
        user.username,
        user.id,
        `${user.accountId}`,
        user.uid,
        user.backend,
        user.email ?? '',
        ['verified', 'staff', 'admin', 'banned', 'secondFactor'].filter(flag => user[flag as keyof User]).join(' '),
      ]);
      const text = renderTable([['name', 'id', 'number', 'uid', 'backend', 'mail', 'flags'], ...rows]);
      printResult(output, { json, value: users, text });
    });
}
