/** Accounts and their sessions. All run as the gateway: no caller has a right on either table. */
import { noRow, type Statement } from '../statement.ts';

/** The claims of an account, as the policies read them. */
export type AccountClaims = Readonly<Record<string, unknown>>;

export interface SignInAttempt {
  readonly username: string;
  readonly keys: readonly string[];
  readonly count: number;
  readonly windowMs: number;
}

export interface SignInSubject {
  /** Null: there is no such account. */
  readonly account: string | null;
  readonly passwordHash: string | null;
  readonly claims: AccountClaims | null;
  /** Of the limits that the attempt took from, in the order of its keys. */
  readonly windowEnds: readonly string[];
}

export const beginSignIn: Statement<SignInAttempt, SignInSubject> = {
  name: 'begin_sign_in',
  runs: 'gateway',
  text: `select * from sluice.begin_sign_in($1, $2, $3, $4 * interval '1 millisecond')`,
  values: ({ username, keys, count, windowMs }) => [username, keys, count, windowMs],
  row: row => ({
    account: row.account as string | null,
    passwordHash: row.password_hash as string | null,
    claims: row.claims as AccountClaims | null,
    windowEnds: row.window_ends as string[],
  }),
};

export interface FinishSignIn {
  readonly account: string;
  readonly passwordHash: string;
  readonly name: string | null;
  readonly lifetimeMs: number;
  readonly keys: readonly string[];
  readonly windowEnds: readonly string[];
}

export interface MadeSession {
  readonly id: string;
  readonly claims: AccountClaims;
  readonly expiresAt: Date;
}

export const finishSignIn: Statement<FinishSignIn, MadeSession> = {
  name: 'finish_sign_in',
  runs: 'gateway',
  text: `select * from sluice.finish_sign_in($1, $2, $3, $4 * interval '1 millisecond', $5, $6)`,
  values: ({ account, passwordHash, name, lifetimeMs, keys, windowEnds }) => [
    account,
    passwordHash,
    name,
    lifetimeMs,
    keys,
    windowEnds,
  ],
  row: madeSession,
};

export interface OpenSession {
  /** The session of who asks. */
  readonly from: string;
  readonly name: string | null;
  readonly scopes: number | null;
  readonly lifetimeMs: number;
}

export const openSession: Statement<OpenSession, MadeSession> = {
  name: 'open_session',
  runs: 'gateway',
  text: `select * from sluice.open_session($1, $2, $3, $4 * interval '1 millisecond')`,
  values: ({ from, name, scopes, lifetimeMs }) => [from, name, scopes, lifetimeMs],
  row: madeSession,
};

export interface SessionRow {
  readonly id: string;
  readonly name: string | null;
  readonly scopes: number | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** The sessions that hold, of the account that has this session; newest first. */
export const listSessions: Statement<{ readonly of: string }, SessionRow> = {
  name: 'list_sessions',
  runs: 'gateway',
  text: `select s.id, s.name, s.scopes, s.created_at, s.expires_at
    from sluice.sessions own join sluice.sessions s on s.account = own.account
    where own.id = $1 and s.revoked_at is null and s.expires_at > now()
    order by s.created_at desc, s.id`,
  values: ({ of }) => [of],
  row: row => ({
    id: row.id as string,
    name: row.name as string | null,
    scopes: row.scopes as number | null,
    createdAt: new Date(row.created_at as string),
    expiresAt: new Date(row.expires_at as string),
  }),
};

/** Ends one session of the account that has the session `of`. A row where it had not ended before. */
export const revokeSession: Statement<{ readonly of: string; readonly id: string }, undefined> = {
  name: 'revoke_session',
  runs: 'gateway',
  text: `update sluice.sessions s set revoked_at = now() from sluice.sessions own
    where own.id = $1 and s.account = own.account and s.id = $2 and s.revoked_at is null and s.expires_at > now()
    returning s.id`,
  values: ({ of, id }) => [of, id],
  row: noRow,
};

/** Gives back what an attempt took. */
export const giveBack: Statement<
  { readonly keys: readonly string[]; readonly windowEnds: readonly string[] },
  undefined
> = {
  name: 'give_back',
  runs: 'gateway',
  text: 'select sluice.give_back($1, $2)',
  values: ({ keys, windowEnds }) => [keys, windowEnds],
  row: noRow,
};

function madeSession(row: Record<string, unknown>): MadeSession {
  return {
    id: row.id as string,
    claims: row.claims as AccountClaims,
    expiresAt: new Date(row.expires_at as string),
  };
}
