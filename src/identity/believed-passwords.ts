/**
 * Remembers for a minute which passwords were right for which hashes, so that not every request pays for a hash. Only for
 * the address that gave them: elsewhere a belief would answer guesses that no limit counts. Keeps nothing but digests
 * under a key of this process.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { addressKey } from '../domain/rate-limits.ts';
import { makeBoundedCache } from './bounded-cache.ts';
import type { Clock } from './clock.ts';

export interface GivenPassword {
  readonly password: string;
  readonly passwordHash: string;
  readonly address: string;
}

export interface BelievedPasswords {
  /** What stands for all three together, in this process alone. */
  proofOf(given: GivenPassword): string;
  has(proof: string): boolean;
  add(proof: string): void;
}

const BELIEVED_MS = 60_000;
const BOUNDS = { maxEntries: 10_000, maxKeyCharacters: 1024 * 1024 };

export function makeBelievedPasswords(clock: Clock): BelievedPasswords {
  const believed = makeBoundedCache<true>(BOUNDS);
  const processKey = randomBytes(32);
  return {
    proofOf: ({ passwordHash, password, address }) =>
      createHmac('sha256', processKey)
        .update(`${passwordHash} ${addressKey(address)} ${password}`)
        .digest('base64url'),
    has: proof => believed.get(proof, clock.now()) === true,
    add: proof => believed.set(proof, true, clock.now() + BELIEVED_MS),
  };
}
