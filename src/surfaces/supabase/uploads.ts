/** Upload routes: a raw body or a multipart form, by a caller or through an upload link. */
import type { IncomingHttpHeaders } from 'node:http';
import type { RequestQueries } from '../../contract/types.generated.ts';
import { parseContentEncoding } from '../../domain/content-encoding.ts';
import { SluiceError } from '../../domain/errors.ts';
import { legalHeader } from '../../domain/legal-header.ts';
import { DEFAULT_CACHE_CONTROL, DEFAULT_CONTENT_TYPE, type Json } from '../../domain/objects.ts';
import { declaredMd5Of } from '../../http/content-md5.ts';
import { isForm, readMultipart } from '../../http/multipart-upload.ts';
import { declaredSizeOf, openRequestBody } from '../../http/request-body.ts';
import { sendJson } from '../../http/send-json.ts';
import { commitDirectUpload } from '../../operations/direct-upload.ts';
import { type PutRequest, putObject, type UploadFacts } from '../../operations/put-object.ts';
import { type Asked, addressOf } from './asked.ts';
import { parseRobotsTag } from './robots-tag.ts';
import { parseUserMetadata, userMetadataHeader } from './user-metadata.ts';
import { heedingNoneMatch, refusePartiality } from './write-once.ts';

const FORM_LIMITS = { maxFields: 10, maxFieldBytes: 1024 * 1024 };

export const uploadObject = (asked: Asked) => upload(asked, asked.req.headers['x-upsert'] === 'true');
export const replaceObject = (asked: Asked) => upload(asked, true);

export async function uploadToLink(asked: Asked) {
  const address = addressOf(asked);
  const { token } = asked.query as RequestQueries['uploadToLink'];
  const link = asked.links.verifyUpload(token, address);
  await put(asked, {
    ...withUserMetadata(await readUpload(asked), link.userMetadata),
    ...address,
    upsert: link.upsert,
    link: { fingerprint: link.fingerprint, issuedAt: new Date(link.issuedAtMs), owner: link.owner },
  });
  sendJson({ res: asked.res, status: 200, body: { Key: `${address.bucket}/${address.name}` } });
}

export async function commitDirect(asked: Asked) {
  const address = addressOf(asked);
  const { token } = asked.query as RequestQueries['commitDirectUpload'];
  const { direct, ...link } = asked.links.verifyUpload(token, address);
  if (direct === null) throw new SluiceError('link-mismatch', 'The link is not for a direct upload');
  await commitDirectUpload(asked.core, asked.scope, {
    ...address,
    version: direct.version,
    facts: {
      contentType: direct.mimetype,
      cacheControl: direct.cacheControl,
      userMetadata: link.userMetadata ?? {},
      robots: null,
    },
    upsert: link.upsert,
    link: { fingerprint: link.fingerprint, issuedAt: new Date(link.issuedAtMs), owner: link.owner },
  });
  sendJson({ res: asked.res, status: 200, body: { Key: `${address.bucket}/${address.name}` } });
}

async function upload(asked: Asked, upsert: boolean): Promise<void> {
  const address = addressOf(asked);
  const { id } = await put(asked, { upsert, ...address, ...(await readUpload(asked)) });
  sendJson({ res: asked.res, status: 200, body: { Id: id, Key: `${address.bucket}/${address.name}` } });
}

function put({ core, scope, req }: Asked, request: PutRequest) {
  return heedingNoneMatch(req, request.upsert, upsert => putObject(core, scope, { ...request, upsert }));
}

type Upload = Pick<PutRequest, 'body' | 'sizeBytes' | 'longestBytes' | 'md5' | 'facts' | 'finalFacts'>;

/** The user metadata that an upload link carries takes the place of what comes with the bytes. */
function withUserMetadata(upload: Upload, userMetadata: Json | null): Upload {
  if (userMetadata === null) return upload;
  const { facts, finalFacts } = upload;
  return {
    ...upload,
    facts: { ...facts, userMetadata },
    ...(finalFacts === undefined ? {} : { finalFacts: async () => ({ ...(await finalFacts()), userMetadata }) }),
  };
}

async function readUpload({ req, scope }: Asked): Promise<Upload> {
  refusePartiality(req);
  const facts = factsOfHeaders(req.headers);
  if (!isForm(req.headers)) {
    const md5 = declaredMd5Of(req.headers);
    return { body: openRequestBody(req), sizeBytes: declaredSizeOf(req.headers), md5, facts };
  }
  const form = await readMultipart(req, { ...FORM_LIMITS, signal: scope.signal });
  const factsWith = (fields: ReadonlyMap<string, string>) => factsOfForm(facts, form.file.contentType, fields);
  return {
    body: form.file.stream,
    sizeBytes: null,
    longestBytes: declaredSizeOf(req.headers),
    facts: factsWith(form.fields),
    finalFacts: async () => factsWith(new Map([...form.fields, ...(await form.fieldsAfter)])),
  };
}

function factsOfHeaders(headers: IncomingHttpHeaders): UploadFacts {
  return {
    contentType: headers['content-type'] || DEFAULT_CONTENT_TYPE,
    cacheControl: headers['cache-control'] || DEFAULT_CACHE_CONTROL,
    contentEncoding: parseContentEncoding(headers['content-encoding']),
    userMetadata: userMetadataHeader(headers) ?? {},
    robots: parseRobotsTag(headers['x-robots-tag'] as string | undefined),
  };
}

/** The fields of a form: `cacheControl` in seconds, `metadata` or `userMetadata` as JSON, `contentType`. An empty one is none. */
function factsOfForm(headers: UploadFacts, partType: string, fields: ReadonlyMap<string, string>): UploadFacts {
  const seconds = fields.get('cacheControl');
  const metadata = fields.get('metadata') ?? fields.get('userMetadata');
  return {
    contentType: legalHeader('contentType', fields.get('contentType')) || partType,
    cacheControl: seconds ? `max-age=${legalHeader('cacheControl', seconds)}` : DEFAULT_CACHE_CONTROL,
    userMetadata: (metadata === undefined ? undefined : parseUserMetadata(metadata)) ?? headers.userMetadata,
    robots: headers.robots,
  };
}
