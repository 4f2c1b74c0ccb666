/**
 * Presigned GET URLs: AWS Signature Version 4 in query form, for clients that fetch bytes from the store itself.
 *
 * Specification: "Authenticating Requests: Using Query Parameters", Amazon S3 API reference.
 */
import { createHmac, hash } from 'node:crypto';
import type { DirectDownload } from './blob-store.ts';
import { makeAmzClock, makeDayKeys, type S3Credentials } from './s3-signer.ts';

export interface PresignPlace {
  /** The bucket's own address, as clients reach it: its host is signed, its path is put before every key. */
  readonly bucketUrl: URL;
  readonly region: string;
  readonly credentials: () => S3Credentials | Promise<S3Credentials>;
  readonly now: () => number;
}

export function makeS3Presign({ bucketUrl, region, credentials, now }: PresignPlace) {
  const clock = makeAmzClock(now);
  const dayKeyFor = makeDayKeys(region);
  const bucketPath = bucketUrl.pathname.replace(/\/$/, '');
  return async (key: string, download: DirectDownload): Promise<string> => {
    const held = await credentials();
    const stamp = clock();
    const day = dayKeyFor(stamp.slice(0, 8), held);
    const path = `${bucketPath}/${key}`;
    const query = canonicalQuery({
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': `${held.accessKeyId}/${day.scope}`,
      'X-Amz-Date': stamp,
      'X-Amz-Expires': String(download.expiresInSeconds),
      ...(held.sessionToken === undefined ? {} : { 'X-Amz-Security-Token': held.sessionToken }),
      'X-Amz-SignedHeaders': 'host',
      'response-cache-control': download.cacheControl,
      ...(download.contentDisposition === null ? {} : { 'response-content-disposition': download.contentDisposition }),
      'response-content-type': download.contentType,
    });
    const request = `GET\n${path}\n${query}\nhost:${bucketUrl.host}\n\nhost\nUNSIGNED-PAYLOAD`;
    const toSign = `AWS4-HMAC-SHA256\n${stamp}\n${day.scope}\n${hash('sha256', request, 'hex')}`;
    const signature = createHmac('sha256', day.key).update(toSign).digest('hex');
    return `${bucketUrl.origin}${path}?${query}&X-Amz-Signature=${signature}`;
  };
}

/** Names and values escaped as RFC 3986 has it, sorted by name in byte order. */
function canonicalQuery(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${escapeText(name)}=${escapeText(value)}`)
    .sort()
    .join('&');
}

function escapeText(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, letter => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}
