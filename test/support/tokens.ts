/** Tokens as tests need them: any header, any payload, any key, honest or not. Made apart from the code under test. */
import { constants, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export const SECRET = 'a secret of the tests, 42 characters long.';
export const NOW_MS = Date.parse('2026-11-05T12:00:00.250Z');
export const NOW_SECONDS = Math.floor(NOW_MS / 1000);

/** A clock that moves only when a test sets it. */
export class FrozenClock {
  nowMs = NOW_MS;
  now(): number {
    return this.nowMs;
  }
}

/** Signs the first two parts of a token. */
export type Signer = (signingInput: string) => Buffer;

export function hmac(bits: 256 | 384 | 512, secret: string | Buffer): Signer {
  return input => createHmac(`sha${bits}`, secret).update(input).digest();
}

export interface TestKey {
  readonly alg: string;
  /** The public key as a member of a JWKS, without `kid` and `alg`. */
  readonly jwk: Readonly<Record<string, unknown>>;
  readonly publicPem: string;
  readonly signer: Signer;
}

export function rsaKey(alg: 'RS256' | 'RS384' | 'RS512' | 'PS256', modulusLength = 2048): TestKey {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength });
  const padding = alg.startsWith('PS') ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING;
  const options = { key: privateKey, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return testKey(alg, publicKey, input => sign(`sha${alg.slice(2)}`, Buffer.from(input), options));
}

export function ecKey(alg: 'ES256' | 'ES384' | 'ES512'): TestKey {
  const namedCurve = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }[alg];
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve });
  const options = { key: privateKey, dsaEncoding: 'ieee-p1363' as const };
  return testKey(alg, publicKey, input => sign(`sha${alg.slice(2)}`, Buffer.from(input), options));
}

export function edwardsKey(curve: 'ed25519' | 'ed448'): TestKey {
  const { publicKey, privateKey } = curve === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ed448');
  return testKey('EdDSA', publicKey, input => sign(null, Buffer.from(input), privateKey));
}

function testKey(alg: string, publicKey: KeyObject, signer: Signer): TestKey {
  const publicPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { alg, jwk: { ...publicKey.export({ format: 'jwk' }) }, publicPem, signer };
}

/** A token of this header and payload, each an object or its exact text or bytes. HS256 with SECRET unless told. */
export function forge(payload: unknown, header: unknown = { alg: 'HS256', typ: 'JWT' }, signer = hmac(256, SECRET)) {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${signer(input).toString('base64url')}`;
}

export function encode(part: unknown): string {
  if (Buffer.isBuffer(part)) return part.toString('base64url');
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
}

/** The claims of a token, unverified. */
export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

/** Code and text of the error that `act` throws; what it returned when it throws none. */
export function outcomeOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return `${error.code}: ${error.message}`;
    throw error;
  }
}
