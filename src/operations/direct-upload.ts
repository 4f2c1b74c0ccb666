/**
 * Uploads whose bytes the gateway never carries. The client stores them in the store by a presigned URL, under a key where
 * nothing is ever served from; the commit has the store copy them to a key that no URL exists for, and judges the copy.
 * So whatever is written by the URL later, during the commit or after it, no object changes.
 */
import { randomUUID } from 'node:crypto';
import { BlobStoreError, type DirectUploadUrl } from '../blobs/blob-store.ts';
import { abandonUpload, beginDirectUpload } from '../database/queries/uploads.ts';
import type { RequestScope } from '../domain/caller.ts';
import { errorCode, SluiceError } from '../domain/errors.ts';
import { parseObjectName } from '../domain/names.ts';
import { makeObjectId } from '../domain/object-id.ts';
import { stagedVersionOf, storeKeyOf } from '../domain/objects.ts';
import { type Core, fromStore } from './core.ts';
import { declaredMetadata, type PutRequest, type PutResult, putObject } from './put-object.ts';
import { checkUpload } from './share-objects.ts';

/** An upload must begin within it. */
const URL_SECONDS = 60 * 60;
/** Longer than the URL lives by the longest that an upload may take, so that the sweeper meets what came last. */
const LEASE_MS = 24 * 60 * 60 * 1000;
/** The largest single PUT and the largest copy that S3 makes (S3 User Guide, "Uploading objects"). */
const LARGEST_BYTES = 5 * 1024 ** 3;

export interface DirectRequest extends Pick<PutRequest, 'bucket' | 'name' | 'upsert' | 'sizeBytes'> {
  readonly contentType: string;
  /** Whether the client said the type itself and so has to send it. */
  readonly isTypeDeclared: boolean;
  readonly cacheControl: string;
  readonly userMetadata: PutRequest['facts']['userMetadata'];
}

export interface DirectOffer extends DirectUploadUrl {
  readonly version: string;
  readonly expiresAt: Date;
}

/**
 * Rehearses the upload, and gives a URL of the store for its bytes; null where the bucket's delivery is not `redirect`, the
 * store cannot be given them directly, or they are too many for one PUT. Throws what `checkUpload` throws.
 */
export async function offerDirectUpload(
  core: Core,
  scope: RequestScope,
  request: DirectRequest,
): Promise<DirectOffer | null> {
  const { sizeBytes, contentType, isTypeDeclared } = request;
  const { presignUpload } = core.blobs;
  const probe = { ...request, metadata: declaredMetadata(request, sizeBytes) };
  if (presignUpload === undefined || (sizeBytes ?? 0) > LARGEST_BYTES) {
    await checkUpload(core, scope, probe);
    return null;
  }
  const version = stagedVersionOf(randomUUID());
  const blob = { version, storeKey: storeKeyOf(version) };
  const [noted] = await core.database.run(scope, beginDirectUpload, {
    ...probe,
    role: scope.caller.role,
    name: parseObjectName(request.name),
    id: makeObjectId(core.now().getTime()),
    ...blob,
    ownerId: scope.caller.subject,
    maxSizeBytes: core.maxUploadSizeBytes,
    leaseMs: LEASE_MS,
  });
  if (noted !== true) return null;
  const expiresAt = new Date(core.now().getTime() + URL_SECONDS * 1000);
  const url = await presignUpload(blob.storeKey, {
    contentType: isTypeDeclared ? contentType : null,
    sizeBytes,
    expiresInSeconds: URL_SECONDS,
  }).catch(async (error: unknown) => {
    await core.database.run(scope, abandonUpload, blob).catch(() => {});
    throw fromStore(error);
  });
  if (url !== null) return { ...url, version, expiresAt };
  await core.database.run(scope, abandonUpload, blob);
  return null;
}

export interface DirectCommit extends Pick<PutRequest, 'bucket' | 'name' | 'facts' | 'upsert'> {
  readonly version: string;
  readonly link: NonNullable<PutRequest['link']>;
}

/** Makes an object of what was stored by the URL. Throws `no-content` while nothing was, else what `putObject` throws. */
export async function commitDirectUpload(core: Core, scope: RequestScope, request: DirectCommit): Promise<PutResult> {
  const stagedKey = storeKeyOf(request.version);
  const sizeBytes = await stagedSize(core, stagedKey);
  const result = await putObject(core, scope, { ...request, body: { stagedKey }, sizeBytes }).catch(
    (error: unknown) => {
      throw errorCode(error) === 'bytes-missing' ? nothingStaged() : error;
    },
  );
  // Only to free the space sooner: the ledger keeps expecting bytes there until its lease ends.
  await core.blobs.delete([stagedKey]).catch(() => {});
  return result;
}

async function stagedSize({ blobs }: Core, stagedKey: string): Promise<number> {
  try {
    const { sizeBytes } = await blobs.stat(stagedKey);
    if (sizeBytes <= LARGEST_BYTES) return sizeBytes;
  } catch (error) {
    throw error instanceof BlobStoreError && error.failure === 'absent' ? nothingStaged() : fromStore(error);
  }
  throw new SluiceError('too-large', 'The object exceeded the maximum allowed size', {
    facts: { limit: LARGEST_BYTES },
  });
}

function nothingStaged(): SluiceError {
  return new SluiceError('no-content', 'Nothing has been stored by the URL');
}
