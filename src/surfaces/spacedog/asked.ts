/** What every handler of this surface is given. */
import type { Route } from '../../contract/bind-routes.ts';
import type { RequestScope } from '../../domain/caller.ts';
import type { Core } from '../../operations/core.ts';

export interface Parts {
  readonly core: Core;
  readonly publicUrl: string | null;
}

export interface Admitted {
  readonly scope: RequestScope;
  readonly backend: string;
}

export type Asked = Route & Parts & Admitted;
