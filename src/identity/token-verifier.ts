/**
 * Logins: a token becomes a Caller. Reads no header and opens no session; what the caller may do is for the policies.
 */
import type { Caller } from '../domain/caller.ts';
import { SluiceError } from '../domain/errors.ts';
import { isUuid } from '../domain/names.ts';
import { makeBoundedCache, TOKEN_CACHE_BOUNDS } from './bounded-cache.ts';
import type { Clock } from './clock.ts';
import { type Claims, openToken } from './open-token.ts';
import type { SigningKeys } from './signing-keys.ts';

/** The `iss` claim of the tokens that an account's session is given. */
export const ISSUER = 'sluice';

/** The `scope` of a second factor's challenge, which proves a password and nothing else. */
export const CHALLENGE_SCOPE = 'second-factor';

const OTHER_SCOPES: ReadonlySet<unknown> = new Set(['download', 'upload', CHALLENGE_SCOPE]);

export interface TokenVerifier {
  /**
   * Who holds this token. `claims` are the token's own, with the role that applies. Throws `invalid-token` for a token
   * that is malformed, forged or out of its time, names a role outside the list, has a `sub` that is no string, or is
   * of another kind: a signed link, a path token or the challenge of a second factor is no login.
   */
  verify(token: string): Caller;
}

export interface TokenVerifierParts {
  readonly keys: SigningKeys;
  /** The database roles a token may name. */
  readonly roles: readonly string[];
  readonly clock: Clock;
}

/** A verifier that remembers the callers of verified tokens until these expire. Nothing unverified is remembered. */
export function makeTokenVerifier({ keys, roles, clock }: TokenVerifierParts): TokenVerifier {
  const callers = makeBoundedCache<Caller>(TOKEN_CACHE_BOUNDS);
  return {
    verify(token) {
      const nowMs = clock.now();
      const known = callers.get(token, nowMs);
      if (known !== undefined) return known;
      const { claims, expiresAtMs } = openToken(token, { keys, nowMs, code: 'invalid-token' });
      const caller = callerOf(claims, roles);
      callers.set(token, caller, expiresAtMs);
      return caller;
    },
  };
}

function callerOf(claims: Claims, roles: readonly string[]): Caller {
  const { role = 'anon', sub = '' } = claims;
  if (isOtherKind(claims)) {
    throw new SluiceError('invalid-token', 'a signed link is not a login');
  }
  if (typeof role !== 'string' || !roles.includes(role)) {
    const named = JSON.stringify(role).slice(0, 100);
    throw new SluiceError('invalid-token', `role ${named} is not allowed: a token may name ${roles.join(', ')}`);
  }
  if (typeof sub !== 'string') throw new SluiceError('invalid-token', '"sub" claim must be a string');
  return Object.freeze({
    role,
    subject: sub === '' ? null : sub,
    claims: JSON.stringify({ ...claims, role }),
    sessionId: sessionIdOf(claims),
  });
}

function isOtherKind({ url, path, scope }: Claims): boolean {
  return url !== undefined || path !== undefined || OTHER_SCOPES.has(scope);
}

/** Other issuers have sessions, too; only ours are looked up. */
function sessionIdOf({ iss, session_id }: Claims): string | null {
  if (iss !== ISSUER) return null;
  if (typeof session_id === 'string' && isUuid(session_id)) return session_id;
  throw new SluiceError('invalid-token', '"session_id" claim must be a UUID');
}
