/** Byte routes and info routes: GET and HEAD, by caller, from a public bucket, or through a link. */
import type { OutgoingHttpHeaders } from 'node:http';
import type { RequestQueries } from '../../contract/types.generated.ts';
import type { StoredObject } from '../../domain/objects.ts';
import { attachmentHeader } from '../../http/content-disposition.ts';
import { isInert, objectSecurityHeaders } from '../../http/security-headers.ts';
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
  const { token } = asked.query as RequestQueries['getSignedObject'];
  const link = asked.links.verifyDownload(token, addressOf(asked));
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
  const validators = validatorsOf(opened.object, expiresAt);
  if (opened.outcome === 'not-modified') {
    await sendStream({ res, status: 304, headers: validators, body: null });
    return;
  }
  const { download } = asked.query as RequestQueries['getObject'];
  const hasBytes = req.method === 'GET' && opened.end >= opened.start;
  const location = hasBytes ? await directUrl(opened, download) : null;
  if (location !== null) {
    await sendStream({ res, status: 302, headers: { location, 'cache-control': 'no-store' }, body: null });
    return;
  }
  await sendStream({
    res,
    status: opened.outcome === 'part' ? 206 : 200,
    headers: { ...validators, ...representationOf(opened, download) },
    body: hasBytes ? await opened.open() : null,
  });
}

/**
 * Where to get the bytes from the store itself; null where the gateway sends them. Only it can put a page into a sandbox,
 * and say how bytes are encoded.
 */
async function directUrl(
  { object, presign }: Exclude<OpenedObject, { outcome: 'not-modified' }>,
  download: string | undefined,
): Promise<string | null> {
  const { contentType, cacheControl, contentEncoding } = object.facts;
  if (presign === null || contentEncoding !== null || !isInert(contentType)) return null;
  const contentDisposition = download === undefined ? null : dispositionOf(download);
  return presign({ contentType, cacheControl, contentDisposition });
}

/** What a 200 and a 304 have in common (RFC 9110 §15.4.5). A link's lifetime takes the place of the stored caching. */
function validatorsOf({ facts }: StoredObject, expiresAt: Date | null): OutgoingHttpHeaders {
  return {
    ...(facts.etag === null ? {} : { etag: facts.etag }),
    'last-modified': facts.lastModified.toUTCString(),
    ...(expiresAt === null ? { 'cache-control': facts.cacheControl } : { expires: expiresAt.toUTCString() }),
  };
}

function representationOf(
  opened: Exclude<OpenedObject, { outcome: 'not-modified' }>,
  download: string | undefined,
): OutgoingHttpHeaders {
  const { facts } = opened.object;
  const { start, end, outcome } = opened;
  return {
    'accept-ranges': 'bytes',
    'content-type': facts.contentType,
    'content-length': end - start + 1,
    ...(facts.contentEncoding === null ? {} : { 'content-encoding': facts.contentEncoding }),
    'x-robots-tag': facts.robots ?? 'none',
    ...(outcome === 'part' ? { 'content-range': `bytes ${start}-${end}/${facts.sizeBytes}` } : {}),
    ...(download === undefined ? {} : { 'content-disposition': dispositionOf(download) }),
    ...objectSecurityHeaders(facts.contentType),
  };
}

/** A bare `?download` keeps the form that clients of this API know. */
function dispositionOf(download: string): string {
  return download === '' ? 'attachment;' : attachmentHeader(download);
}

async function sendInfo(asked: Asked, access: Access): Promise<void> {
  const { core, scope, res } = asked;
  const object = await findObjectRow(core, scope, { ...addressOf(asked), access });
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
