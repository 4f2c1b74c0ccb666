/** What every route handler of this surface is given. */
import type { Route } from '../../contract/bind-routes.ts';
import type { RequestScope } from '../../domain/caller.ts';
import type { CheckFilePassword } from '../../identity/file-passwords.ts';
import type { Core } from '../../operations/core.ts';
import type { ZiplineOperation } from './operations.ts';

export interface Asked extends Route {
  readonly core: Core;
  readonly scope: RequestScope;
  readonly checkPassword: CheckFilePassword;
}

export type ZiplineHandler = (asked: Asked) => Promise<void>;
export type ZiplineHandlers = { readonly [Operation in ZiplineOperation]?: ZiplineHandler };
