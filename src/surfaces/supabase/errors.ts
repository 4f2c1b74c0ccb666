/**
 * From error code to this API's own wire form: a JSON body with the true status as a string, under HTTP 400 for nearly
 * everything (compatibility) or under the true status where the gateway is set to be strict. By code, for the ecosystem's codes are nearly as many.
 */
import type { ErrorCode, SluiceError } from '../../domain/errors.ts';
import { type ErrorReply, errorHeaders } from '../../http/error-reply.ts';

export interface WireError {
  /** The true status. */
  readonly status: number;
  /** Sent as the HTTP status too, whatever the setting; else 400 is. */
  readonly always?: true;
  readonly error: string;
  readonly code: string;
  /** Absent: the error's own message. */
  readonly message?: string;
}

const NOT_FOUND_OBJECT: WireError = { status: 404, error: 'not_found', code: 'NoSuchKey', message: 'Object not found' };
const TOO_LARGE: WireError = {
  status: 413,
  error: 'Payload too large',
  code: 'EntityTooLarge',
  message: 'The object exceeded the maximum allowed size',
};

export const WIRE: Readonly<Record<ErrorCode, WireError>> = {
  'invalid-bucket-name': { status: 400, error: 'Invalid Input', code: 'InvalidBucketName' },
  'invalid-object-name': { status: 400, error: 'InvalidKey', code: 'InvalidKey' },
  'invalid-parameter': { status: 400, error: 'InvalidParameter', code: 'InvalidParameter' },
  'invalid-mime-type': { status: 415, error: 'invalid_mime_type', code: 'InvalidMimeType' },
  'no-content': { status: 400, error: 'InvalidRequest', code: 'InvalidRequest', message: 'No content provided' },
  'digest-mismatch': { status: 400, error: 'InvalidChecksum', code: 'InvalidChecksum' },
  'missing-credentials': { status: 400, error: 'Error', code: 'InvalidRequest' },
  'invalid-token': { status: 403, error: 'Unauthorized', code: 'AccessDenied' },
  'invalid-session': { status: 403, error: 'Unauthorized', code: 'AccessDenied' },
  'invalid-password': { status: 401, error: 'Unauthorized', code: 'AccessDenied' },
  'missing-password': { status: 400, error: 'Error', code: 'InvalidRequest' },
  'second-factor-required': { status: 401, error: 'Unauthorized', code: 'AccessDenied' },
  'invalid-second-factor': { status: 401, error: 'Unauthorized', code: 'AccessDenied' },
  'invalid-link': { status: 400, error: 'InvalidJWT', code: 'InvalidJWT' },
  'link-mismatch': { status: 400, error: 'InvalidSignature', code: 'InvalidSignature' },
  'link-revoked': { status: 400, error: 'InvalidSignature', code: 'InvalidSignature' },
  'access-denied': { status: 403, error: 'Unauthorized', code: 'AccessDenied' },
  'delete-denied': { status: 403, error: 'Unauthorized', code: 'AccessDenied', message: 'Access denied' },
  'not-permitted': { status: 403, error: 'Unauthorized', code: 'AccessDenied', message: 'Access denied' },
  'switched-off': { status: 503, always: true, error: 'Service Unavailable', code: 'ServiceUnavailable' },
  'rate-limited': { status: 429, always: true, error: 'Too Many Requests', code: 'SlowDown' },
  'bucket-not-found': { status: 404, error: 'Bucket not found', code: 'NoSuchBucket', message: 'Bucket not found' },
  'object-not-found': NOT_FOUND_OBJECT,
  'folder-not-found': NOT_FOUND_OBJECT,
  'account-not-found': { status: 404, error: 'not_found', code: 'NoSuchKey', message: 'User not found' },
  'account-exists': { status: 409, error: 'Duplicate', code: 'ResourceAlreadyExists' },
  'folder-membership': { status: 400, error: 'InvalidParameter', code: 'InvalidParameter' },
  'bytes-missing': { status: 404, error: 'Not found', code: 'NoSuchKey', message: 'The resource was not found' },
  'bucket-exists': {
    status: 409,
    error: 'Duplicate',
    code: 'BucketAlreadyExists',
    message: 'The resource already exists',
  },
  'object-exists': {
    status: 409,
    error: 'Duplicate',
    code: 'KeyAlreadyExists',
    message: 'The resource already exists',
  },
  'bucket-not-empty': { status: 409, error: 'ResourceNotEmpty', code: 'ResourceNotEmpty' },
  referenced: {
    status: 409,
    error: 'ResourceReferenced',
    code: 'ResourceReferenced',
    message: 'The resource is still referenced by another table',
  },
  'too-large': TOO_LARGE,
  'limit-too-large': TOO_LARGE,
  'mime-type-not-allowed': { status: 415, error: 'invalid_mime_type', code: 'InvalidMimeType' },
  locked: { status: 423, error: 'ResourceLocked', code: 'ResourceLocked', message: 'The resource is locked' },
  'upload-expired': { status: 408, error: 'RequestTimeout', code: 'RequestTimeout' },
  'precondition-failed': { status: 412, always: true, error: 'Precondition Failed', code: 'PreconditionFailed' },
  'range-not-satisfiable': { status: 416, always: true, error: 'invalid_range', code: 'InvalidRange' },
  'coding-not-understood': { status: 501, always: true, error: 'Not Implemented', code: 'NotImplemented' },
  'expectation-failed': { status: 417, always: true, error: 'Expectation Failed', code: 'InvalidRequest' },
  aborted: { status: 499, always: true, error: 'Request aborted', code: 'Aborted', message: 'Request aborted' },
  'out-of-space': {
    status: 507,
    always: true,
    error: 'Insufficient Storage',
    code: 'InsufficientStorage',
    message: 'The store has no space left',
  },
  unavailable: {
    status: 503,
    always: true,
    error: 'Service Unavailable',
    code: 'ServiceUnavailable',
    message: 'The database or the object store is not reachable, try again shortly',
  },
  timeout: {
    status: 544,
    always: true,
    error: 'DatabaseTimeout',
    code: 'DatabaseTimeout',
    message: 'The database did not answer in time',
  },
  internal: {
    status: 500,
    always: true,
    error: 'Internal',
    code: 'InternalError',
    message: 'Internal Server Error',
  },
};

