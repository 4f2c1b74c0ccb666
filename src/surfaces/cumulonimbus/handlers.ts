/** What every route handler of this surface is given. */
import type { Route } from '../../contract/bind-routes.ts';
import type { RequestBodies } from '../../contract/types.generated.ts';
import type { RequestScope } from '../../domain/caller.ts';
import { SluiceError } from '../../domain/errors.ts';
import type { Accounts } from '../../identity/accounts.ts';
import type { Passwords } from '../../identity/passwords.ts';
import type { Core } from '../../operations/core.ts';
import type { CumulonimbusOperation } from './operations.ts';

export interface Parts {
  readonly core: Core;
  readonly accounts: Accounts;
  readonly passwords: Passwords;
  /** What addresses in replies begin with; null: what the client asked. */
  readonly publicUrl: string | null;
  readonly log: { info(message: string, fields: object): unknown };
}

export interface Asked extends Route, Parts {
  readonly scope: RequestScope;
}

export type CumulonimbusHandler = (asked: Asked) => Promise<void>;
export type CumulonimbusHandlers = { readonly [Operation in CumulonimbusOperation]?: CumulonimbusHandler };

/** The caller's flags, as the token says them; null for a session that is not scoped. They never change. */
export function scopesOf({ caller }: RequestScope): unknown {
  return (JSON.parse(caller.claims) as { readonly scopes?: unknown }).scopes ?? null;
}

/** Who the caller is, once more, before what cannot be undone. A scoped session was given for it, and is not asked. */
export async function reverify({ accounts, scope, body }: Asked): Promise<void> {
  if (scopesOf(scope) !== null) return;
  const { password, '2fa': secondFactor } = body as RequestBodies['deleteAllMyFiles'];
  if (secondFactor !== undefined && secondFactor.type !== 'totp') {
    throw new SluiceError('invalid-second-factor', 'no such second factor', { facts: { reason: 'type' } });
  }
  await accounts.reverify(scope, {
    ...(password === undefined ? {} : { password }),
    ...(secondFactor === undefined ? {} : { secondFactor }),
  });
}
