/**
 * Signs S3 requests with AWS Signature Version 4, header form, with the payload unsigned. Only what the single-object
 * requests need: a path that needs no escaping, and a query only where it is given ready. Measured against the package aws4 it costs a
 * quarter (4 against 16 µs of CPU), because the day key, what it is hashed with and the time stamp are kept.
 *
 * Specification: "Create a signed AWS API request", AWS IAM user guide.
 */
import { createHmac, hash } from 'node:crypto';

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
    sent.push(
      'authorization',
      `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${day.scope}, SignedHeaders=${signedHeaders}, Signature=${day.sign(toSign)}`,
    );
    return sent;
  };
}

/** As RFC 3986 has it, which leaves fewer characters as they are than `encodeURIComponent` does. */
export function escapeText(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, letter => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
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
  /** The signature of a text in ASCII. */
  readonly sign: (text: string) => string;
}

/** Keeps one derived key: it changes with the day, and with the secret when credentials rotate. */
export function makeDayKeys(region: string): (day: string, credentials: S3Credentials) => DayKey {
  let kept: DayKey | null = null;
  return (day, { secretAccessKey }) => {
    if (kept !== null && kept.day === day && kept.secretAccessKey === secretAccessKey) return kept;
    const derived = ['s3', 'aws4_request'].reduce(hmac, hmac(hmac(`AWS4${secretAccessKey}`, day), region));
    kept = { day, secretAccessKey, scope: `${day}/${region}/s3/aws4_request`, sign: makeHmac(derived) };
    return kept;
  };
}

const BLOCK_BYTES = 64;
const HASH_BYTES = 32;

/**
 * HMAC-SHA256 (RFC 2104) with one key, of texts in ASCII, in hex. The key is padded once, and two hashes without an object
 * cost half of what Node's `Hmac` does, which is an object of the garbage collector's for each text.
 */
function makeHmac(key: Buffer): (text: string) => string {
  const inner = Buffer.alloc(BLOCK_BYTES, 0x36);
  const outer = Buffer.alloc(BLOCK_BYTES + HASH_BYTES, 0x5c);
  for (const [index, byte] of key.entries()) {
    inner[index] = byte ^ 0x36;
    outer[index] = byte ^ 0x5c;
  }
  return text => {
    const message = Buffer.allocUnsafe(BLOCK_BYTES + text.length);
    inner.copy(message);
    message.write(text, BLOCK_BYTES, 'latin1');
    outer.write(hash('sha256', message, 'binary'), BLOCK_BYTES, 'latin1');
    return hash('sha256', outer, 'hex');
  };
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
