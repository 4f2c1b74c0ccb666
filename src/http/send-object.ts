/**
 * The reply that carries an object, the same for every surface: status, validators, representation headers, and the bytes,
 * or the way to the store that has them. What a surface adds is its disposition and headers of its own.
 */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { StoredObject } from '../domain/objects.ts';
import type { OpenedBytes, OpenedObject } from '../domain/opened-object.ts';
import { isInert, objectSecurityHeaders } from './security-headers.ts';
import { sendStream } from './send-stream.ts';

export interface ObjectReply {
  readonly res: ServerResponse;
  readonly opened: OpenedObject;
  /** The Content-Disposition; none unless given. */
  readonly disposition?: string | null;
  /** The end of the token that this is read with, which then takes the place of the stored caching. */
  readonly expiresAt?: Date | null;
  /** Sent beside, and before, the headers of the object itself where bytes or a HEAD's headers are the answer. */
  readonly headers?: OutgoingHttpHeaders;
}

/**
 * Sends 200, 206 or 304; or 302 where the bucket's delivery is `redirect`; or, where an nginx in front is to send the bytes,
 * the headers of a 200 and where they are. A HEAD gets the headers of its GET and the
 * store is not asked. Rejects with what `open` throws before anything is sent, else as `sendStream` does.
 */
export async function sendObject(reply: ObjectReply): Promise<void> {
  const { res, opened, disposition = null, expiresAt = null } = reply;
  const validators = validatorsOf(opened.object, expiresAt);
  if (opened.outcome === 'not-modified') {
    await sendStream({ res, status: 304, headers: validators, body: null });
    return;
  }
  const hasBytes = res.req.method === 'GET' && opened.end >= opened.start;
  const location = hasBytes ? await directUrl(opened, disposition) : null;
  if (location !== null) {
    await sendStream({ res, status: 302, headers: { location, 'cache-control': 'no-store' }, body: null });
    return;
  }
  const path = hasBytes ? await proxyPath(reply, opened) : null;
  if (path !== null) {
    const none = { ...opened, outcome: 'whole', start: 0, end: -1 } as const;
    const { 'accept-ranges': _saidByNginx, ...headers } = representationOf(none, disposition);
    await sendStream({
      res,
      status: 200,
      headers: { ...validators, ...headers, 'x-accel-redirect': path },
      body: null,
    });
    return;
  }
  await sendStream({
    res,
    status: opened.outcome === 'part' ? 206 : 200,
    headers: { ...reply.headers, ...validators, ...representationOf(opened, disposition) },
    body: hasBytes ? await opened.open() : null,
  });
}

/** What a 200 and a 304 have in common (RFC 9110 §15.4.5). A token's lifetime takes the place of the stored caching. */
export function validatorsOf({ facts }: StoredObject, expiresAt: Date | null): OutgoingHttpHeaders {
  return {
    'last-modified': facts.lastModified.toUTCString(),
    ...(facts.etag === null ? {} : { etag: facts.etag }),
    ...(expiresAt === null ? { 'cache-control': facts.cacheControl } : { expires: expiresAt.toUTCString() }),
  };
}

/**
 * Where to get the bytes from the store itself; null where the gateway sends them. Only it can put a page into a sandbox,
 * and say how bytes are encoded.
 */
async function directUrl({ object, presign }: OpenedBytes, contentDisposition: string | null): Promise<string | null> {
  const { contentType, cacheControl, contentEncoding } = object.facts;
  if (presign === null || contentEncoding !== null || !isInert(contentType)) return null;
  return presign({ contentType, cacheControl, contentDisposition });
}

/**
 * Where nginx finds the bytes; null where the gateway sends them. Of our reply nginx keeps few headers, so it gets no type
 * that needs a sandbox, no coding, and no surface's own headers. It decides on the range once more, by the header that the
 * client sent, and on conditions by times of its own, so it gets no request where its verdict could be another than ours.
 */
async function proxyPath({ res, headers: own = {} }: ObjectReply, { object, outcome, locate }: OpenedBytes) {
  const { contentType, contentEncoding } = object.facts;
  const asked = res.req.headers;
  const isOurs = contentEncoding !== null || !isInert(contentType) || Object.keys(own).length > 0;
  const isConditional = RETRIED_BY_NGINX.some(name => asked[name] !== undefined);
  const isRangeIgnored = asked.range !== undefined && outcome === 'whole';
  return locate === null || isOurs || isConditional || isRangeIgnored ? null : locate();
}

const RETRIED_BY_NGINX = ['if-match', 'if-modified-since', 'if-unmodified-since', 'if-range'];

function representationOf({ object, start, end, outcome }: OpenedBytes, disposition: string | null) {
  const { facts } = object;
  return {
    'accept-ranges': 'bytes',
    'content-type': facts.contentType,
    'content-length': end - start + 1,
    ...(facts.contentEncoding === null ? {} : { 'content-encoding': facts.contentEncoding }),
    'x-robots-tag': facts.robots ?? 'none',
    ...(outcome === 'part' ? { 'content-range': `bytes ${start}-${end}/${facts.sizeBytes}` } : {}),
    ...(disposition === null ? {} : { 'content-disposition': disposition }),
    ...objectSecurityHeaders(facts.contentType),
  };
}
