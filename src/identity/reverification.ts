/**
 * Proving once more who one is, inside a session, before something that cannot be undone: by password, and by a one-time
 * code where the account has a second factor. Also how an account gets and loses that factor. Whether an operation asks for
 * any of it is for the surfaces.
 */
import type { Database } from '../database/database.ts';
import { giveBack } from '../database/queries/accounts.ts';
import {
  attemptCredentials,
  type Credentials,
  confirmTotp,
  proposeTotp,
  removeTotp,
  useTotpStep,
} from '../database/queries/second-factors.ts';
import type { RequestScope } from '../domain/caller.ts';
import { SluiceError } from '../domain/errors.ts';
import type { RateLimit } from '../domain/rate-limits.ts';
import type { Clock } from './clock.ts';
import { openToken } from './open-token.ts';
import type { Passwords } from './passwords.ts';
import { isScoped, sessionOf } from './session-of.ts';
import { signToken } from './sign-token.ts';
import type { SigningKeys } from './signing-keys.ts';
import { CHALLENGE_SCOPE, ISSUER } from './token-verifier.ts';
import { makeTotpSecret, otpauthUrl, totpStep } from './totp.ts';

export interface Proof {
  readonly password?: string | undefined;
  /** The token of the challenge, and the code of the authenticator app; then no password is needed. The type is `totp`. */
  readonly secondFactor?: { readonly type?: string; readonly token: string; readonly code: string } | undefined;
}

export interface Reverification {
  /**
   * Resolves once the caller of this session has proved to be its account's. Throws `missing-password`; `invalid-password`;
   * `second-factor-required` (facts `token`, `expiresAt` as ISO 8601, `types`: `totp`) after the right password of an
   * account with a second factor; `invalid-second-factor` (fact `reason`: `type`, `malformed`, `challenge` or `code`), also
   * for a code that was used; `rate-limited` after too many attempts; `invalid-session` without a session.
   */
  reverify(scope: RequestScope, proof: Proof): Promise<void>;
  /** The same, but a session with scopes was opened for what they say, and is not asked. */
  reverifyUnlessScoped(scope: RequestScope, proof: Proof): Promise<void>;
  /** A second factor that counts once `confirmSecondFactor` was given a code of it. Throws `not-permitted` (`no-second-factor`). */
  proposeSecondFactor(scope: RequestScope): Promise<{ readonly secret: string; readonly url: string }>;
  /** Throws `invalid-second-factor`. */
  confirmSecondFactor(scope: RequestScope, code: string): Promise<void>;
  /** Takes the second factor away, for one of its codes. Throws `invalid-second-factor`. */
  removeSecondFactor(scope: RequestScope, code: string): Promise<void>;
}

export interface ReverificationParts {
  readonly database: Database;
  readonly passwords: Passwords;
  readonly keys: SigningKeys;
  readonly clock: Clock;
  readonly loginLimit: RateLimit;
}

const CHALLENGE_SECONDS = 300;

