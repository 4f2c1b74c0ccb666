/** What signing needs of the store: whether the caller may read. Making the link itself is the identity module's work. */
import { findVisibleNames } from '../database/queries/find-visible-names.ts';
import { revokeLinks } from '../database/queries/links.ts';
import { rehearseUpload, type UploadedRow } from '../database/queries/uploads.ts';
import type { RequestScope } from '../domain/caller.ts';
import { SluiceError } from '../domain/errors.ts';
import { isObjectName, parseObjectName } from '../domain/names.ts';
import { makeObjectId } from '../domain/object-id.ts';
import { makeVersion } from '../domain/version.ts';
import type { Core } from './core.ts';

/** Those of the names that the caller may read, in one round trip. A text that is no object's name is none of them. */
export async function readableNames(
  core: Core,
  scope: RequestScope,
  bucket: string,
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  return new Set(await core.database.run(scope, findVisibleNames, { bucket, names: names.filter(isObjectName) }));
}

/** Throws `invalid-object-name`, and `object-not-found` for an object that the caller may not read, or that is not there. */
export async function demandReadable(core: Core, scope: RequestScope, bucket: string, name: string): Promise<void> {
  const readable = await readableNames(core, scope, bucket, [parseObjectName(name)]);
  if (!readable.has(name)) throw new SluiceError('object-not-found', 'Object not found', { facts: { bucket, name } });
}

export interface LinksToRevoke {
  readonly bucket: string;
  /** Null: every link into the bucket. */
  readonly name: string | null;
  /** Null: every link; else the one whose token has this SHA-256. */
  readonly fingerprint: string | null;
}

/**
 * From this moment the links made until now are refused. Whoever may update the object's row (the bucket's, for all of
 * a bucket) may revoke. Throws `bucket-not-found`, `object-not-found`, `access-denied`.
 */
export async function revoke(core: Core, scope: RequestScope, links: LinksToRevoke): Promise<void> {
  await core.database.run(scope, revokeLinks, { ...links, role: scope.caller.role, before: core.now() });
}

/** Throws what `putObject` throws before any byte moves: an upload that would be refused gets no link. */
export async function checkUpload(core: Core, scope: RequestScope, upload: UploadProbe): Promise<void> {
  await core.database.run(scope, rehearseUpload, {
    ...upload,
    role: scope.caller.role,
    name: parseObjectName(upload.name),
    id: makeObjectId(core.now().getTime()),
    version: makeVersion(core.now().getTime()),
    ownerId: scope.caller.subject,
    maxSizeBytes: core.maxUploadSizeBytes,
  });
}

export type UploadProbe = Pick<
  UploadedRow,
  'bucket' | 'name' | 'contentType' | 'metadata' | 'userMetadata' | 'upsert' | 'sizeBytes'
>;
