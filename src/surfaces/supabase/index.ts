/**
 * The bucket-and-object API (API 002). A translation between wire and operations, nothing else: every access is decided
 * by the policies, every rule by the domain.
 */
import type { RouteHandler, Surface } from '../../contract/bind-routes.ts';
import { type LoginOperation, scopeByLogin } from '../../entrance/login-operation.ts';
import { answerErrors } from '../../http/error-reply.ts';
import { pathOf } from '../../http/request-scope.ts';
import { sendingJson as json, sendJson } from '../../http/send-json.ts';
import type { TokenVerifier } from '../../identity/token-verifier.ts';
import type { Asked, Parts } from './asked.ts';
import * as buckets from './buckets.ts';
import * as downloads from './downloads.ts';
import { errorReplyOf, unknownReply } from './errors.ts';
import * as links from './links.ts';
import * as listings from './listings.ts';
import * as objects from './objects.ts';
import * as uploads from './uploads.ts';

type Operation = LoginOperation<Asked>;
type Handle = Operation['handle'];

const required = (operation: string, handle: Handle): Operation => ({ operation, login: 'required', handle });
/** Passes as `anon` without a login, and the policies or the link decide. */
const optional = (operation: string, handle: Handle): Operation => ({ operation, login: 'optional', handle });
const none = (operation: string, handle: Handle): Operation => ({ operation, login: 'none', handle });

/**
 * By operation id of openapi.yaml. The names that policies read are the ecosystem's; revocation is ours. A HEAD is the same
 * operation as its GET.
 */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  createBucket: required('storage.bucket.create', json(buckets.createBucket)),
  listBuckets: required('storage.bucket.list', json(buckets.listBuckets)),
  getBucket: required('storage.bucket.get', json(buckets.readBucket)),
  updateBucket: required('storage.bucket.update', json(buckets.updateBucket)),
  emptyBucket: required('storage.bucket.empty', json(buckets.emptyBucket)),
  deleteBucket: required('storage.bucket.delete', json(buckets.deleteBucket)),
  uploadObject: required('storage.object.upload', uploads.uploadObject),
  replaceObject: required('storage.object.upload_update', uploads.replaceObject),
  getObject: optional('storage.object.get_authenticated', downloads.byCaller),
  headObject: optional('storage.object.get_authenticated', downloads.byCaller),
  getAuthenticatedObject: required('storage.object.get_authenticated', downloads.byCaller),
  headAuthenticatedObject: required('storage.object.get_authenticated', downloads.byCaller),
  getPublicObject: none('storage.object.get_public', downloads.fromPublicBucket),
  headPublicObject: none('storage.object.get_public', downloads.fromPublicBucket),
  getSignedObject: none('storage.object.get_signed', downloads.byLink),
  headSignedObject: none('storage.object.get_signed', downloads.byLink),
  getObjectInfo: optional('storage.object.info_authenticated', downloads.infoByCaller),
  headObjectInfo: optional('storage.object.info_authenticated', downloads.infoByCaller),
  getAuthenticatedObjectInfo: required('storage.object.info_authenticated', downloads.infoByCaller),
  headAuthenticatedObjectInfo: required('storage.object.info_authenticated', downloads.infoByCaller),
  getPublicObjectInfo: none('storage.object.info_public', downloads.infoFromPublicBucket),
  headPublicObjectInfo: none('storage.object.info_public', downloads.infoFromPublicBucket),
  deleteObject: required('storage.object.delete', json(objects.deleteObject)),
  deleteObjects: required('storage.object.delete_many', json(objects.deleteObjects)),
  signObject: required('storage.object.sign', json(links.signObject)),
  signObjects: required('storage.object.sign_many', json(links.signObjects)),
  revokeObjectLinks: required('storage.object.revoke_links', json(links.revokeObjectLinks)),
  revokeBucketLinks: required('storage.bucket.revoke_links', json(links.revokeBucketLinks)),
  createUploadLink: required('storage.object.sign_upload_url', json(links.createUploadLink)),
  uploadToLink: none('storage.object.upload_signed', uploads.uploadToLink),
  commitDirectUpload: none('storage.object.upload_signed', uploads.commitDirect),
  moveObject: required('storage.object.move', json(objects.moveObject)),
  copyObject: required('storage.object.copy', json(objects.copyObject)),
  listObjects: required('storage.object.list', json(listings.listObjects)),
  listObjectsV2: required('storage.object.list_v2', json(listings.listObjectsV2)),
};

export interface SupabaseSurfaceOptions extends Parts {
  readonly verifier: TokenVerifier;
  readonly strictHttpStatus: boolean;
}

export function makeSupabaseSurface(options: SupabaseSurfaceOptions): Surface {
  const { core, links: signer, verifier, strictHttpStatus } = options;
  const bound = (operation: Operation): RouteHandler => {
    return async route => {
      const scope = scopeByLogin(route, operation, verifier);
      await operation.handle({ core, links: signer, scope, ...route });
    };
  };
  return {
    tag: 'supabase',
    handlers: Object.fromEntries(Object.entries(OPERATIONS).map(([id, operation]) => [id, bound(operation)])),
    onError: answerErrors((error, operationId) => errorReplyOf(error, { operationId, strictHttpStatus })),
    onUnknown: (req, res) => sendJson({ res, ...unknownReply(req.method ?? '', pathOf(req)) }),
  };
}
