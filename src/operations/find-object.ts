/**
 * Looks one object up, the way the request comes: as the caller, from a public bucket, or through a link. Hidden and
 * absent are the same. No byte is read, so this alone answers HEAD and info.
 */
import {
  findLinkedObject,
  findObject,
  findObjectAndDelivery,
  findPublicObject,
} from '../database/queries/find-object.ts';
import { asService, type RequestScope } from '../domain/caller.ts';
import { SluiceError } from '../domain/errors.ts';
import { parseObjectName } from '../domain/names.ts';
import type { StoredObject } from '../domain/objects.ts';
import type { Core } from './core.ts';

/** The way to an object. A link has been verified by the identity module; its revocation is looked up here. */
export type Access =
  | { readonly by: 'caller' }
  | { readonly by: 'public-bucket' }
  | { readonly by: 'link'; readonly fingerprint: string; readonly issuedAt: Date };

export interface ObjectRequest {
  readonly bucket: string;
  readonly name: string;
  readonly access: Access;
}

/**
 * The object, in one round trip. Throws `invalid-object-name`, `bucket-not-found` (missing; or private, by way of
 * `public-bucket`), `object-not-found` (absent, hidden, or a row without bytes), `link-revoked`.
 */
export async function findObjectRow(core: Core, scope: RequestScope, request: ObjectRequest): Promise<StoredObject> {
  const { bucket, access } = request;
  const name = parseObjectName(request.name);
  if (access.by === 'link') return findByLink(core, scope, { bucket, name, ...access });
  const [found] =
    access.by === 'caller'
      ? await core.database.run(scope, core.blobs.presignDownload ? findObjectAndDelivery : findObject, {
          bucket,
          name,
        })
      : await core.database.run(asService(scope), findPublicObject, { bucket, name });
  if (found === undefined) throw new SluiceError('bucket-not-found', 'Bucket not found', { facts: { bucket } });
  if (found === null) throw objectNotFound(bucket, name);
  return found;
}

async function findByLink(
  core: Core,
  scope: RequestScope,
  link: { bucket: string; name: string; fingerprint: string; issuedAt: Date },
): Promise<StoredObject> {
  const [found] = await core.database.run(asService(scope), findLinkedObject, link);
  if (found === undefined) throw objectNotFound(link.bucket, link.name);
  if (found.revoked) throw new SluiceError('link-revoked', 'The link has been revoked');
  return found.object;
}

function objectNotFound(bucket: string, name: string): SluiceError {
  return new SluiceError('object-not-found', 'Object not found', { facts: { bucket, name } });
}
