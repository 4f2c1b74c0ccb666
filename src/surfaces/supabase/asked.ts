/** What every handler of this surface is given. */
import type { Route } from '../../contract/bind-routes.ts';
import type { Entered } from '../../entrance/login-operation.ts';
import type { Links } from '../../identity/links.ts';
import type { Core } from '../../operations/core.ts';

export interface Parts {
  readonly core: Core;
  readonly links: Links;
}

export type Asked = Route & Parts & Entered;

/** Bucket and name as the paths of this API carry them. */
export function addressOf({ params }: Route): { readonly bucket: string; readonly name: string } {
  return { bucket: params.bucketName ?? '', name: params.wildcard ?? '' };
}
