/**
 * Presigned URLs: AWS Signature Version 4 in query form, for those who exchange bytes with the store itself.
 *
 * Specification: "Authenticating Requests: Using Query Parameters", Amazon S3 API reference.
 */
import { hash } from 'node:crypto';
import type { DirectDownload } from './blob-store.ts';
import { escapeText, makeAmzClock, makeDayKeys, type S3Credentials } from './s3-signer.ts';

/** A proxy that is told where to look looks at once. */
const LOCATED_SECONDS = 60;

export interface PresignPlace {
  /** The bucket's own address, as its users reach it: its host is signed, its path is put before every key. */
  readonly bucketUrl: URL;
  readonly region: string;
  readonly credentials: () => S3Credentials | Promise<S3Credentials>;
  readonly now: () => number;
}

export interface UrlToSign {
  readonly method: 'GET' | 'PUT';
  readonly key: string;
  readonly expiresInSeconds: number;
  readonly query?: Readonly<Record<string, string>>;
  /** Headers that the request must carry exactly so, by lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
}

export type SignS3Url = (url: UrlToSign) => Promise<string>;

export function makeS3UrlSigner({ bucketUrl, region, credentials, now }: PresignPlace): SignS3Url {
  const clock = makeAmzClock(now);
  const dayKeyFor = makeDayKeys(region);
  const bucketPath = bucketUrl.pathname.replace(/\/$/, '');
  return async ({ method, key, expiresInSeconds, query: given, headers: bound }) => {
    const held = await credentials();
    const stamp = clock();
    const day = dayKeyFor(stamp.slice(0, 8), held);
    const path = `${bucketPath}/${key}`;
    const headers = Object.entries({ ...bound, host: bucketUrl.host }).sort(([a], [b]) => (a < b ? -1 : 1));
    const signedHeaders = headers.map(([name]) => name).join(';');
    const query = canonicalQuery({
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': `${held.accessKeyId}/${day.scope}`,
      'X-Amz-Date': stamp,
      'X-Amz-Expires': String(expiresInSeconds),
      ...(held.sessionToken === undefined ? {} : { 'X-Amz-Security-Token': held.sessionToken }),
      'X-Amz-SignedHeaders': signedHeaders,
      ...given,
    });
    const headerLines = headers.map(([name, value]) => `${name}:${value.trim().replace(/ +/g, ' ')}\n`).join('');
    const request = `${method}\n${path}\n${query}\n${headerLines}\n${signedHeaders}\nUNSIGNED-PAYLOAD`;
    const toSign = `AWS4-HMAC-SHA256\n${stamp}\n${day.scope}\n${hash('sha256', request, 'hex')}`;
    return `${bucketUrl.origin}${path}?${query}&X-Amz-Signature=${day.sign(toSign)}`;
  };
}

/** The `presignDownload` of the S3 driver. */
export function makePresignDownload(sign: SignS3Url) {
  return (key: string, download: DirectDownload): Promise<string> =>
    sign({
      method: 'GET',
      key,
      expiresInSeconds: download.expiresInSeconds,
      query: {
        'response-cache-control': download.cacheControl,
        ...(download.contentDisposition === null
          ? {}
          : { 'response-content-disposition': download.contentDisposition }),
        'response-content-type': download.contentType,
      },
    });
}

/** The `locate` of the S3 driver: what follows the host in a URL of the engine's own endpoint. */
export function makeLocate(signInside: SignS3Url) {
  return async (key: string): Promise<string> => {
    const { pathname, search } = new URL(await signInside({ method: 'GET', key, expiresInSeconds: LOCATED_SECONDS }));
    return `${pathname}${search}`;
  };
}

/** Names and values escaped as RFC 3986 has it, sorted by name in byte order. */
function canonicalQuery(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${escapeText(name)}=${escapeText(value)}`)
    .sort()
    .join('&');
}
