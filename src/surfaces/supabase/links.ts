/** Signing routes: download links, upload links, and their revocation. */
import type { RequestBodies, RequestQueries } from '../../contract/types.generated.ts';
import { sendJson } from '../../http/send-json.ts';
import { checkUpload, demandReadable, readableNames, revoke } from '../../operations/share-objects.ts';
import { addressOf } from './addresses.ts';
import type { Asked, SupabaseHandlers } from './handlers.ts';
import { userMetadataHeader } from './user-metadata.ts';

/** How long an upload link lives. */
const UPLOAD_LINK_SECONDS = 2 * 60 * 60;

const NOT_READABLE = 'Either the object does not exist or you do not have access to it';

export const linkHandlers = {
  async signObject(asked: Asked) {
    const { core, scope, links, body, res } = asked;
    const { bucket, name } = addressOf(asked);
    const { expiresIn } = body as RequestBodies['signObject'];
    const { token } = links.signDownload({ bucket, name, expiresInSeconds: expiresIn });
    await demandReadable(core, scope, bucket, name);
    sendJson({ res, status: 200, body: { signedURL: downloadPath(bucket, name, token) } });
  },

  async signObjects({ core, scope, links, params, body, res }: Asked) {
    const bucket = params.bucketName ?? '';
    const { expiresIn, paths } = body as RequestBodies['signObjects'];
    const readable = await readableNames(core, scope, bucket, paths);
    const signed = paths.map(path => {
      if (!readable.has(path)) return { error: NOT_READABLE, path, signedURL: null };
      const { token } = links.signDownload({ bucket, name: path, expiresInSeconds: expiresIn });
      return { error: null, path, signedURL: downloadPath(bucket, path, token) };
    });
    sendJson({ res, status: 200, body: signed });
  },

  async revokeObjectLinks(asked: Asked) {
    const { core, scope, links, query, res } = asked;
    const address = addressOf(asked);
    const { token } = query as RequestQueries['revokeObjectLinks'];
    const fingerprint = token === undefined ? null : links.verifyDownload(token, address).fingerprint;
    await revoke(core, scope, { ...address, fingerprint });
    sendJson({ res, status: 200, body: { message: 'Successfully revoked' } });
  },

  async revokeBucketLinks({ core, scope, params, res }: Asked) {
    await revoke(core, scope, { bucket: params.bucketName ?? '', name: null, fingerprint: null });
    sendJson({ res, status: 200, body: { message: 'Successfully revoked' } });
  },

  async createUploadLink(asked: Asked) {
    const { core, scope, links, req, res } = asked;
    const address = addressOf(asked);
    const upsert = req.headers['x-upsert'] === 'true';
    const userMetadata = userMetadataHeader(req.headers);
    await checkUpload(core, scope, {
      ...address,
      upsert,
      contentType: null,
      sizeBytes: null,
      metadata: {},
      userMetadata: userMetadata ?? {},
    });
    const { token } = links.signUpload({
      ...address,
      upsert,
      owner: scope.caller.subject,
      // What the policies have judged is what will be stored.
      ...(userMetadata === null ? {} : { userMetadata }),
      lifetimeSeconds: UPLOAD_LINK_SECONDS,
    });
    sendJson({
      res,
      status: 200,
      body: { url: `/object/upload/sign/${address.bucket}/${address.name}?token=${token}`, token },
    });
  },
} satisfies SupabaseHandlers;

/** Not percent-encoded: the official client encodes the whole URL itself (DESIGN, decision 11). */
function downloadPath(bucket: string, name: string, token: string): string {
  return `/object/sign/${bucket}/${name}?token=${token}`;
}
