/**
 * Passwords of files. Wrong ones are counted for each file and address, across all processes, so that nobody guesses for
 * long and nobody is kept out by another's guesses. A right one is believed for a minute: a player asks for many parts.
 */
import type { Database } from '../database/database.ts';
import { giveBack } from '../database/queries/accounts.ts';
import { takeFromLimit } from '../database/queries/admission.ts';
import type { RequestScope } from '../domain/caller.ts';
import { addressKey, type RateLimit } from '../domain/rate-limits.ts';
import { type GivenPassword, makeBelievedPasswords } from './believed-passwords.ts';
import type { Clock } from './clock.ts';
import type { Passwords } from './passwords.ts';

export interface FilePasswordAttempt extends GivenPassword {
  /** The id of the file's object, which stays when it gets another name. */
  readonly objectId: string;
}

/**
 * Whether the password is the file's. Rejects with `rate-limited`, whatever the password, while the wrong ones of this
 * address for this file are too many, and with `unavailable`, which counts nothing, where too many wait already.
 */
export type CheckFilePassword = (scope: RequestScope, attempt: FilePasswordAttempt) => Promise<boolean>;

export interface FilePasswordsParts {
  readonly database: Database;
  readonly passwords: Passwords;
  readonly clock: Clock;
  readonly limit: RateLimit;
}

export function makeFilePasswords({ database, passwords, clock, limit }: FilePasswordsParts): CheckFilePassword {
  const believed = makeBelievedPasswords(clock);
  const underway = new Map<string, Promise<boolean>>();

  /** Taken first and given back for a right one: however many guesses come at once, no more than the limit are tried. */
  async function attempt(scope: RequestScope, given: FilePasswordAttempt) {
    const { password, passwordHash, objectId, address } = given;
    const key = `file-password|${objectId}|${addressKey(address)}`;
    const [taken] = await database.run(scope, takeFromLimit, { key, ...limit });
    const isRight = await passwords.verify(password, passwordHash).catch((error: unknown) => error);
    if (isRight !== false && taken !== undefined) {
      await database.run(scope, giveBack, { keys: [key], windowEnds: [taken.windowEnd] });
    }
    if (typeof isRight !== 'boolean') throw isRight;
    return isRight;
  }

  return async (scope, given) => {
    const proof = believed.proofOf(given);
    if (believed.has(proof)) return true;
    // Many readers with the right password at once are no guesses, and must not use up the limit together.
    if (await underway.get(proof)?.catch(() => false)) return true;
    const trying = attempt(scope, given).finally(() => underway.delete(proof));
    underway.set(proof, trying);
    const isRight = await trying;
    if (isRight) believed.add(proof);
    return isRight;
  };
}
