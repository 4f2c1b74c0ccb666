/** The `Content-MD5` that an upload may carry (RFC 1864), as clients of S3 send it to have the bytes checked on arrival. */
import type { IncomingHttpHeaders } from 'node:http';
import { SluiceError } from '../domain/errors.ts';

/** 16 bytes in base64. */
const DIGEST = /^[A-Za-z0-9+/]{22}==$/;

/** In hex; null where there is none. Throws `invalid-parameter` for what is no MD5. */
export function declaredMd5Of(headers: IncomingHttpHeaders): string | null {
  const header = headers['content-md5'];
  if (header === undefined) return null;
  if (typeof header === 'string' && DIGEST.test(header)) return Buffer.from(header, 'base64').toString('hex');
  throw new SluiceError('invalid-parameter', 'headers/content-md5 must be the MD5 of the body, 16 bytes in base64', {
    facts: { part: 'headers' },
  });
}
