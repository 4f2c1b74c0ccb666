/**
 * The requests about one object, and those that send a part or ask whether the bucket is there, signed here and sent without
 * the AWS SDK: an order of magnitude less CPU. It begins and completes no upload in parts, and lists and deletes nothing.
 *
 * Retries: a GET or HEAD whose socket failed before the answer is sent once more, because the engine may close an idle
 * socket at the very moment we reuse it. So is a PUT whose bytes are in hand whole; sending the same bytes to the same
 * key twice is harmless. A streamed PUT cannot be repeated, so idle sockets are kept only shortly.
 */
import { Readable } from 'node:stream';
import { BlobStoreError } from './blob-store.ts';
import { S3Refusal } from './s3-failure.ts';
import { labelHeaders, metadataIn, parseLabels } from './s3-labels.ts';
import { md5OfEtag, type PutS3Object, type S3Objects, type S3Part } from './s3-objects.ts';
import type { S3Timeouts } from './s3-settings.ts';
import { escapeText, makeS3Signer, type S3Credentials } from './s3-signer.ts';
import type { S3Transport, TransportAnswer, TransportSettings } from './s3-transport.ts';
import { makeSocketGate, type Place } from './socket-gate.ts';
import { systemCode } from './system-code.ts';
import { UnframedAnswer } from './wire-connection.ts';
import { makeWireTransport } from './wire-transport.ts';

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
  /** In canonical form. */
  readonly query?: string;
  /** `x-amz-*` headers, signed. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Headers that are not part of the signature, name and value in turn. */
  readonly unsigned?: readonly string[];
  readonly body?: Buffer | Readable;
  readonly signal?: AbortSignal;
}

type Send = (request: S3Request) => Promise<TransportAnswer>;

export function makeLeanS3Client(settings: LeanS3Settings): S3Objects {
  const { bucketUrl } = settings;
  const transport = makeTransport(settings);
  const send = makeSend(settings, transport);
  const bucketPath = bucketUrl.pathname.replace(/\/$/, '');
  return {
    get: (key, options) => getObject(send, `${bucketPath}/${key}`, options),
    put: object => putObject(send, `${bucketPath}/${object.key}`, object),
    putPart: part => putPart(send, `${bucketPath}/${part.key}`, part),
    head: key => headObject(send, `${bucketPath}/${key}`),
    headBucket: async signal => {
      const request = { method: 'HEAD', path: bucketPath || '/', headers: [] } as const;
      const answer = await send({ ...request, ...(signal === undefined ? {} : { signal }) });
      expectStatus(answer, 200);
      answer.body?.resume();
    },
    close: () => transport.close(),
  };
}

/** Our own connections speak plain TCP, and leave to undici what they cannot read: an answer without a length. */
function makeTransport({ bucketUrl, timeouts }: LeanS3Settings): S3Transport {
  const settings = { origin: bucketUrl, timeouts, keepMs: timeouts.keepAliveMs };
  const general = makeUndiciWhenNeeded(settings);
  if (bucketUrl.protocol !== 'http:') return general;
  const plain = makeWireTransport(settings);
  return {
    send: request =>
      plain.send(request).catch((error: unknown) => {
        if (!(error instanceof UnframedAnswer) || request.method === 'PUT') throw error;
        return general.send(request);
      }),
    close: async () => {
      await plain.close();
      await general.close();
    },
  };
}

/** Undici takes 6 MiB of memory, and a gateway whose engine is on plain TCP hardly ever needs it. */
function makeUndiciWhenNeeded(settings: TransportSettings): S3Transport {
  let made: Promise<S3Transport> | null = null;
  return {
    async send(request) {
      made ??= import('./undici-transport.ts').then(({ makeUndiciTransport }) => makeUndiciTransport(settings));
      return (await made).send(request);
    },
    close: async () => {
      await (await made)?.close();
    },
  };
}

function makeSend(settings: LeanS3Settings, transport: S3Transport): Send {
  const sign = makeS3Signer({ region: settings.region, host: settings.bucketUrl.host, now: settings.now });
  const gate = makeSocketGate({ most: settings.maxSockets, waitMs: settings.timeouts.headersMs });
  const dispatch = (request: S3Request, place: Place, credentials: S3Credentials) => {
    const headers = sign(request, credentials);
    if (request.unsigned !== undefined) headers.push(...request.unsigned);
    const { method, query, body = null, signal } = request;
    const path = query === undefined ? request.path : `${request.path}?${query}`;
    if (signal?.aborted) throw new BlobStoreError('aborted', 'the request to S3 was aborted', signal.reason);
    return transport.send({ method, path, headers, body, signal, place });
  };
  // No promise is made that can be spared: of a small request they are a good part.
  return async request => {
    const entered = gate.enter(request.signal);
    const place = 'then' in entered ? await entered : entered;
    for (let isFirst = true; ; isFirst = false) {
      try {
        const given = settings.credentials();
        const answer = await dispatch(request, place, 'then' in given ? await given : given);
        if (answer.body === null) place.leave();
        else answer.body.once('close', place.leave);
        return answer;
      } catch (error) {
        if (isFirst && mayRepeat(request, error)) continue;
        place.leave();
        throw error;
      }
    }
  };
}

function mayRepeat({ body, signal }: S3Request, error: unknown): boolean {
  const isInHand = body === undefined || Buffer.isBuffer(body);
  return isInHand && signal?.aborted !== true && isStaleSocket(error);
}

function isStaleSocket(error: unknown): boolean {
  const code = systemCode(error);
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
  expectStatus(answer, range === null ? 200 : 206);
  if (range !== null && Number(answer.header('content-length')) !== range.end - range.start + 1) {
    answer.body?.destroy();
    throw new BlobStoreError('failed', 'S3 answered another range than asked for');
  }
  return answer.body ?? Readable.from([]);
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
  expectStatus(answer, 200);
  answer.body?.resume();
  return { md5: md5OfEtag(answer.header('etag'), answer.header('x-amz-server-side-encryption')) };
}

async function putPart(send: Send, path: string, { number, uploadId, bytes, signal }: S3Part): Promise<string> {
  const answer = await send({
    method: 'PUT',
    path,
    query: `partNumber=${number}&uploadId=${escapeText(uploadId)}`,
    headers: [],
    unsigned: ['content-length', String(bytes.length)],
    body: bytes,
    signal,
  });
  expectStatus(answer, 200);
  answer.body?.resume();
  const etag = answer.header('etag');
  if (etag === undefined) throw new BlobStoreError('failed', 'S3 took a part without an ETag');
  return etag;
}

async function headObject(send: Send, path: string): ReturnType<S3Objects['head']> {
  const answer = await send({ method: 'HEAD', path, headers: [] });
  expectStatus(answer, 200);
  answer.body?.resume();
  return {
    sizeBytes: Number(answer.header('content-length')),
    labels: parseLabels(metadataIn(answer.header)),
  };
}

/** Another status is a refusal, even a 2xx or 3xx: a range that was ignored, an engine of another region. */
function expectStatus(answer: TransportAnswer, status: number): void {
  if (answer.status === status) return;
  answer.body?.destroy();
  throw new S3Refusal(answer.status, answer.code);
}
