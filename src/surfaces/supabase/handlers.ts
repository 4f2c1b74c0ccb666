/** What every route handler of this surface is given. */
import type { Route } from '../../contract/bind-routes.ts';
import type { RequestScope } from '../../domain/caller.ts';
import type { Links } from '../../identity/links.ts';
import type { Core } from '../../operations/core.ts';
import type { SupabaseOperation } from './operations.ts';

export interface Asked extends Route {
  readonly core: Core;
  readonly links: Links;
  readonly scope: RequestScope;
}

export type SupabaseHandler = (asked: Asked) => Promise<void>;
export type SupabaseHandlers = { readonly [Operation in SupabaseOperation]?: SupabaseHandler };
