/** Byte routes and info routes: GET and HEAD, by caller, from a public bucket, or through a link. */
import type { RequestQueries } from '../../contract/types.generated.ts';
import type { StoredObject } from '../../domain/objects.ts';
import { attachmentHeader } from '../../http/content-disposition.ts';
import { readConditions } from '../../http/read-conditions.ts';
import { sendJson } from '../../http/send-json.ts';
import { sendObject, validatorsOf } from '../../http/send-object.ts';
import { type Access, findObjectRow } from '../../operations/find-object.ts';
import { openObject } from '../../operations/open-object.ts';
import { type Asked, addressOf } from './asked.ts';

const BY_CALLER: Access = { by: 'caller' };
const BY_PUBLIC_BUCKET: Access = { by: 'public-bucket' };

export const byCaller = (asked: Asked) => download(asked, BY_CALLER);
export const fromPublicBucket = (asked: Asked) => download(asked, BY_PUBLIC_BUCKET);
export const infoByCaller = (asked: Asked) => sendInfo(asked, BY_CALLER);
export const infoFromPublicBucket = (asked: Asked) => sendInfo(asked, BY_PUBLIC_BUCKET);

export async function byLink(asked: Asked): Promise<void> {
  const { token } = asked.query as RequestQueries['getSignedObject'];
  const link = asked.links.verifyDownload(token, addressOf(asked));
  const access = { by: 'link', fingerprint: link.fingerprint, issuedAt: new Date(link.issuedAtMs) } as const;
  return download(asked, access, link.expiresAt);
}

async function download(asked: Asked, access: Access, expiresAt: Date | null = null): Promise<void> {
  const { core, scope, req, res } = asked;
  const opened = await openObject(core, scope, { access, ...addressOf(asked), ...readConditions(req.headers) });
  const { download: fileName } = asked.query as RequestQueries['getObject'];
  const disposition = fileName === undefined ? null : dispositionOf(fileName);
  await sendObject({ res, opened, disposition, expiresAt });
}

/** A bare `?download` keeps the form that clients of this API know. */
function dispositionOf(download: string): string {
  return download === '' ? 'attachment;' : attachmentHeader(download);
}

async function sendInfo(asked: Asked, access: Access): Promise<void> {
  const { core, scope, res } = asked;
  const object = await findObjectRow(core, scope, { access, ...addressOf(asked) });
  sendJson({ res, status: 200, body: wireInfo(object), headers: validatorsOf(object, null) });
}

function wireInfo(object: StoredObject) {
  const { facts } = object;
  return {
    id: object.id,
    name: object.name,
    version: object.version,
    bucket_id: object.bucket,
    size: facts.sizeBytes,
    content_type: facts.contentType,
    cache_control: facts.cacheControl,
    etag: facts.etag,
    metadata: object.userMetadata ?? {},
    last_modified: object.updatedAt,
    created_at: object.createdAt,
  };
}
