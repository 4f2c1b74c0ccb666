import { candidateKeys, parseSigningKeys } from '../../../src/identity/signing-keys.ts';
import { ecKey, edwardsKey, rsaKey, SECRET } from '../../support/tokens.ts';

const rsa = rsaKey('RS256');
const ec = ecKey('ES256');
const ed = edwardsKey('ed25519');
const k = Buffer.alloc(32, 7).toString('base64url');

function parse(jwks: unknown) {
  return parseSigningKeys({ secret: SECRET, jwks: typeof jwks === 'string' ? jwks : JSON.stringify(jwks) });
}

const notASet = 'JWT_JWKS must be a JSON Web Key Set, that is {"keys":[…]}, or the path of a file that holds one.';
const noKey = 'JWT_JWKS holds no key that can verify a signature (RSA, EC, OKP or oct).';

it.each([
  ['text that is no JSON', '{"keys":[', notASet],
  ['an empty text', '', notASet],
  ['a bare array', [ec.jwk], notASet],
  ['a single key', ec.jwk, notASet],
  ['keys that are no list', { keys: {} }, notASet],
  ['a key that is a string', { keys: [ec.jwk, 'x'] }, 'Key 2 of JWT_JWKS must be an object with a "kty".'],
  ['a key without a type', { keys: [{ n: 'AQAB' }] }, 'Key 1 of JWT_JWKS must be an object with a "kty".'],
  ['a kid that is a number', { keys: [{ ...ec.jwk, kid: 1 }] }, 'Key 1 of JWT_JWKS must have a string as its "kid".'],
  ['an RSA key without a modulus', { keys: [{ kty: 'RSA', e: 'AQAB' }] }, 'Key 1 of JWT_JWKS is not a valid RSA key.'],
  ['a point off the curve', { keys: [{ ...ec.jwk, y: ec.jwk.x }] }, 'Key 1 of JWT_JWKS is not a valid EC key.'],
  ['an Ed25519 key cut short', { keys: [{ ...ed.jwk, x: 'AQAB' }] }, 'Key 1 of JWT_JWKS is not a valid OKP key.'],
  ['an RSA key of 1024 bits', { keys: [rsaKey('RS256', 1024).jwk] }, 'Key 1 of JWT_JWKS must have at least 2048 bits.'],
  [
    'a secret of 16 bytes',
    { keys: [{ kty: 'oct', k: k.slice(0, 22) }] },
    'Key 1 of JWT_JWKS must have at least 32 bytes.',
  ],
  [
    'a secret that is no base64url',
    { keys: [{ kty: 'oct', k: '+/' }] },
    'Key 1 of JWT_JWKS must have base64url text as its "k".',
  ],
  [
    'an RSA key for HS256',
    { keys: [{ ...rsa.jwk, alg: 'HS256' }] },
    'Key 1 of JWT_JWKS is of type RSA and cannot have the "alg" "HS256".',
  ],
  [
    'a P-256 key for ES384',
    { keys: [{ ...ec.jwk, alg: 'ES384' }] },
    'Key 1 of JWT_JWKS is of type EC and cannot have the "alg" "ES384".',
  ],
  [
    'a key for "none"',
    { keys: [{ kty: 'oct', k, alg: 'none' }] },
    'Key 1 of JWT_JWKS is of type oct and cannot have the "alg" "none".',
  ],
  ['only encryption keys', { keys: [{ ...rsa.jwk, use: 'enc' }] }, noKey],
  [
    'only unknown types',
    { keys: [{ kty: 'AKP' }, { kty: 'EC', crv: 'secp256k1' }, { kty: 'OKP', crv: 'X25519' }] },
    noKey,
  ],
  [
    'a broken urlSigningKey',
    { keys: [], urlSigningKey: 5 },
    'The urlSigningKey of JWT_JWKS must be an object with a "kty".',
  ],
])('refuses to start with %s', (_what, jwks, message) => {
  expect(() => parse(jwks)).toThrow(expect.objectContaining({ message }));
});

it('refuses to start with an empty secret', () => {
  expect(() => parseSigningKeys({ secret: '', jwks: null })).toThrow(new Error('JWT_SECRET must not be empty.'));
});

it.each([
  ['RSA', rsa.jwk, ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
  ['RSA with an alg', { ...rsa.jwk, alg: 'RS512' }, ['RS512']],
  ['P-256', ec.jwk, ['ES256']],
  ['P-384', ecKey('ES384').jwk, ['ES384']],
  ['P-521', ecKey('ES512').jwk, ['ES512']],
  ['Ed25519', ed.jwk, ['EdDSA', 'Ed25519']],
  ['Ed448', edwardsKey('ed448').jwk, ['EdDSA', 'Ed448']],
  ['oct', { kty: 'oct', k }, ['HS256', 'HS384', 'HS512']],
  ['oct with an alg', { kty: 'oct', k, alg: 'HS512' }, ['HS512']],
])('lets a key of %s verify only its own algorithms', (_what, jwk, algorithms) => {
  expect(parse({ keys: [jwk] }).others.map(key => key.algorithms)).toEqual([algorithms]);
});

it('passes over keys of other types and uses beside usable ones', () => {
  const others = [
    { kty: 'AKP', alg: 'ML-DSA-65' },
    { ...rsa.jwk, alg: 'RSA-OAEP-256' },
    { ...ec.jwk, key_ops: ['deriveKey'] },
  ];
  expect(parse({ keys: [...others, { ...ec.jwk, kid: 'ours' }] }).others.map(({ kid }) => kid)).toEqual(['ours']);
});

it('accepts an empty set and no set at all', () => {
  expect(parse({ keys: [] }).others).toEqual([]);
  expect(parseSigningKeys({ secret: SECRET, jwks: null }).others).toEqual([]);
});

it('holds the public half of a private key', () => {
  const [key] = parse({ keys: [{ ...ed.jwk, d: 'c2VjcmV0' }] }).others;
  expect(key?.key.type).toBe('public');
});

describe('the keys for a header', () => {
  const keys = parse({
    keys: [
      { ...rsa.jwk, kid: 'r' },
      { ...ec.jwk, kid: 'e' },
      { ...ed.jwk, kid: 'd' },
      { kty: 'oct', k, kid: 'o' },
    ],
  });
  const [r, e, d, o] = keys.others.map(({ key }) => key);
  const shared = keys.shared.key;

  it.each([
    ['none, for another algorithm than the named key has', { kid: 'r', alg: 'HS256' }, []],
    ['none, for an unknown kid of an asymmetric algorithm', { kid: 'x', alg: 'RS256' }, []],
    ['none, for the algorithm "none"', { kid: undefined, alg: 'none' }, []],
    ['none, for HS512 with an unknown kid', { kid: 'x', alg: 'HS512' }, []],
    ['the one that the kid names', { kid: 'e', alg: 'ES256' }, [e]],
    ['the secret of the set that the kid names, not the shared one', { kid: 'o', alg: 'HS256' }, [o]],
    ['the shared secret, for HS256 with an unknown kid', { kid: 'x', alg: 'HS256' }, [shared]],
    ['every secret, for HS256 without a kid', { kid: undefined, alg: 'HS256' }, [shared, o]],
    ['every key of that algorithm, without a kid', { kid: undefined, alg: 'EdDSA' }, [d]],
    ['the RSA key, for PS512 without a kid', { kid: undefined, alg: 'PS512' }, [r]],
  ])('are %s', (_what, header, expected) => {
    expect(candidateKeys(keys, header)).toEqual(expected);
  });
});
