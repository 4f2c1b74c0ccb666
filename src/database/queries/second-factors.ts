/** Second factors, and the credentials that a session is verified by again. All run as the gateway. */
import type { Statement } from '../statement.ts';

export interface Credentials {
  readonly account: string;
  readonly username: string;
  readonly passwordHash: string | null;
  readonly totpSecret: string | null;
  readonly totpPending: string | null;
  readonly totpStep: number;
  /** The limit that the attempt took from, and its window. */
  readonly key: string;
  readonly windowEnd: string;
}

export interface CredentialsAttempt {
  readonly session: string;
  readonly count: number;
  readonly windowMs: number;
}

/** What a session's account is verified by. Takes one from the account's limit, else raises SL013. */
export const attemptCredentials: Statement<CredentialsAttempt, Credentials> = {
  name: 'attempt_credentials',
  runs: 'gateway',
  text: `select a.id, a.username, a.password_hash, a.totp_secret, a.totp_pending, a.totp_step,
      'reverify|' || a.id as key, t.window_end
    from sluice.sessions s join sluice.accounts a on a.id = s.account,
      sluice.take_from_limit('reverify|' || a.id, $2, $3 * interval '1 millisecond') t
    where s.id = $1`,
  values: ({ session, count, windowMs }) => [session, count, windowMs],
  row: row => ({
    account: row.id as string,
    username: row.username as string,
    passwordHash: row.password_hash as string | null,
    totpSecret: row.totp_secret as string | null,
    totpPending: row.totp_pending as string | null,
    totpStep: row.totp_step as number,
    key: row.key as string,
    windowEnd: row.window_end as string,
  }),
};

/** Uses up a time step. A row where it had not been used. */
export const useTotpStep: Statement<{ readonly account: string; readonly step: number }, true> = {
  name: 'use_totp_step',
  runs: 'gateway',
  text: 'update sluice.accounts a set totp_step = $2 where a.id = $1 and a.totp_step < $2 returning a.id',
  values: ({ account, step }) => [account, step],
  row: () => true,
};

/** A row with the user name, unless the session's account has a second factor already. */
export const proposeTotp: Statement<{ readonly session: string; readonly secret: string }, string> = {
  name: 'propose_totp',
  runs: 'gateway',
  text: `update sluice.accounts a set totp_pending = $2 from sluice.sessions s
    where s.id = $1 and a.id = s.account and a.totp_secret is null returning a.username`,
  values: ({ session, secret }) => [session, secret],
  row: row => row.username as string,
};

/** A row where the proposed secret is the account's now. */
export const confirmTotp: Statement<
  { readonly account: string; readonly secret: string; readonly step: number },
  true
> = {
  name: 'confirm_totp',
  runs: 'gateway',
  text: `update sluice.accounts a set totp_secret = a.totp_pending, totp_pending = null, totp_step = $3,
      updated_at = now() where a.id = $1 and a.totp_pending = $2 and a.totp_secret is null returning a.id`,
  values: ({ account, secret, step }) => [account, secret, step],
  row: () => true,
};

export const removeTotp: Statement<{ readonly account: string }, true> = {
  name: 'remove_totp',
  runs: 'gateway',
  text: 'update sluice.accounts a set totp_secret = null, updated_at = now() where a.id = $1 returning a.id',
  values: ({ account }) => [account],
  row: () => true,
};
