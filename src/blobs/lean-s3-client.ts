/**
 * The single-object requests over undici, signed here: an order of magnitude less CPU than the AWS SDK. It knows
 * nothing of multipart uploads, listing or buckets.
 *
 * Retries: a GET or HEAD whose socket failed before any byte of an answer is sent once more, because the engine may
 * close an idle socket at the very moment we reuse it. So is a PUT whose bytes are in hand whole; sending the same
 * bytes to the same key twice is harmless. A streamed PUT cannot be repeated, so idle sockets are kept only shortly.
 */
import type { Readable } from 'node:stream';
import { type Dispatcher, Pool } from 'undici';
import { BlobStoreError } from './blob-store.ts';
import { errorCode } from './error-code.ts';
import { S3Refusal } from './s3-failure.ts';
import { labelHeaders, metadataIn, parseLabels } from './s3-labels.ts';
import { md5OfEtag, type PutS3Object, type S3Objects } from './s3-objects.ts';
import type { S3Timeouts } from './s3-settings.ts';
import { makeS3Signer, type S3Credentials } from './s3-signer.ts';
import { makeSocketGate } from './socket-gate.ts';

const KEEP_ALIVE_MS = 4_000;
const LONGEST_ERROR_DOCUMENT_BYTES = 16 * 1024;

export interface LeanS3Settings {
  /** The bucket's own address: its path is put before every key. */
  readonly bucketUrl: URL;
  readonly region: string;
  readonly credentials: () => S3Credentials | Promise<S3Credentials>;
  readonly maxSockets: number;
  readonly timeouts: S3Timeouts;
  readonly now: () => number;
}

interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT';
  readonly path: string;
  /** `x-amz-*` headers, signed. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Headers that are not part of the signature, name and value in turn. */
  readonly unsigned?: readonly string[];
  readonly body?: Buffer | Readable;
  readonly signal?: AbortSignal;
}

type Send = (request: S3Request) => Promise<Dispatcher.ResponseData>;

export function makeLeanS3Client(settings: LeanS3Settings): S3Objects {
  const { bucketUrl, timeouts } = settings;
  const pool = new Pool(bucketUrl.origin, {
    connections: settings.maxSockets,
    pipelining: 1,
    connectTimeout: timeouts.connectMs,
    headersTimeout: timeouts.headersMs,
    bodyTimeout: timeouts.bodyIdleMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
  });
  const send = makeSend(settings, pool);
  const bucketPath = bucketUrl.pathname.replace(/\/$/, '');
  return {
    get: (key, options) => getObject(send, `${bucketPath}/${key}`, options),
    put: object => putObject(send, `${bucketPath}/${object.key}`, object),
    head: key => headObject(send, `${bucketPath}/${key}`),
    headBucket: async signal => {
      const request = { method: 'HEAD', path: bucketPath || '/', headers: [] } as const;
      const answer = await send({ ...request, ...(signal === undefined ? {} : { signal }) });
      await expectStatus(answer, 200);
      answer.body.resume();
    },
    close: async () => {
      if (!pool.destroyed) await pool.destroy();
    },
  };
}

function makeSend(settings: LeanS3Settings, pool: Pool): Send {
  const sign = makeS3Signer({ region: settings.region, host: settings.bucketUrl.host, now: settings.now });
  const gate = makeSocketGate({ most: settings.maxSockets, waitMs: settings.timeouts.headersMs });
  const dispatch = async (request: S3Request) => {
    const given = settings.credentials();
    const headers = sign(request, 'then' in given ? await given : given);
    if (request.unsigned !== undefined) headers.push(...request.unsigned);
    return pool.request({
      method: request.method,
      path: request.path,
      headers,
      body: request.body ?? null,
      reset: false, // Undici would close the socket after every HEAD.
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
  };
  const dispatchTwice = async (request: S3Request) => {
    try {
      return await dispatch(request);
    } catch (error) {
      const isRepeatable = request.body === undefined || Buffer.isBuffer(request.body);
      if (!isRepeatable || request.signal?.aborted || !isStaleSocket(error)) throw error;
      return dispatch(request);
    }
  };
  return async request => {
    await gate.enter(request.signal);
    try {
      const answer = await dispatchTwice(request);
      answer.body.once('close', gate.leave);
      // Undici errors an unread body that is destroyed; without a listener that would end the process.
      answer.body.on('error', () => {});
      return answer;
    } catch (error) {
      gate.leave();
      throw error;
    }
  };
}

function isStaleSocket(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}

async function getObject(send: Send, path: string, options: Parameters<S3Objects['get']>[1]): Promise<Readable> {
  const { range, signal } = options;
  const answer = await send({
    method: 'GET',
    path,
    headers: [],
    signal,
    ...(range === null ? {} : { unsigned: ['range', `bytes=${range.start}-${range.end}`] }),
  });
  await expectStatus(answer, range === null ? 200 : 206);
  if (range !== null && Number(answer.headers['content-length']) !== range.end - range.start + 1) {
    answer.body.destroy();
    throw new BlobStoreError('failed', 'S3 answered another range than asked for');
  }
  return answer.body;
}

async function putObject(send: Send, path: string, object: PutS3Object): Promise<{ md5: string | null }> {
  const answer = await send({
    method: 'PUT',
    path,
    headers: labelHeaders(object.labels),
    unsigned: ['content-length', String(object.sizeBytes)],
    body: object.bytes,
    signal: object.signal,
  });
  await expectStatus(answer, 200);
  answer.body.resume();
  const header = (name: string) => String(answer.headers[name] ?? '');
  return { md5: md5OfEtag(header('etag'), header('x-amz-server-side-encryption')) };
}

async function headObject(send: Send, path: string): ReturnType<S3Objects['head']> {
  const answer = await send({ method: 'HEAD', path, headers: [] });
  await expectStatus(answer, 200);
  answer.body.resume();
  return {
    sizeBytes: Number(answer.headers['content-length']),
    labels: parseLabels(metadataIn(answer.headers)),
  };
}

/** Another status is a refusal, even a 2xx or 3xx: a range that was ignored, an engine of another region. */
async function expectStatus(answer: Dispatcher.ResponseData, status: number): Promise<void> {
  if (answer.statusCode === status) return;
  throw new S3Refusal(answer.statusCode, await readErrorCode(answer));
}

/** The `Code` of S3's error document; anything too long or unreadable is no code, and its socket is given up. */
async function readErrorCode({ body, statusCode }: Dispatcher.ResponseData): Promise<string> {
  if (statusCode < 300) {
    body.destroy();
    return '';
  }
  let text = '';
  try {
    for await (const piece of body) {
      text += String(piece);
      if (text.length > LONGEST_ERROR_DOCUMENT_BYTES) break;
    }
  } catch {
    return '';
  }
  return /<Code>([A-Za-z0-9_.]+)<\/Code>/.exec(text)?.[1] ?? '';
}
