/**
 * Accounts of the gateway's own: signing in with a password, and the sessions that this opens. What an account may do is
 * for the policies, which are told what it is; here it is only found out who somebody is.
 */
import type { Database } from '../database/database.ts';
import {
  beginSignIn,
  finishSignIn,
  listSessions,
  type MadeSession,
  openSession,
  revokeSession,
  type SessionRow,
} from '../database/queries/accounts.ts';
import type { RequestScope } from '../domain/caller.ts';
import { SluiceError } from '../domain/errors.ts';
import { isUuid } from '../domain/names.ts';
import type { RateLimit } from '../domain/rate-limits.ts';
import { type AttemptLine, makeAttemptLine } from './attempt-line.ts';
import { type AuthenticateBasic, makeBasicLogins } from './basic-logins.ts';
import type { Clock } from './clock.ts';
import { loginKeys, storableName, wrongPassword } from './login-attempts.ts';
import type { Passwords } from './passwords.ts';
import { makeReverification, type Reverification } from './reverification.ts';
import { sessionOf } from './session-of.ts';
import { signToken } from './sign-token.ts';
import type { SigningKeys } from './signing-keys.ts';
import { ISSUER } from './token-verifier.ts';

export interface Login {
  readonly username: string;
  readonly password: string;
  /** Where the request comes from, for the limit by address. */
  readonly address: string;
  readonly lifetimeMs: number;
  /** What the session is called in lists. */
  readonly name?: string;
}

export interface Session {
  readonly id: string;
  /** The login token, a JWT. */
  readonly token: string;
  readonly expiresAt: Date;
  /** Bit flags; null: whatever the account may do. */
  readonly scopes: number | null;
  readonly account: AccountNames;
}

/** The names that the five APIs have for one account. */
export interface AccountNames {
  readonly id: string;
  readonly username: string;
  readonly accountId: number;
  readonly uid: string;
}

export interface SessionWish {
  readonly name: string | null;
  readonly scopes: number | null;
  readonly lifetimeMs: number;
}

export interface Accounts extends Reverification {
  /**
   * Throws `invalid-password` for a wrong pair, taking as long for a name that nobody has; `rate-limited` after too many
   * wrong ones for the account or from the address; and only where the password was right `not-permitted` (fact `permit`:
   * `account-active`) for a banned account, and `switched-off`.
   */
  signIn(scope: RequestScope, login: Login): Promise<Session>;
  /**
   * A further session for the account of the caller's session. Throws `invalid-session` for a caller without one, and
   * `not-permitted` (`session-scopes`) where the caller's is scoped and the new one could do more.
   */
  openSession(scope: RequestScope, wish: SessionWish): Promise<Session>;
  /** As `makeBasicLogins` says: a caller without a session. */
  readonly authenticateBasic: AuthenticateBasic;
  /** The caller's own that hold, newest first. Throws `invalid-session`. */
  listSessions(scope: RequestScope): Promise<readonly SessionRow[]>;
  /** Ends one of the caller's own, at once and for every process. False where it is none. Throws `invalid-session`. */
  revokeSession(scope: RequestScope, id: string): Promise<boolean>;
}

export interface AccountsParts {
  readonly database: Database;
  readonly passwords: Passwords;
  readonly keys: SigningKeys;
  readonly clock: Clock;
  readonly loginLimit: RateLimit;
}

export function makeAccounts(given: AccountsParts): Accounts {
  const parts = { ...given, line: makeAttemptLine() };
  const { database } = parts;
  return {
    ...makeReverification(parts),
    authenticateBasic: makeBasicLogins(parts),
    signIn: (scope, login) => signIn(parts, scope, login),
    async openSession(scope, wish) {
      const [made] = await database.run(scope, openSession, { from: sessionOf(scope), ...wish });
      return asSession(parts, made, wish.lifetimeMs);
    },
    listSessions: async scope => database.run(scope, listSessions, { of: sessionOf(scope) }),
    async revokeSession(scope, id) {
      const of = sessionOf(scope);
      return isUuid(id) && (await database.run(scope, revokeSession, { of, id })).length > 0;
    },
  };
}

async function signIn(
  parts: AccountsParts & { line: AttemptLine },
  scope: RequestScope,
  login: Login,
): Promise<Session> {
  const { database, passwords, loginLimit, line } = parts;
  const { username, password, name = null, lifetimeMs } = login;
  const keys = loginKeys(login);
  const attempt = { username: storableName(username), keys, ...loginLimit };
  const [subject] = await line.attempt(scope.signal, keys, () => database.run(scope, beginSignIn, attempt));
  const { account = null, passwordHash = null, windowEnds = [] } = subject ?? {};
  const isRight = await passwords.verify(password, passwordHash);
  if (!isRight || account === null || passwordHash === null) throw wrongPassword();
  const [made] = await database.run(scope, finishSignIn, { account, passwordHash, name, lifetimeMs, keys, windowEnds });
  if (made === undefined) throw wrongPassword();
  return asSession(parts, made, lifetimeMs);
}

function asSession({ keys, clock }: AccountsParts, made: MadeSession | undefined, lifetimeMs: number): Session {
  if (made === undefined) throw new SluiceError('internal', 'a session that was made gave no row');
  const { claims } = made;
  const token = signToken(
    { ...claims, role: 'authenticated', iss: ISSUER },
    { secret: keys.shared.key, lifetimeSeconds: Math.ceil(lifetimeMs / 1000), clock },
  );
  return {
    id: made.id,
    token,
    expiresAt: made.expiresAt,
    scopes: claims.scopes as number | null,
    account: namesOf(claims),
  };
}

function namesOf(claims: MadeSession['claims']): AccountNames {
  return {
    id: claims.sub as string,
    username: claims.username as string,
    accountId: claims.account_id as number,
    uid: claims.uid as string,
  };
}
