/**
 * Path tokens: tokens that stand in for a login when reading exactly one path of the storage tree, for a while. Who may
 * make one, and whether one has been revoked, is for the operations.
 */
import { randomBytes } from 'node:crypto';
import { SluiceError } from '../domain/errors.ts';
import type { Clock } from './clock.ts';
import { fingerprintOf, issuedAtMs } from './link-claims.ts';
import { openToken } from './open-token.ts';
import { signToken } from './sign-token.ts';
import type { SigningKeys } from './signing-keys.ts';

/** What a verified path token says. */
export interface PathPass {
  /** Names this token alone; compared with revocations, as `issuedAt` is. */
  readonly fingerprint: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

export interface PathTokens {
  /** A token for this path, decoded and normalized; whether something is there does not matter. */
  sign(path: string): string;
  /**
   * Throws `invalid-link` for a token that is malformed, forged or out of its time, and `link-mismatch` for one of another
   * kind or for another path.
   */
  verify(token: string, path: string): PathPass;
}

export interface PathTokenParts {
  readonly keys: SigningKeys;
  readonly clock: Clock;
  readonly lifetimeMs: number;
}

export function makePathTokens({ keys, clock, lifetimeMs }: PathTokenParts): PathTokens {
  return {
    sign(path) {
      const nowMs = clock.now();
      const jti = `${nowMs.toString(36)}.${randomBytes(9).toString('base64url')}`;
      const lifetimeSeconds = Math.ceil(lifetimeMs / 1000);
      return signToken({ path, jti }, { secret: keys.shared.key, lifetimeSeconds, clock: { now: () => nowMs } });
    },
    verify(token, path) {
      const { claims, expiresAtMs } = openToken(token, { keys, nowMs: clock.now(), code: 'invalid-link' });
      const isOther = claims.role !== undefined || claims.sub !== undefined || claims.url !== undefined;
      if (claims.path !== path || isOther) throw new SluiceError('link-mismatch', 'The token is for another path');
      if (!Number.isFinite(expiresAtMs)) throw new SluiceError('invalid-link', 'missing required "exp" claim');
      return {
        fingerprint: fingerprintOf(token),
        issuedAt: new Date(issuedAtMs(claims)),
        expiresAt: new Date(expiresAtMs),
      };
    },
  };
}
