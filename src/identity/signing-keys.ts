/**
 * The keys that tokens may be signed with: the shared secret, and the keys of a JSON Web Key Set. Each key fixes the
 * algorithms it verifies, so a token's header chooses among keys and never what is done with one. Verifies nothing.
 */
import { createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto';

export interface SigningKey {
  readonly kid: string | null;
  readonly algorithms: readonly string[];
  readonly key: KeyObject;
}

export interface SigningKeys {
  /** HS256 with `JWT_SECRET`; what the gateway itself signs with. */
  readonly shared: SigningKey;
  readonly others: readonly SigningKey[];
}

/** RFC 7518 §3 and RFC 8037; `Ed25519` and `Ed448` as names of algorithms are RFC 9864. */
const ALGORITHMS: ReadonlyMap<string, readonly string[]> = new Map([
  ['oct', ['HS256', 'HS384', 'HS512']],
  ['RSA', ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
  ['EC P-256', ['ES256']],
  ['EC P-384', ['ES384']],
  ['EC P-521', ['ES512']],
  ['OKP Ed25519', ['EdDSA', 'Ed25519']],
  ['OKP Ed448', ['EdDSA', 'Ed448']],
]);

/** RFC 7518 §4.1. */
const ENCRYPTION_ALGORITHM = /^(RSA-OAEP|RSA1_5|ECDH-ES|A\d{3}|dir$|PBES2)/;

/** RFC 7518 §3.2 and §3.3. */
const MIN_SECRET_BYTES = 32;
const MIN_RSA_BITS = 2048;

/**
 * The shared secret and the keys of `jwks`, the text of a key set (null: none). As RFC 7517 §5 asks, keys for encryption
 * and of unknown types are passed over. A member `urlSigningKey` beside `keys` is one more key: deployments that keep
 * such a key have links in circulation that were signed with it. Throws a plain Error whose message is one sentence
 * about `JWT_JWKS` or `JWT_SECRET` when the text is malformed, a key is unusable, or none of its keys can sign.
 */
export function parseSigningKeys({ secret, jwks }: { secret: string; jwks: string | null }): SigningKeys {
  if (secret === '') throw new Error('JWT_SECRET must not be empty.');
  const shared = { kid: null, algorithms: ['HS256'], key: createSecretKey(Buffer.from(secret)) };
  return { shared, others: jwks === null ? [] : parseKeySet(jwks) };
}

/**
 * The keys a token with this header may have been signed with. A `kid` selects the key it names. One that names no key
 * leaves only the shared secret, and that only for HS256: issuers name their shared secret, too, and only they know the
 * name. Without a `kid` every key of that algorithm is tried.
 */
export function candidateKeys(keys: SigningKeys, header: { kid: string | undefined; alg: string }): KeyObject[] {
  const all = [keys.shared, ...keys.others];
  const named = all.filter(({ kid }) => kid !== null && kid === header.kid);
  const eligible = named.length > 0 ? named : header.kid === undefined ? all : [keys.shared];
  return eligible.filter(({ algorithms }) => algorithms.includes(header.alg)).map(({ key }) => key);
}

function parseKeySet(text: string): SigningKey[] {
  const set = parseJson(text);
  if (!isObject(set) || !Array.isArray(set.keys)) {
    throw new Error('JWT_JWKS must be a JSON Web Key Set, that is {"keys":[…]}, or the path of a file that holds one.');
  }
  const entries: [string, unknown][] = set.keys.map((entry, index) => [`Key ${index + 1} of JWT_JWKS`, entry]);
  if (set.urlSigningKey !== undefined) entries.push(['The urlSigningKey of JWT_JWKS', set.urlSigningKey]);
  const keys = entries.flatMap(([place, entry]) => parseKey(place, entry) ?? []);
  if (keys.length === 0 && entries.length > 0) {
    throw new Error('JWT_JWKS holds no key that can verify a signature (RSA, EC, OKP or oct).');
  }
  return keys;
}

function parseKey(place: string, jwk: unknown): SigningKey | null {
  if (!isObject(jwk) || typeof jwk.kty !== 'string') throw new Error(`${place} must be an object with a "kty".`);
  const { kty, crv, kid, alg } = jwk;
  if (kid !== undefined && typeof kid !== 'string') throw new Error(`${place} must have a string as its "kid".`);
  const possible = ALGORITHMS.get(kty === 'EC' || kty === 'OKP' ? `${kty} ${String(crv)}` : kty);
  if (possible === undefined || !isForSigning(jwk)) return null;
  if (alg !== undefined && !possible.includes(String(alg))) {
    throw new Error(`${place} is of type ${kty} and cannot have the "alg" ${JSON.stringify(alg)}.`);
  }
  const algorithms = alg === undefined ? possible : [String(alg)];
  return { kid: kid ?? null, algorithms, key: kty === 'oct' ? secretKey(place, jwk) : publicKey(place, jwk) };
}

/** By `use`, `key_ops` and `alg` (RFC 7517 §4.2 to §4.4). */
function isForSigning({ use, key_ops, alg }: Record<string, unknown>): boolean {
  const operations = Array.isArray(key_ops) ? key_ops : ['verify'];
  const signs = operations.includes('verify') || operations.includes('sign');
  return (use === undefined || use === 'sig') && signs && !ENCRYPTION_ALGORITHM.test(String(alg));
}

function secretKey(place: string, { k }: Record<string, unknown>): KeyObject {
  if (typeof k !== 'string' || !/^[\w-]+$/.test(k)) throw new Error(`${place} must have base64url text as its "k".`);
  const bytes = Buffer.from(k, 'base64url');
  if (bytes.length < MIN_SECRET_BYTES) throw new Error(`${place} must have at least ${MIN_SECRET_BYTES} bytes.`);
  return createSecretKey(bytes);
}

/** Takes the public members only, so that a private key in the set is never held. */
function publicKey(place: string, { kty, n, e, crv, x, y }: Record<string, unknown>): KeyObject {
  const members = Object.entries({ kty, n, e, crv, x, y }).filter(([, value]) => value !== undefined);
  const key = createKey(place, Object.fromEntries(members));
  const { modulusLength = MIN_RSA_BITS } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < MIN_RSA_BITS) throw new Error(`${place} must have at least ${MIN_RSA_BITS} bits.`);
  return key;
}

function createKey(place: string, jwk: JsonWebKey): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch (cause) {
    throw new Error(`${place} is not a valid ${jwk.kty} key.`, { cause });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
