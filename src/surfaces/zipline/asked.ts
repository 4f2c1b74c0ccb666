/** What every handler of this surface is given. */
import type { Route } from '../../contract/bind-routes.ts';
import type { Entered } from '../../entrance/login-operation.ts';
import type { CheckFilePassword } from '../../identity/file-passwords.ts';
import type { Core } from '../../operations/core.ts';

export interface Parts {
  readonly core: Core;
  readonly checkPassword: CheckFilePassword;
}

export type Asked = Route & Parts & Entered;
