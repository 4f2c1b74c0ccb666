/** What every handler of this surface is given. */
import type { Route } from '../../contract/bind-routes.ts';
import type { RequestBodies } from '../../contract/types.generated.ts';
import type { Counted } from '../../entrance/counted-surface.ts';
import type { Accounts } from '../../identity/accounts.ts';
import type { Passwords } from '../../identity/passwords.ts';
import type { Core } from '../../operations/core.ts';

export interface Parts {
  readonly core: Core;
  readonly accounts: Accounts;
  readonly passwords: Passwords;
  /** What addresses in replies begin with; null: what the client asked. */
  readonly publicUrl: string | null;
  readonly log: { info(message: string, fields: object): unknown };
}

export type Asked = Route & Parts & Counted;

/** Who the caller is, once more, before what cannot be undone. */
export async function reverify({ accounts, scope, body }: Asked): Promise<void> {
  const { password, '2fa': secondFactor } = body as RequestBodies['deleteAllMyFiles'];
  await accounts.reverifyUnlessScoped(scope, { password, secondFactor });
}
