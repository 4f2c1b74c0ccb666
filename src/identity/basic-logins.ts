/**
 * HTTP Basic (RFC 7617): name and password with every request, and no session. A password that was right is believed for a
 * minute, from where it came, so that not every request pays for its hash; the account itself is read each time, so a new password, a ban and
 * a changed flag count at once.
 */
import type { Database } from '../database/database.ts';
import { beginSignIn, giveBack, type SignInSubject } from '../database/queries/accounts.ts';
import type { Caller, RequestScope } from '../domain/caller.ts';
import { errorCode, SluiceError } from '../domain/errors.ts';
import type { RateLimit } from '../domain/rate-limits.ts';
import type { AttemptLine } from './attempt-line.ts';
import { makeBelievedPasswords } from './believed-passwords.ts';
import type { Clock } from './clock.ts';
import { loginKeys, storableName, wrongPassword } from './login-attempts.ts';
import type { Passwords } from './passwords.ts';

export interface BasicLogin {
  /** The value of the header `authorization`. */
  readonly authorization: string;
  /** Where the request comes from, for the limit by address. */
  readonly address: string;
}

export type AuthenticateBasic = (scope: RequestScope, login: BasicLogin) => Promise<Caller>;

export interface BasicLoginsParts {
  readonly database: Database;
  readonly passwords: Passwords;
  readonly clock: Clock;
  readonly loginLimit: RateLimit;
  readonly line: AttemptLine;
}

/**
 * Who this is, with the claims that a session's token would have. Rejects with `invalid-password` for a wrong pair and for
 * a header that is no Basic login, `rate-limited` as signing in does, `not-permitted` (`account-active`) for a banned
 * account whose password was right.
 */
export function makeBasicLogins({ database, passwords, clock, loginLimit, line }: BasicLoginsParts): AuthenticateBasic {
  const believed = makeBelievedPasswords(clock);

  async function attempt(scope: RequestScope, username: string, keys: readonly string[]): Promise<SignInSubject> {
    const [subject] = await database.run(scope, beginSignIn, { username: storableName(username), keys, ...loginLimit });
    if (subject === undefined) throw wrongPassword();
    return subject;
  }

  async function prove(scope: RequestScope, { username, password, address }: Pair): Promise<SignInSubject> {
    const keys = loginKeys({ username, address });
    const subject = await line.attempt(scope.signal, keys, () => attempt(scope, username, keys));
    const { passwordHash, windowEnds } = subject;
    if (!(await passwords.verify(password, passwordHash)) || passwordHash === null) throw wrongPassword();
    await database.run(scope, giveBack, { keys, windowEnds });
    believed.add(believed.proofOf({ passwordHash, password, address }));
    return subject;
  }

  /** What is being proved for one request counts for all that say the same: a client with many at once has tried once. */
  const proving = new Map<string, Promise<SignInSubject>>();

  async function authenticate(scope: RequestScope, pair: Pair): Promise<Caller> {
    const { username } = pair;
    const known = await attempt(scope, username, []);
    const proof = believed.proofOf({ ...pair, passwordHash: known.passwordHash ?? '' });
    if (known.passwordHash !== null && believed.has(proof)) return callerOf(known);
    const claim = `${username} ${proof}`;
    const running = proving.get(claim);
    if (running !== undefined) {
      await running.catch(throwIfOfPair);
      return authenticate(scope, pair);
    }
    const mine = prove(scope, pair).finally(() => proving.delete(claim));
    proving.set(claim, mine);
    return callerOf(await mine);
  }

  return async (scope, { authorization, address }) => authenticate(scope, { ...readBasic(authorization), address });
}

interface Pair {
  readonly username: string;
  readonly password: string;
  readonly address: string;
}

/** That another request was broken off, or found no database, says nothing of this one. */
function throwIfOfPair(error: unknown): void {
  if (['invalid-password', 'rate-limited'].includes(errorCode(error))) throw error;
}

function readBasic(authorization: string): { username: string; password: string } {
  const [, encoded = ''] = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization.trim()) ?? [];
  const pair = Buffer.from(encoded, 'base64').toString();
  const colon = pair.indexOf(':');
  if (colon === -1) throw wrongPassword();
  return { username: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

function callerOf({ account, claims }: SignInSubject): Caller {
  if (account === null || claims === null) throw wrongPassword();
  if (claims.banned === true) {
    throw new SluiceError('not-permitted', 'The account is banned', { facts: { permit: 'account-active' } });
  }
  const role = 'authenticated';
  return { role, subject: account, claims: JSON.stringify({ ...claims, sub: account, role }), sessionId: null };
}
