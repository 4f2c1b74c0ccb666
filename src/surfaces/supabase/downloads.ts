/** Byte routes and info routes: GET and HEAD, by caller, from a public bucket, or through a link. */
import type { StoredObject } from '../../domain/objects.ts';
import { attachmentHeader } from '../../http/content-disposition.ts';
import { setContentSecurity } from '../../http/security-headers.ts';
import { sendJson } from '../../http/send-json.ts';
import { sendStream } from '../../http/send-stream.ts';
import { type Access, findObjectRow } from '../../operations/find-object.ts';
import { type OpenedObject, openObject } from '../../operations/open-object.ts';
import { addressOf } from './addresses.ts';
import type { Asked, SupabaseHandlers } from './handlers.ts';

const BY_CALLER: Access = { by: 'caller' };
const BY_PUBLIC_BUCKET: Access = { by: 'public-bucket' };

export const downloadHandlers = {
  getObject: asked => sendObject(asked, BY_CALLER),
  headObject: asked => sendObject(asked, BY_CALLER),
  getAuthenticatedObject: asked => sendObject(asked, BY_CALLER),
  headAuthenticatedObject: asked => sendObject(asked, BY_CALLER),
  getPublicObject: asked => sendObject(asked, BY_PUBLIC_BUCKET),
  headPublicObject: asked => sendObject(asked, BY_PUBLIC_BUCKET),
  getSignedObject: sendLinked,
  headSignedObject: sendLinked,
  getObjectInfo: asked => sendInfo(asked, BY_CALLER),
  headObjectInfo: asked => sendInfo(asked, BY_CALLER),
  getAuthenticatedObjectInfo: asked => sendInfo(asked, BY_CALLER),
  headAuthenticatedObjectInfo: asked => sendInfo(asked, BY_CALLER),
  getPublicObjectInfo: asked => sendInfo(asked, BY_PUBLIC_BUCKET),
  headPublicObjectInfo: asked => sendInfo(asked, BY_PUBLIC_BUCKET),
} satisfies SupabaseHandlers;

function sendLinked(asked: Asked): Promise<void> {
  const link = asked.links.verifyDownload(String(asked.query.token), addressOf(asked));
  const access = { by: 'link', fingerprint: link.fingerprint, issuedAt: new Date(link.issuedAtMs) } as const;
  return sendObject(asked, access, link.expiresAt);
}

async function sendObject(asked: Asked, access: Access, expiresAt: Date | null = null): Promise<void> {
  const { core, scope, req, res } = asked;
  const { headers } = req;
  const opened = await openObject(core, scope, {
    ...addressOf(asked),
    access,
    range: headers.range,
    conditions: {
      ifMatch: headers['if-match'],
      ifNoneMatch: headers['if-none-match'],
      ifModifiedSince: headers['if-modified-since'],
      ifUnmodifiedSince: headers['if-unmodified-since'],
      ifRange: headers['if-range'] as string | undefined,
    },
  });
  setValidators(asked, opened.object, expiresAt);
  if (opened.outcome === 'not-modified') {
    res.writeHead(304).end();
    return;
  }
  setRepresentation(asked, opened);
  const status = opened.outcome === 'part' ? 206 : 200;
  if (req.method === 'HEAD') {
    res.writeHead(status).end();
    return;
  }
  if (opened.end < opened.start) {
    res.writeHead(status).end();
    return;
  }
  await sendStream({ res, status, body: await opened.open() });
}

/** What a 200 and a 304 have in common (RFC 9110 §15.4.5). A link's lifetime takes the place of the stored caching. */
function setValidators({ res }: Asked, { facts }: StoredObject, expiresAt: Date | null): void {
  if (facts.etag !== null) res.setHeader('ETag', facts.etag);
  res.setHeader('Last-Modified', facts.lastModified.toUTCString());
  if (expiresAt === null) res.setHeader('Cache-Control', facts.cacheControl);
  else res.setHeader('Expires', expiresAt.toUTCString());
}

function setRepresentation({ res, query }: Asked, opened: Exclude<OpenedObject, { outcome: 'not-modified' }>): void {
  const { facts } = opened.object;
  res.setHeader('Accept-Ranges', 'bytes');
  res.setHeader('Content-Type', facts.contentType);
  res.setHeader('Content-Length', opened.end - opened.start + 1);
  res.setHeader('X-Robots-Tag', facts.robots ?? 'none');
  if (opened.outcome === 'part') {
    res.setHeader('Content-Range', `bytes ${opened.start}-${opened.end}/${facts.sizeBytes}`);
  }
  if (query.download === '') res.setHeader('Content-Disposition', 'attachment;');
  else if (typeof query.download === 'string') res.setHeader('Content-Disposition', attachmentHeader(query.download));
  setContentSecurity(res, facts.contentType);
}

async function sendInfo(asked: Asked, access: Access): Promise<void> {
  const { core, scope, req, res } = asked;
  const object = await findObjectRow(core, scope, { ...addressOf(asked), access });
  setValidators(asked, object, null);
  sendJson(res, 200, wireInfo(object), { head: req.method === 'HEAD' });
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