export function makeReverification(parts: ReverificationParts): Reverification {
  const { database, clock } = parts;

  async function credentialsOf(scope: RequestScope): Promise<Credentials> {
    const session = sessionOf(scope);
    const [credentials] = await database.run(scope, attemptCredentials, { session, ...parts.loginLimit });
    if (credentials === undefined) throw new SluiceError('invalid-session', 'The session has ended');
    return credentials;
  }

  async function succeed(scope: RequestScope, { key, windowEnd }: Credentials): Promise<void> {
    await database.run(scope, giveBack, { keys: [key], windowEnds: [windowEnd] });
  }

  function stepOf(code: string, { totpStep: afterStep }: Credentials, secret: string | null): number {
    const step = secret === null ? null : totpStep(code, { secret, nowMs: clock.now(), afterStep });
    if (step === null) throw invalidSecondFactor('code');
    return step;
  }

  async function useCode(scope: RequestScope, credentials: Credentials, code: string): Promise<void> {
    const step = stepOf(code, credentials, credentials.totpSecret);
    const used = await database.run(scope, useTotpStep, { account: credentials.account, step });
    if (used.length === 0) throw invalidSecondFactor('code');
  }

  async function reverify(scope: RequestScope, { password, secondFactor }: Proof): Promise<void> {
    if (secondFactor !== undefined) checkChallenge(parts, scope, secondFactor);
    else if (password === undefined || password === '') {
      throw new SluiceError('missing-password', 'Missing password', { facts: { fields: 'password' } });
    }
    const credentials = await credentialsOf(scope);
    if (secondFactor !== undefined) await useCode(scope, credentials, secondFactor.code);
    else if (!(await parts.passwords.verify(password ?? '', credentials.passwordHash))) {
      throw new SluiceError('invalid-password', 'Wrong password');
    }
    await succeed(scope, credentials);
    if (secondFactor === undefined && credentials.totpSecret !== null) throw challenge(parts, scope, credentials);
  }

  return {
    reverify,
    reverifyUnlessScoped: async (scope, proof) => (isScoped(scope) ? undefined : reverify(scope, proof)),

    async proposeSecondFactor(scope) {
      const secret = makeTotpSecret();
      const [username] = await database.run(scope, proposeTotp, { session: sessionOf(scope), secret });
      if (username === undefined) {
        throw new SluiceError('not-permitted', 'There is a second factor already', {
          facts: { permit: 'no-second-factor' },
        });
      }
      return { secret, url: otpauthUrl({ secret, username }) };
    },

    async confirmSecondFactor(scope, code) {
      const credentials = await credentialsOf(scope);
      const { account, totpPending: secret } = credentials;
      const step = stepOf(code, credentials, secret);
      const confirmed = await database.run(scope, confirmTotp, { account, secret: secret ?? '', step });
      if (confirmed.length === 0) throw invalidSecondFactor('code');
      await succeed(scope, credentials);
    },

    async removeSecondFactor(scope, code) {
      const credentials = await credentialsOf(scope);
      await useCode(scope, credentials, code);
      await database.run(scope, removeTotp, { account: credentials.account });
      await succeed(scope, credentials);
    },
  };
}

function invalidSecondFactor(reason: 'type' | 'malformed' | 'challenge' | 'code'): SluiceError {
  return new SluiceError('invalid-second-factor', 'Invalid second factor', { facts: { reason } });
}

/** What a right password is answered with where it is not enough. Good for this session alone. */
function challenge({ keys, clock }: ReverificationParts, scope: RequestScope, { account }: Credentials): SluiceError {
  const token = signToken(
    { iss: ISSUER, sub: account, session_id: sessionOf(scope), scope: CHALLENGE_SCOPE },
    { secret: keys.shared.key, lifetimeSeconds: CHALLENGE_SECONDS, clock },
  );
  const expiresAt = new Date(clock.now() + CHALLENGE_SECONDS * 1000).toISOString();
  return new SluiceError('second-factor-required', 'A second factor is required', {
    facts: { token, expiresAt, types: 'totp' },
  });
}

function checkChallenge(
  { keys, clock }: ReverificationParts,
  scope: RequestScope,
  { type = 'totp', token }: NonNullable<Proof['secondFactor']>,
): void {
  if (type !== 'totp') throw invalidSecondFactor('type');
  const session = sessionOf(scope);
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) throw invalidSecondFactor('malformed');
  const claims = claimsOf(token, keys, clock);
  if (claims.iss !== ISSUER || claims.scope !== CHALLENGE_SCOPE || claims.session_id !== session) {
    throw invalidSecondFactor('challenge');
  }
}

function claimsOf(token: string, keys: SigningKeys, clock: Clock) {
  try {
    return openToken(token, { keys, nowMs: clock.now(), code: 'invalid-token' }).claims;
  } catch {
    throw invalidSecondFactor('challenge');
  }
}