/** A malformed request says which part of it is; each part has its own wording in this API. */
const PARTS: Readonly<Record<string, Partial<WireError>>> = {
  body: { error: 'Error', code: 'InvalidRequest' },
  headers: { error: 'Error', code: 'InvalidRequest' },
  querystring: { error: 'Error', code: 'InvalidRequest' },
  params: { error: 'Error', code: 'InvalidRequest' },
  json: { error: 'FastifyError', code: 'InvalidRequest' },
  path: { error: 'Bad Request', code: 'FST_ERR_BAD_URL' },
  'x-robots-tag': { error: 'invalid_x_robots_tag', code: 'InvalidRequest' },
  form: { error: 'InvalidRequest', code: 'InvalidRequest' },
};

/** How this API says an error. */
export function errorReplyOf(
  error: SluiceError,
  { operationId, strictHttpStatus }: { operationId: string; strictHttpStatus: boolean },
): ErrorReply {
  const wire = { ...WIRE[error.code], ...variantOf(error, operationId) };
  const { status, always = false, error: word, message = error.message, code } = wire;
  return {
    status: always || strictHttpStatus ? status : 400,
    body: { statusCode: String(status), error: word, message, code },
    headers: errorHeaders(status, error),
  };
}

function variantOf(error: SluiceError, operationId: string): Partial<WireError> {
  if (error.code === 'invalid-parameter') return PARTS[String(error.facts.part)] ?? {};
  if (error.code === 'object-exists' && operationId === 'moveObject') return { code: 'ResourceAlreadyExists' };
  if (error.code === 'too-large' && error.facts.part === 'body') {
    return { always: true, error: 'FastifyError', message: error.message };
  }
  return {};
}

/** A path or method that this API does not have. */
export function unknownReply(method: string, path: string): ErrorReply {
  const message = `Route ${method}:${path} not found`;
  return { status: 404, body: { statusCode: '404', error: 'Not Found', message, code: 'InvalidRequest' }, headers: {} };
}
