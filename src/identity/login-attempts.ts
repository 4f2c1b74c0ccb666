/** What every way of giving a password has in common: whom its limits count, and how it says no. */
import { createHash } from 'node:crypto';
import { SluiceError } from '../domain/errors.ts';
import { addressKey } from '../domain/rate-limits.ts';

/**
 * The limits of one attempt: by address, and by name whether or not anybody has it. Names are counted by their digest, so
 * that whoever reads the counts learns no password that was typed in the place of a name.
 */
export function loginKeys({ username, address }: { username: string; address: string }): string[] {
  const name = createHash('sha256').update(username.toLowerCase()).digest('base64url').slice(0, 22);
  return [`login|address|${addressKey(address)}`, `login|account|${name}`];
}

/** The same for a wrong password and for a name that nobody has. */
export function wrongPassword(): SluiceError {
  return new SluiceError('invalid-password', 'Wrong user name or password');
}

/** The name, or the empty one, which nobody has, in place of a text that no name can be. */
export function storableName(username: string): string {
  return /^[\w.-]{1,64}$/.test(username) ? username : '';
}
