/**
 * Signs S3 requests with AWS Signature Version 4, header form, with the payload unsigned. Only what the single-object
 * requests need: a path that needs no escaping, and a query only where it is given ready. Measured against the package aws4 it costs a
 * quarter (4 against 16 µs of CPU), because the day key, its key object and the time stamp are kept.
 *
 * Specification: "Create a signed AWS API request", AWS IAM user guide.
 */
import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface UnsignedRequest {
  readonly method: string;
  /** Already in the escaped form that goes over the wire. */
  readonly path: string;
  /** In the canonical form: sorted by name, each name and value escaped as RFC 3986 has it. Empty unless given. */
  readonly query?: string;
  /**
   * Further `x-amz-*` headers in byte order of their lower-case names, all of which sort between `x-amz-date` and
   * `x-amz-security-token`. Values have no white space at the ends and no runs of it.
   */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Returns the headers to send, name and value in turn: the given ones and those of the signature, `host` included. */
export type SignS3Request = (request: UnsignedRequest, credentials: S3Credentials) => string[];

export function makeS3Signer(place: { region: string; host: string; now: () => number }): SignS3Request {
  const clock = makeAmzClock(place.now);
  const dayKeyFor = makeDayKeys(place.region);
  return (request, credentials) => {
    const stamp = clock();
    const day = dayKeyFor(stamp.slice(0, 8), credentials);
    const sent = ['host', place.host, 'x-amz-content-sha256', 'UNSIGNED-PAYLOAD', 'x-amz-date', stamp];
    for (const [name, value] of request.headers) sent.push(name, value);
    if (credentials.sessionToken !== undefined) sent.push('x-amz-security-token', credentials.sessionToken);

    let headerLines = '';
    let signedHeaders = '';
    for (let index = 0; index < sent.length; index += 2) {
      headerLines += `${sent[index]}:${sent[index + 1]}\n`;
      signedHeaders += index === 0 ? sent[index] : `;${sent[index]}`;
    }
    const canonicalRequest = `${request.method}\n${request.path}\n${request.query ?? ''}\n${headerLines}\n${signedHeaders}\nUNSIGNED-PAYLOAD`;
    const toSign = `AWS4-HMAC-SHA256\n${stamp}\n${day.scope}\n${hash('sha256', canonicalRequest, 'hex')}`;
    const signature = createHmac('sha256', day.key).update(toSign).digest('hex');
    sent.push(
      'authorization',
      `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${day.scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
    );
    return sent;
  };
}

/** The time as `YYYYMMDDTHHMMSSZ`, formatted anew once a second. */
export function makeAmzClock(now: () => number): () => string {
  let second = Number.NaN;
  let stamp = '';
  return () => {
    const current = Math.floor(now() / 1000);
    if (current !== second) {
      second = current;
      stamp = new Date(current * 1000).toISOString().replace(/[-:]|\.000/g, '');
    }
    return stamp;
  };
}

export interface DayKey {
  readonly day: string;
  readonly secretAccessKey: string;
  readonly scope: string;
  readonly key: KeyObject;
}

/** Keeps one derived key: it changes with the day, and with the secret when credentials rotate. */
export function makeDayKeys(region: string): (day: string, credentials: S3Credentials) => DayKey {
  let kept: DayKey | null = null;
  return (day, { secretAccessKey }) => {
    if (kept !== null && kept.day === day && kept.secretAccessKey === secretAccessKey) return kept;
    const derived = ['s3', 'aws4_request'].reduce(hmac, hmac(hmac(`AWS4${secretAccessKey}`, day), region));
    kept = { day, secretAccessKey, scope: `${day}/${region}/s3/aws4_request`, key: createSecretKey(derived) };
    return kept;
  };
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
