/**
 * The AWS SDK's client as this driver wants it: no checksum trailers (many engines refuse them), no payload hashing,
 * pooled sockets with time limits. And the single-object requests through it, for `leanClient: false`.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { addAbortSignal, Readable } from 'node:stream';
import {
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { BlobStoreError } from './blob-store.ts';
import { labelMetadata, parseLabels } from './s3-labels.ts';
import { md5OfEtag, type PutS3Object, type S3Objects } from './s3-objects.ts';
import { DEFAULT_MAX_SOCKETS, type S3Settings, s3Timeouts } from './s3-settings.ts';
import { errorName } from './system-code.ts';

export function makeSdkS3Client(settings: S3Settings): S3Client {
  const { connectMs, headersMs, bodyIdleMs, keepAliveMs } = s3Timeouts(settings);
  const maxSockets = settings.maxSockets ?? DEFAULT_MAX_SOCKETS;
  const agent = { keepAlive: true, timeout: keepAliveMs, maxSockets }; // Node's agent closes idle sockets by it, no others.
  const client = new S3Client({
    region: settings.region,
    forcePathStyle: settings.forcePathStyle,
    ...(settings.endpoint === null ? {} : { endpoint: settings.endpoint }),
    ...staticCredentials(settings),
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // With it the SDK opens a socket of its own for every large part.
    expectContinueHeader: false,
    logger: SILENT,
    retryStrategy: RETRIES,
    requestHandler: {
      connectionTimeout: connectMs,
      socketTimeout: Math.max(headersMs, bodyIdleMs),
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent(agent),
    },
  });
  sendUnsignedPayload(client);
  return client;
}

function staticCredentials({ accessKeyId, secretAccessKey }: S3Settings) {
  return accessKeyId === null || secretAccessKey === null ? {} : { credentials: { accessKeyId, secretAccessKey } };
}

type RetryStrategy = Extract<S3ClientConfig['retryStrategy'], { acquireInitialRetryToken: unknown }>;
type RetryToken = Awaited<ReturnType<RetryStrategy['acquireInitialRetryToken']>>;

const MOST_RETRIES = 2;
const FIRST_RETRY_MS = 100;

/**
 * Again, twice at most, after an answer that means "later" and after a connection that broke; never after silence, which
 * would last three times as long then. The SDK waits between the attempts as the token says.
 */
const RETRIES: RetryStrategy = {
  acquireInitialRetryToken: async () => retryToken(0),
  refreshRetryTokenForRetry: async (token, { errorType, error }) => {
    const count = token.getRetryCount() + 1;
    const isLater = errorType === 'THROTTLING' || (errorType === 'TRANSIENT' && errorName(error) !== 'TimeoutError');
    if (count > MOST_RETRIES || !isLater) throw new Error('no further attempt');
    return retryToken(count);
  },
  recordSuccess: () => {},
};

function retryToken(count: number): RetryToken {
  const delayMs = count === 0 ? 0 : FIRST_RETRY_MS * 2 ** count * (0.5 + Math.random() / 2);
  return { getRetryCount: () => count, getRetryDelay: () => delayMs };
}

/** The SDK would write warnings to the console; every failure reaches the caller as an error anyway. */
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** Spares a SHA-256 of every uploaded byte; the signer keeps a header that is already there. */
function sendUnsignedPayload(client: S3Client): void {
  client.middlewareStack.add(
    (next, context) => args => {
      const uploads = context.commandName === 'UploadPartCommand' || context.commandName === 'PutObjectCommand';
      if (uploads && hasHeaders(args.request)) args.request.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
      return next(args);
    },
    { step: 'build', name: 'sendUnsignedPayload' },
  );
}

function hasHeaders(request: unknown): request is { headers: Record<string, string> } {
  return typeof request === 'object' && request !== null && 'headers' in request;
}

/** The single-object requests through the SDK. The client is not closed with them. */
export function makeSdkS3Objects(client: S3Client, bucket: string): S3Objects {
  return {
    get: async (key, { range, signal }) => {
      const Range = range === null ? undefined : `bytes=${range.start}-${range.end}`;
      const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range }), {
        abortSignal: signal,
      });
      if (!(answer.Body instanceof Readable)) throw new BlobStoreError('failed', 'S3 answered without a body');
      answer.Body.on('error', () => {}); // Destroying an unread stream must not end the process.
      if (range !== null && answer.ContentLength !== range.end - range.start + 1) {
        answer.Body.destroy();
        throw new BlobStoreError('failed', 'S3 answered another range than asked for');
      }
      return addAbortSignal(signal, answer.Body);
    },
    put: object => putObject(client, bucket, object),
    head: async key => {
      const answer = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
      return { sizeBytes: answer.ContentLength ?? 0, labels: parseLabels(name => answer.Metadata?.[name]) };
    },
    headBucket: async signal => {
      await client.send(new HeadBucketCommand({ Bucket: bucket }), signal === undefined ? {} : { abortSignal: signal });
    },
    close: async () => {},
  };
}

async function putObject(client: S3Client, bucket: string, object: PutS3Object): Promise<{ md5: string | null }> {
  // The SDK pipes the body and never hears that it failed: without this the request would wait for the rest.
  const { signal } = object;
  const broken = new AbortController();
  const stop = () => broken.abort(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  if (object.bytes instanceof Readable) object.bytes.on('error', error => broken.abort(error));
  const answer = await client.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: object.key,
      Body: object.bytes,
      ContentLength: object.sizeBytes,
      Metadata: labelMetadata(object.labels),
    }),
    { abortSignal: broken.signal },
  );
  return { md5: md5OfEtag(answer.ETag, answer.ServerSideEncryption) };
}
