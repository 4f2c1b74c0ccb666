/** Bucket and name as the paths of this API carry them. */
import type { Route } from '../../contract/bind-routes.ts';

export function addressOf({ params }: Route): { readonly bucket: string; readonly name: string } {
  return { bucket: params.bucketName ?? '', name: params.wildcard ?? '' };
}
