/** The session that a request belongs to. */
import type { RequestScope } from '../domain/caller.ts';
import { SluiceError } from '../domain/errors.ts';

/** Throws `invalid-session` for a caller who has proved to be somebody in another way, or not at all. */
export function sessionOf({ caller }: RequestScope): string {
  if (caller.sessionId === null) throw new SluiceError('invalid-session', 'This needs a session of an account');
  return caller.sessionId;
}

/** Whether the session was opened for some purposes alone, which its flags say. They never change. */
export function isScoped({ caller }: RequestScope): boolean {
  return ((JSON.parse(caller.claims) as { readonly scopes?: unknown }).scopes ?? null) !== null;
}
