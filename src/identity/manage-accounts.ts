/** What an operator does with accounts: `sluice user`. Nothing here is offered over HTTP. */
import type { Database } from '../database/database.ts';
import {
  type AccountChanges,
  type AccountRow,
  addAccount,
  changeAccount,
  findTree,
  listAccounts,
  removeAccount,
} from '../database/queries/manage-accounts.ts';
import type { RequestScope } from '../domain/caller.ts';
import { errorCode, SluiceError } from '../domain/errors.ts';
import type { Passwords } from './passwords.ts';

export interface AccountWishes extends Omit<AccountChanges, 'passwordHash'> {
  readonly password?: string;
  /** Gives a new account what lies in the tree of its name already. */
  readonly withFiles?: boolean;
}

export interface AccountKeeper {
  /**
   * Throws `account-exists`; `object-exists` where files lie in the tree of that name, as of an account that was removed, unless
   * they are wished for; and `invalid-parameter` for a name or backend that no account may have.
   */
  add(scope: RequestScope, username: string, wishes: AccountWishes): Promise<AccountRow>;
  /** A new password ends the account's sessions. Throws `account-not-found`, `invalid-parameter`. */
  set(scope: RequestScope, username: string, wishes: AccountWishes): Promise<AccountRow>;
  /** Ends its sessions, too; its files stay. Throws `account-not-found`. */
  remove(scope: RequestScope, username: string): Promise<void>;
  list(scope: RequestScope): Promise<readonly AccountRow[]>;
}

export interface AccountKeeperParts {
  readonly database: Database;
  readonly passwords: Passwords;
}

const USERNAME = /^(?!\.+$)(?!(?:v1|me|all)$)[A-Za-z0-9_.-]{1,64}$/i;
/** As a label of a host name, so that `backend-<id>` is the name of a bucket. */
const BACKEND = /^[a-z0-9](?:[a-z0-9-]{0,52}[a-z0-9])?$/;
/** As logging in takes at most (`openapi.yaml`, `LoginRequest`). */
const PASSWORD_MAX_CHARACTERS = 1000;

export function makeAccountKeeper({ database, passwords }: AccountKeeperParts): AccountKeeper {
  async function apply(
    scope: RequestScope,
    statement: typeof addAccount,
    { username, wishes: { password, withFiles: _, ...others } }: { username: string; wishes: AccountWishes },
  ): Promise<AccountRow> {
    const changes = password === undefined ? others : { ...others, passwordHash: await passwords.hash(password) };
    await database.run(scope, statement, { username, changes });
    const [row] = await database.run(scope, listAccounts, { username });
    if (row === undefined) throw noSuchAccount(username);
    return row;
  }

  async function refuseTree(scope: RequestScope, username: string): Promise<void> {
    if ((await database.run(scope, findTree, { username })).length === 0) return;
    if ((await database.run(scope, listAccounts, { username })).length > 0) return; // which is said instead
    throw new SluiceError(
      'object-exists',
      `Files of an earlier user ${username} lie in the bucket home. Give them to the new one with --with-files, or remove ` +
        `them first: sluice sql "delete from storage.objects where bucket_id = 'home' and starts_with(name, '${username}/')"`,
      { facts: { username } },
    );
  }

  return {
    async add(scope, username, wishes) {
      checkUsername(username);
      checkWishes(wishes);
      if (wishes.withFiles !== true) await refuseTree(scope, username);
      return apply(scope, addAccount, { username, wishes }).catch(error => {
        if (errorCode(error) !== 'account-exists') throw error;
        throw new SluiceError('account-exists', `There is a user ${username} already`, { facts: { username } });
      });
    },
    async set(scope, username, wishes) {
      checkWishes(wishes);
      return apply(scope, changeAccount, { username, wishes });
    },
    async remove(scope, username) {
      if ((await database.run(scope, removeAccount, { username })).length === 0) throw noSuchAccount(username);
    },
    list: scope => database.run(scope, listAccounts, { username: null }),
  };
}

function checkUsername(username: string): void {
  if (USERNAME.test(username)) return;
  throw new SluiceError(
    'invalid-parameter',
    `'${username}' cannot be a user name: it takes 1 to 64 letters, digits, dots, dashes and underscores, and v1, me and all are reserved`,
  );
}

function checkWishes({ password, backend }: AccountWishes): void {
  if (backend !== undefined && !BACKEND.test(backend)) {
    throw new SluiceError(
      'invalid-parameter',
      `'${backend}' cannot be a backend: it takes 1 to 54 small letters, digits and dashes, as a label of a host name`,
    );
  }
  if (password !== undefined && (password === '' || password.length > PASSWORD_MAX_CHARACTERS)) {
    throw new SluiceError('invalid-parameter', `A password has 1 to ${PASSWORD_MAX_CHARACTERS} characters`);
  }
}

function noSuchAccount(username: string): SluiceError {
  return new SluiceError('account-not-found', `There is no user ${username}`, { facts: { username } });
}
