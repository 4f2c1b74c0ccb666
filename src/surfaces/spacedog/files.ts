/** The routes of this API: wire to operation and back. */
import type { BackendFile } from '../../database/queries/backends.ts';
import { parseContentEncoding } from '../../domain/content-encoding.ts';
import { contentTypeOfName } from '../../domain/content-types.ts';
import { malformed } from '../../domain/errors.ts';
import { isObjectName } from '../../domain/names.ts';
import { DEFAULT_CACHE_CONTROL, DEFAULT_CONTENT_TYPE } from '../../domain/objects.ts';
import { attachmentHeader } from '../../http/content-disposition.ts';
import { declaredMd5Of } from '../../http/content-md5.ts';
import { originAtHost, originOf } from '../../http/origin.ts';
import { readConditions } from '../../http/read-conditions.ts';
import { declaredSizeOf, openRequestBody } from '../../http/request-body.ts';
import { sendObject } from '../../http/send-object.ts';
import { partialityOf } from '../../http/write-conditions.ts';
import { deleteBackendPath, readBackendPath } from '../../operations/backend-files.ts';
import { demandPermits } from '../../operations/demand-permits.ts';
import { putObject } from '../../operations/put-object.ts';
import type { Asked } from './asked.ts';
import { bucketOf, DEFAULT_BACKEND } from './backend.ts';
import { sendEnvelope } from './envelope.ts';

const PAGE_FILES = 100;
const PAGE_MAX_FILES = 1000;

export async function readFiles(asked: Asked): Promise<void> {
  const { core, scope, query, req, res, backend } = asked;
  const answer = await readBackendPath(core, scope, {
    bucket: bucketOf(backend),
    path: pathOf(asked),
    after: cursorOf(query.next),
    limit: sizeOf(query.size),
    ...readConditions(req.headers),
  });
  if (answer.kind === 'list') {
    const last = answer.files.at(-1)?.object.name ?? '';
    const next = answer.hasMore ? { next: Buffer.from(last).toString('base64url') } : {};
    sendEnvelope(res, { results: answer.files.map(wireFile), ...next });
    return;
  }
  const { opened, ownerName } = answer;
  await sendObject({
    res,
    opened,
    disposition: /^true$/i.test(String(query.withContentDisposition)) ? attachmentHeader(opened.object.name) : null,
    headers: ownerName === null ? {} : { 'x-spacedog-owner': encodeURI(ownerName) },
  });
}

export async function writeFile(asked: Asked): Promise<void> {
  const { core, scope, req, res, backend, publicUrl } = asked;
  const path = pathOf(asked);
  const fault = faultOf(path, asked.params.wildcard ?? '') ?? partialityOf(req.headers);
  if (fault !== null) {
    await demandPermits(core, scope);
    throw malformed(fault);
  }
  const contentType = req.headers['content-type'] || contentTypeOfName(path) || DEFAULT_CONTENT_TYPE;
  const { etag } = await putObject(core, scope, {
    bucket: bucketOf(backend),
    name: path,
    body: openRequestBody(req),
    sizeBytes: declaredSizeOf(req.headers),
    md5: declaredMd5Of(req.headers),
    facts: {
      contentType,
      cacheControl: DEFAULT_CACHE_CONTROL,
      contentEncoding: parseContentEncoding(req.headers['content-encoding']),
      userMetadata: {},
      robots: null,
    },
    upsert: req.headers['if-none-match'] === undefined,
  });
  // The public URL has the default backend's host.
  const origin = backend === DEFAULT_BACKEND ? originOf(req, publicUrl) : originAtHost(req, publicUrl);
  const location = `${origin}/1/file/${path.split('/').map(encodeURIComponent).join('/')}`;
  sendEnvelope(res, { path: `/${path}`, location, contentType, etag: bare(etag) });
}

export async function deleteFiles(asked: Asked): Promise<void> {
  const { core, scope, res, backend } = asked;
  const names = await deleteBackendPath(core, scope, { bucket: bucketOf(backend), path: pathOf(asked) });
  sendEnvelope(res, { deleted: names.map(name => `/${name}`) });
}

/** What is wrong with the path of a new file; null where nothing is. */
function faultOf(path: string, asAsked: string): string | null {
  const segments = path.split('/');
  if (segments.length < 2) return 'a file needs a path before its name, such as /1/file/www/index.html';
  if (asAsked.endsWith('/')) return 'a file has a name';
  // Clients resolve these before they ask, so the file would be out of their reach.
  return segments.some(segment => segment === '.' || segment === '..') ? 'a path has no segment . or ..' : null;
}

/** Without empty segments, as clients of this API expect; empty for the root. */
function pathOf({ params }: Asked): string {
  const path = (params.wildcard ?? '').split('/').filter(Boolean).join('/');
  if (path !== '' && !isObjectName(path)) throw malformed('a path has 1 to 1024 bytes and no control characters');
  return path;
}

/** `next` is the last name of the page before, in base64url. */
function cursorOf(next: unknown): string | null {
  if (next === undefined || next === '') return null;
  const name = Buffer.from(String(next), 'base64url').toString();
  if (!isObjectName(name) || name.includes('\ufffd')) throw malformed('next is not one that a page has given');
  return name;
}

function sizeOf(size: unknown): number {
  if (size === undefined) return PAGE_FILES;
  const files = /^\d{1,9}$/.test(String(size)) ? Number(size) : 0;
  if (files < 1) throw malformed('size must be a whole number from 1');
  return Math.min(files, PAGE_MAX_FILES);
}

function wireFile({ object }: BackendFile) {
  const { sizeBytes, lastModified, etag } = object.facts;
  return { path: `/${object.name}`, size: sizeBytes, lastModified: lastModified.toISOString(), etag: bare(etag ?? '') };
}

/** This API writes the MD5 in JSON without HTTP's quotes. */
function bare(etag: string): string {
  return etag.replaceAll('"', '');
}
