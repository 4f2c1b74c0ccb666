/**
 * The one place where a token becomes trusted: form, key, signature, times, in this order. What the claims mean, and
 * which kind of token they make, is decided by the callers: token-verifier.ts and links.ts.
 */
import { isUtf8 } from 'node:buffer';
import { createHmac, type KeyObject, timingSafeEqual, verify as verifySignature } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { SluiceError } from '../domain/errors.ts';
import { candidateKeys, type SigningKeys } from './signing-keys.ts';

export type Claims = Readonly<Record<string, unknown>>;

export interface OpenedToken {
  readonly claims: Claims;
  /** The `exp` claim; Infinity for a token without one. */
  readonly expiresAtMs: number;
}

export const MAX_TOKEN_CHARACTERS = 8192;

const COMPACT = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/;

/** RFC 7518 §3.2. Done here: jsonwebtoken reads the whole token once more and costs several times the HMAC. */
const HMACS: ReadonlyMap<string, string> = new Map([
  ['HS256', 'sha256'],
  ['HS384', 'sha384'],
  ['HS512', 'sha512'],
]);

/** Names of EdDSA, which jsonwebtoken does not know. */
const EDWARDS = new Set(['EdDSA', 'Ed25519', 'Ed448']);

/** In JSON text: NUL, which Postgres cannot store, or half a surrogate pair; after an even number of backslashes. */
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/;

/**
 * The claims of a token that one of the keys has signed and whose time it is. Throws `SluiceError` with the given code
 * and a text that says what is wrong and repeats nothing of the token. Refused are also tokens beyond 8192 characters,
 * any `crit` header (RFC 7515 §4.1.11: none is understood here), a signature in any spelling but its canonical one, and
 * claims that Postgres could not store as `jsonb`.
 */
export function openToken(
  token: string,
  { keys, nowMs, code }: { keys: SigningKeys; nowMs: number; code: 'invalid-token' | 'invalid-link' },
): OpenedToken {
  if (token.length > MAX_TOKEN_CHARACTERS)
    throw new SluiceError(code, `jwt exceeds ${MAX_TOKEN_CHARACTERS} characters`);
  const [, headerPart, payloadPart, signature] = COMPACT.exec(token) ?? [];
  const header = decodePart(headerPart);
  const claims = decodePart(payloadPart);
  if (header === null || claims === null || signature === undefined) throw new SluiceError(code, 'jwt malformed');

  const refusal = checkSignature(token, { header, signature, keys }) ?? checkTimes(claims, nowMs);
  if (refusal !== null) throw new SluiceError(code, refusal);
  if (UNSTORABLE.test(JSON.stringify(claims))) {
    throw new SluiceError(code, 'claims hold a character that cannot be stored');
  }
  return { claims, expiresAtMs: typeof claims.exp === 'number' ? claims.exp * 1000 : Number.POSITIVE_INFINITY };
}

function decodePart(part: string | undefined): Claims | null {
  if (part === undefined) return null;
  const bytes = Buffer.from(part, 'base64url');
  if (!isUtf8(bytes)) return null;
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : null;
  } catch {
    return null;
  }
}

/** Null when one of the keys made the signature; else what is wrong. */
function checkSignature(
  token: string,
  { header, signature, keys }: { header: Claims; signature: string; keys: SigningKeys },
): string | null {
  const { alg, kid, crit } = header;
  if (crit !== undefined) return '"crit" header is not supported';
  if (typeof alg !== 'string') return 'invalid algorithm';
  if (kid !== undefined && typeof kid !== 'string') return 'invalid "kid" header';
  const candidates = candidateKeys(keys, { kid, alg });
  if (candidates.length === 0) return kid === undefined ? 'invalid algorithm' : 'no key for this "kid" and algorithm';
  // otherwise the bits that base64url leaves unused would give one signature several spellings
  const isCanonical = Buffer.from(signature, 'base64url').toString('base64url') === signature;
  return isCanonical && candidates.some(key => isSignedBy(token, alg, key)) ? null : 'invalid signature';
}

function isSignedBy(token: string, alg: string, key: KeyObject): boolean {
  const end = token.lastIndexOf('.');
  const signed = token.slice(0, end);
  const signature = Buffer.from(token.slice(end + 1), 'base64url');
  const hash = HMACS.get(alg);
  if (hash !== undefined) {
    if (key.type !== 'secret') return false;
    const expected = createHmac(hash, key).update(signed).digest();
    return expected.length === signature.length && timingSafeEqual(expected, signature);
  }
  if (EDWARDS.has(alg)) return verifySignature(null, Buffer.from(signed), key, signature);
  try {
    // times are checked in checkTimes, for every algorithm alike
    jwt.verify(token, key, { algorithms: [alg as jwt.Algorithm], ignoreExpiration: true, ignoreNotBefore: true });
    return true;
  } catch {
    return false;
  }
}

/** Null when the token is valid at this time (RFC 7519 §4.1.4 and §4.1.5, without leeway); else what is wrong. */
function checkTimes({ exp, nbf }: Claims, nowMs: number): string | null {
  if (exp !== undefined && !Number.isFinite(exp)) return '"exp" claim must be a number';
  if (nbf !== undefined && !Number.isFinite(nbf)) return '"nbf" claim must be a number';
  if (typeof nbf === 'number' && nowMs < nbf * 1000) return '"nbf" claim timestamp check failed';
  if (typeof exp === 'number' && nowMs >= exp * 1000) return '"exp" claim timestamp check failed';
  return null;
}
