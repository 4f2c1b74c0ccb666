/** Per operation id of openapi.yaml: the name that policies read, and whether a login is needed. */
import type { Login } from '../../identity/caller-of-headers.ts';

export interface OperationFacts {
  /** What policies read as `storage.operation()`. */
  readonly operation: string;
  /** A route that needs no login passes as `anon`, and the policies or the link decide. */
  readonly login: Login;
}

const required = (operation: string): OperationFacts => ({ operation: `storage.${operation}`, login: 'required' });
const optional = (operation: string): OperationFacts => ({ operation: `storage.${operation}`, login: 'optional' });
const none = (operation: string): OperationFacts => ({ operation: `storage.${operation}`, login: 'none' });

/** The names are the ecosystem's; revocation is ours. A HEAD is the same operation as its GET. */
export const OPERATIONS = {
  createBucket: required('bucket.create'),
  listBuckets: required('bucket.list'),
  getBucket: required('bucket.get'),
  updateBucket: required('bucket.update'),
  emptyBucket: required('bucket.empty'),
  deleteBucket: required('bucket.delete'),
  uploadObject: required('object.upload'),
  replaceObject: required('object.upload_update'),
  getObject: optional('object.get_authenticated'),
  headObject: optional('object.get_authenticated'),
  getAuthenticatedObject: required('object.get_authenticated'),
  headAuthenticatedObject: required('object.get_authenticated'),
  getPublicObject: none('object.get_public'),
  headPublicObject: none('object.get_public'),
  getSignedObject: none('object.get_signed'),
  headSignedObject: none('object.get_signed'),
  getObjectInfo: optional('object.info_authenticated'),
  headObjectInfo: optional('object.info_authenticated'),
  getAuthenticatedObjectInfo: required('object.info_authenticated'),
  headAuthenticatedObjectInfo: required('object.info_authenticated'),
  getPublicObjectInfo: none('object.info_public'),
  headPublicObjectInfo: none('object.info_public'),
  deleteObject: required('object.delete'),
  deleteObjects: required('object.delete_many'),
  signObject: required('object.sign'),
  signObjects: required('object.sign_many'),
  revokeObjectLinks: required('object.revoke_links'),
  revokeBucketLinks: required('bucket.revoke_links'),
  createUploadLink: required('object.sign_upload_url'),
  uploadToLink: none('object.upload_signed'),
  commitDirectUpload: none('object.upload_signed'),
  moveObject: required('object.move'),
  copyObject: required('object.copy'),
  listObjects: required('object.list'),
  listObjectsV2: required('object.list_v2'),
} as const satisfies Record<string, OperationFacts>;

export type SupabaseOperation = keyof typeof OPERATIONS;
