/** Signing routes: download links, upload links, and their revocation. */
import type { RequestBodies, RequestQueries } from '../../contract/types.generated.ts';
import { legalHeader } from '../../domain/legal-header.ts';
import { DEFAULT_CACHE_CONTROL, DEFAULT_CONTENT_TYPE } from '../../domain/objects.ts';
import { type DirectOffer, type DirectRequest, offerDirectUpload } from '../../operations/direct-upload.ts';
import { checkUpload, demandReadable, readableNames, revoke } from '../../operations/share-objects.ts';
import { type Asked, addressOf } from './asked.ts';
import { userMetadataHeader } from './user-metadata.ts';

/** How long an upload link lives. */
const UPLOAD_LINK_SECONDS = 2 * 60 * 60;

const NOT_READABLE = 'Either the object does not exist or you do not have access to it';

export async function signObject(asked: Asked) {
  const { core, scope, links, body } = asked;
  const { bucket, name } = addressOf(asked);
  const { expiresIn } = body as RequestBodies['signObject'];
  const { token } = links.signDownload({ bucket, name, expiresInSeconds: expiresIn });
  await demandReadable(core, scope, bucket, name);
  return { signedURL: downloadPath(bucket, name, token) };
}

export async function signObjects({ core, scope, links, params, body }: Asked) {
  const bucket = params.bucketName ?? '';
  const { expiresIn, paths } = body as RequestBodies['signObjects'];
  const readable = await readableNames(core, scope, bucket, paths);
  return paths.map(path => {
    if (!readable.has(path)) return { error: NOT_READABLE, path, signedURL: null };
    const { token } = links.signDownload({ bucket, name: path, expiresInSeconds: expiresIn });
    return { error: null, path, signedURL: downloadPath(bucket, path, token) };
  });
}

export async function revokeObjectLinks(asked: Asked) {
  const { core, scope, links, query } = asked;
  const address = addressOf(asked);
  const { token } = query as RequestQueries['revokeObjectLinks'];
  const fingerprint = token === undefined ? null : links.verifyDownload(token, address).fingerprint;
  await revoke(core, scope, { ...address, fingerprint });
  return { message: 'Successfully revoked' };
}

export async function revokeBucketLinks({ core, scope, params }: Asked) {
  await revoke(core, scope, { bucket: params.bucketName ?? '', name: null, fingerprint: null });
  return { message: 'Successfully revoked' };
}

export async function createUploadLink(asked: Asked) {
  const { scope, links, req, body } = asked;
  const address = addressOf(asked);
  const upsert = req.headers['x-upsert'] === 'true';
  const userMetadata = userMetadataHeader(req.headers);
  const { direct: wish } = (body ?? {}) as NonNullable<RequestBodies['createUploadLink']>;
  const offer = await judgeUpload(asked, wish, { ...address, upsert, userMetadata: userMetadata ?? {} });
  const { token } = links.signUpload({
    ...address,
    upsert,
    owner: scope.caller.subject,
    // What the policies have judged is what will be stored.
    ...(userMetadata === null ? {} : { userMetadata }),
    ...(offer === null ? {} : { direct: { version: offer.version, ...storedFacts(wish) } }),
    lifetimeSeconds: UPLOAD_LINK_SECONDS,
  });
  const path = `${address.bucket}/${address.name}?token=${token}`;
  return {
    url: `/object/upload/sign/${path}`,
    token,
    ...(offer === null ? {} : { direct: wireOffer(offer, `/object/upload/commit/${path}`) }),
  };
}

type DirectWish = NonNullable<RequestBodies['createUploadLink']>['direct'];

/** Throws where the upload would be refused. Gives a way straight to the store where it is wished for and there is one. */
async function judgeUpload(
  { core, scope }: Asked,
  wish: DirectWish,
  upload: Pick<DirectRequest, 'bucket' | 'name' | 'upsert' | 'userMetadata'>,
): Promise<DirectOffer | null> {
  if (wish === undefined) {
    await checkUpload(core, scope, { ...upload, contentType: null, sizeBytes: null, metadata: {} });
    return null;
  }
  const { mimetype: contentType, cacheControl } = storedFacts(wish);
  return offerDirectUpload(core, scope, {
    ...upload,
    contentType,
    isTypeDeclared: wish.contentType !== undefined,
    cacheControl,
    sizeBytes: wish.size ?? null,
  });
}

function storedFacts(wish: DirectWish) {
  return {
    mimetype: legalHeader('contentType', wish?.contentType) || DEFAULT_CONTENT_TYPE,
    cacheControl: legalHeader('cacheControl', wish?.cacheControl) || DEFAULT_CACHE_CONTROL,
  };
}

function wireOffer({ url, headers, expiresAt }: DirectOffer, commitUrl: string) {
  return { url, headers, expiresAt: expiresAt.toISOString(), commitUrl };
}

/** Not percent-encoded: the official client encodes the whole URL itself (DESIGN, decision 11). */
function downloadPath(bucket: string, name: string, token: string): string {
  return `/object/sign/${bucket}/${name}?token=${token}`;
}
