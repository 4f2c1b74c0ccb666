/** Signs what the gateway issues: logins of the command line, the anon and service keys, links. Judges no claims. */
import { createSecretKey, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import type { Clock } from './clock.ts';
import type { Claims } from './open-token.ts';

/** An HS256 token with these claims, issued now (`iat`, whole seconds) and expiring `lifetimeSeconds` later (`exp`). */
export function signToken(
  claims: Claims,
  { secret, lifetimeSeconds, clock }: { secret: string | KeyObject; lifetimeSeconds: number; clock: Clock },
): string {
  const iat = Math.floor(clock.now() / 1000);
  const key = typeof secret === 'string' ? createSecretKey(Buffer.from(secret)) : secret;
  return jwt.sign({ ...claims, iat, exp: iat + lifetimeSeconds }, key, { algorithm: 'HS256' });
}
