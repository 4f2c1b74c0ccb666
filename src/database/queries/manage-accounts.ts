/** What an operator does with accounts. All run as the gateway. */
import { noRow, type Statement } from '../statement.ts';

export interface AccountRow {
  readonly id: string;
  readonly username: string;
  readonly accountId: number;
  readonly uid: string;
  readonly email: string | null;
  readonly backend: string;
  readonly verified: boolean;
  readonly banned: boolean;
  readonly staff: boolean;
  readonly admin: boolean;
  readonly secondFactor: boolean;
  readonly createdAt: Date;
}

export interface AccountChanges {
  readonly email?: string;
  readonly passwordHash?: string;
  readonly verified?: boolean;
  readonly banned?: boolean;
  readonly staff?: boolean;
  readonly admin?: boolean;
  readonly backend?: string;
  /** Null takes the second factor away. */
  readonly totpSecret?: string | null;
}

export interface ChangeAccount {
  readonly username: string;
  readonly changes: AccountChanges;
}

export const addAccount: Statement<ChangeAccount, undefined> = {
  name: 'add_account',
  runs: 'gateway',
  text: 'select sluice.add_account($1, $2)',
  values: changeValues,
  row: noRow,
};

export const changeAccount: Statement<ChangeAccount, undefined> = {
  name: 'change_account',
  runs: 'gateway',
  text: 'select sluice.change_account($1, $2)',
  values: changeValues,
  row: noRow,
};

function changeValues({ username, changes: { passwordHash, totpSecret, ...others } }: ChangeAccount): string[] {
  return [username, JSON.stringify({ ...others, password_hash: passwordHash, totp_secret: totpSecret })];
}

/** Whether anything lies in the tree that an account of this name would have. Runs as the service. A row where it does. */
export const findTree: Statement<{ readonly username: string }, undefined> = {
  name: 'find_tree',
  runs: 'caller-reads',
  text: `select from storage.objects o
    where o.bucket_id = 'home' and o.name >= $1 || '/' and o.name < $1 || '0' limit 1`,
  values: ({ username }) => [username],
  row: noRow,
};

/** Its sessions go with it. A row where it was there. */
export const removeAccount: Statement<{ readonly username: string }, undefined> = {
  name: 'remove_account',
  runs: 'gateway',
  text: 'delete from sluice.accounts a where a.username = $1 returning a.id',
  values: ({ username }) => [username],
  row: noRow,
};

/** All of them, or the one of this name; by name. */
export const listAccounts: Statement<{ readonly username: string | null }, AccountRow> = {
  name: 'list_accounts',
  runs: 'gateway',
  text: `select a.id, a.username, a.account_id, a.uid, a.email, a.backend, a.verified_at is not null as verified,
      a.banned_at is not null as banned, a.staff, a.admin, a.totp_secret is not null as second_factor, a.created_at
    from sluice.accounts a where $1::text is null or a.username = $1 order by a.username`,
  values: ({ username }) => [username],
  row: row => ({
    id: row.id as string,
    username: row.username as string,
    accountId: row.account_id as number,
    uid: row.uid as string,
    email: row.email as string | null,
    backend: row.backend as string,
    verified: row.verified as boolean,
    banned: row.banned as boolean,
    staff: row.staff as boolean,
    admin: row.admin as boolean,
    secondFactor: row.second_factor as boolean,
    createdAt: new Date(row.created_at as string),
  }),
};
