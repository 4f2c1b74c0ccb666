import { SluiceError } from '../../../src/domain/errors.ts';
import { makeLinks } from '../../../src/identity/links.ts';
import { makeServiceKeys } from '../../../src/identity/service-keys.ts';
import { signToken } from '../../../src/identity/sign-token.ts';
import { parseSigningKeys } from '../../../src/identity/signing-keys.ts';
import { makeTokenVerifier } from '../../../src/identity/token-verifier.ts';
import {
  ecKey,
  edwardsKey,
  encode,
  FrozenClock,
  forge,
  hmac,
  NOW_SECONDS,
  outcomeOf,
  rsaKey,
  SECRET,
  type Signer,
} from '../../support/tokens.ts';

const SESSION = '5e551011-0000-4000-8000-000000000001';
const rsa = rsaKey('RS256');
const secret512 = Buffer.alloc(64, 9);
const signers = [
  rsa,
  rsaKey('PS256'),
  ecKey('ES256'),
  ecKey('ES384'),
  ecKey('ES512'),
  edwardsKey('ed25519'),
  edwardsKey('ed448'),
];
const jwks = JSON.stringify({
  keys: [
    ...signers.map(({ jwk }, index) => ({ ...jwk, kid: `key-${index}` })),
    { kty: 'oct', kid: 'oct', k: secret512.toString('base64url') },
  ],
});
const keys = parseSigningKeys({ secret: SECRET, jwks });
const login = { sub: 'alice', role: 'authenticated', iat: NOW_SECONDS, exp: NOW_SECONDS + 60 };

function setUp() {
  const clock = new FrozenClock();
  const verifier = makeTokenVerifier({ keys, roles: ['anon', 'authenticated', 'service_role'], clock });
  return {
    clock,
    verify: (token: string) => verifier.verify(token),
    outcome: (token: string) => outcomeOf(() => verifier.verify(token)),
  };
}

/** A valid login with some character of one part changed. */
function tampered(part: 0 | 1 | 2): string {
  const parts = forge(login).split('.');
  const text = parts[part] ?? '';
  parts[part] = `${text.slice(0, 10)}${text[10] === 'A' ? 'B' : 'A'}${text.slice(11)}`;
  return parts.join('.');
}

const [head, body, signature] = forge(login).split('.');
const unsigned: Signer = () => Buffer.alloc(0);
const otherSecret = hmac(256, 'another secret of the tests, quite long too');

describe('a forged or malformed token', () => {
  it.each([
    ['an empty text', '', 'jwt malformed'],
    ['a word', 'undefined', 'jwt malformed'],
    ['two parts', `${head}.${body}`, 'jwt malformed'],
    ['four parts', `${forge(login)}.x`, 'jwt malformed'],
    ['an empty signature', `${head}.${body}.`, 'jwt malformed'],
    ['a trailing line feed', `${forge(login)}\n`, 'jwt malformed'],
    ['a leading space', ` ${forge(login)}`, 'jwt malformed'],
    ['a space inside', forge(login).replace('.', ' .'), 'jwt malformed'],
    ['padding', `${forge(login)}=`, 'jwt malformed'],
    ['letters after the signature', `${forge(login)}AAAA`, 'invalid signature'],
    ['another spelling of the signature', `${head}.${body}.${respelt(signature)}`, 'invalid signature'],
    ['100 KB of claims', forge({ ...login, x: 'x'.repeat(100_000) }), 'jwt exceeds 8192 characters'],
    ['a header that is no JSON', forge(login, '{"alg":'), 'jwt malformed'],
    ['a header that is a list', forge(login, ['HS256']), 'jwt malformed'],
    ['claims that are a list', forge([login]), 'jwt malformed'],
    ['claims that are a string', forge('"alice"'), 'jwt malformed'],
    ['claims that are null', forge('null'), 'jwt malformed'],
    ['claims that are no UTF-8', forge(Buffer.from('{"sub":"\xff"}', 'latin1')), 'jwt malformed'],
    ['a changed header', tampered(0), 'jwt malformed'],
    ['changed claims', `${head}.${encode({ ...login, role: 'service_role' })}.${signature}`, 'invalid signature'],
    ['a changed signature', tampered(2), 'invalid signature'],
    ['another secret', forge(login, { alg: 'HS256' }, otherSecret), 'invalid signature'],
    ['alg none without a signature', forge(login, { alg: 'none' }, unsigned), 'jwt malformed'],
    ['alg none with a signature', forge(login, { alg: 'none' }), 'invalid algorithm'],
    ['alg None', forge(login, { alg: 'None' }), 'invalid algorithm'],
    ['alg hs256 in lower case', forge(login, { alg: 'hs256' }), 'invalid algorithm'],
    ['no alg', forge(login, { typ: 'JWT' }), 'invalid algorithm'],
    ['a list of algs', forge(login, { alg: ['HS256'] }), 'invalid algorithm'],
    ['the shared secret with HS512', forge(login, { alg: 'HS512' }, hmac(512, SECRET)), 'invalid signature'],
    ['the RSA public key as a secret', forge(login, { alg: 'HS256' }, hmac(256, rsa.publicPem)), 'invalid signature'],
    [
      'the RSA public key as a secret, by kid',
      forge(login, { alg: 'HS256', kid: 'key-0' }, hmac(256, rsa.publicPem)),
      'no key for this "kid" and algorithm',
    ],
    [
      'an unknown kid of an RSA key',
      forge(login, { alg: 'RS256', kid: 'x' }, rsa.signer),
      'no key for this "kid" and algorithm',
    ],
    ['an unknown kid and another secret', forge(login, { alg: 'HS256', kid: 'x' }, otherSecret), 'invalid signature'],
    ['the kid of another key', forge(login, { alg: 'RS256', kid: 'key-1' }, rsa.signer), 'invalid signature'],
    ['a kid that is a number', forge(login, { alg: 'HS256', kid: 0 }), 'invalid "kid" header'],
    [
      'a key of its own in the header',
      forge(login, { alg: 'RS256', kid: 'key-1', jwk: rsa.jwk }, rsa.signer),
      'invalid signature',
    ],
    ['a crit header', forge(login, { alg: 'HS256', crit: ['b64'], b64: false }), '"crit" header is not supported'],
    [
      'an EdDSA signature cut short',
      forge(login, { alg: 'EdDSA', kid: 'key-5' }, () => Buffer.alloc(10)),
      'invalid signature',
    ],
    [
      'an ES256 signature cut short',
      forge(login, { alg: 'ES256', kid: 'key-2' }, () => Buffer.alloc(10)),
      'invalid signature',
    ],
    [
      'an ES256 signature of zeros',
      forge(login, { alg: 'ES256', kid: 'key-2' }, () => Buffer.alloc(64)),
      'invalid signature',
    ],
  ])('is refused: %s', (_what, token, text) => {
    expect(setUp().outcome(token)).toBe(`invalid-token: ${text}`);
  });

  it('is refused whichever single character of an honest one is changed', () => {
    const { outcome } = setUp();
    const token = forge(login);
    const accepted = Array.from(token).flatMap((character, index) =>
      Array.from('.AQaz09-_ =')
        .filter(other => other !== character)
        .map(other => outcome(token.slice(0, index) + other + token.slice(index + 1)))
        .filter(result => typeof result !== 'string'),
    );
    expect(accepted).toEqual([]);
  });

  it('is refused again after the honest token has been seen', () => {
    const { verify, outcome } = setUp();
    verify(forge(login));
    expect(outcome(`${head}.${body}.${respelt(signature)}`)).toBe('invalid-token: invalid signature');
    expect(outcome(tampered(2))).toBe('invalid-token: invalid signature');
  });
});

/** The same bytes, with one of the unused low bits of the last base64url character set. */
function respelt(text = ''): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return text.slice(0, -1) + alphabet[alphabet.indexOf(text.slice(-1)) + 1];
}

describe('a signed token', () => {
  const clock = new FrozenClock();
  const links = makeLinks({ keys, clock });
  const isNoSession = '"session_id" claim must be a UUID';
  const isLink = 'a signed link is not a login';
  const unstorable = 'claims hold a character that cannot be stored';
  const role = (text: string) => `role ${text} is not allowed: a token may name anon, authenticated, service_role`;
  it.each([
    ['past its exp', forge({ ...login, exp: NOW_SECONDS - 1 }), '"exp" claim timestamp check failed'],
    ['exactly at its exp', forge({ ...login, exp: NOW_SECONDS }), '"exp" claim timestamp check failed'],
    ['before its nbf', forge({ ...login, nbf: NOW_SECONDS + 1 }), '"nbf" claim timestamp check failed'],
    ['with an exp that is a string', forge({ ...login, exp: '9999999999' }), '"exp" claim must be a number'],
    ['with an exp that is null', forge({ ...login, exp: null }), '"exp" claim must be a number'],
    ['with an endless exp', forge('{"exp":1e999}'), '"exp" claim must be a number'],
    ['with an nbf that is a string', forge({ ...login, nbf: '0' }), '"nbf" claim must be a number'],
    ['with a role outside the list', forge({ ...login, role: 'postgres' }), role('"postgres"')],
    ['with an empty role', forge({ ...login, role: '' }), role('""')],
    ['with a role in other letters', forge({ ...login, role: 'Service_Role' }), role('"Service_Role"')],
    ['with a list of roles', forge({ ...login, role: ['service_role'] }), role('["service_role"]')],
    ['with a role that is null', forge({ ...login, role: null }), role('null')],
    ['with a sub that is a number', forge({ ...login, sub: 7 }), '"sub" claim must be a string'],
    ['with a sub that is null', forge({ ...login, sub: null }), '"sub" claim must be a string'],
    ['with NUL in its sub', forge({ ...login, sub: 'a\u0000b' }), unstorable],
    ['with NUL deep in its claims', forge({ ...login, app: { a: [{ b: '\\\u0000' }] } }), unstorable],
    ['with NUL in the name of a claim', forge({ ...login, 'a\u0000': 1 }), unstorable],
    ['with half a surrogate pair', forge('{"sub":"\\ud83d"}'), unstorable],
    ['that is a download link', links.signDownload({ bucket: 'b', name: 'n', expiresInSeconds: 60 }).token, isLink],
    [
      'that is an upload link',
      links.signUpload({ bucket: 'b', name: 'n', owner: null, upsert: true, lifetimeSeconds: 60 }).token,
      isLink,
    ],
    ['that is a link without a scope', forge({ ...login, url: 'b/n' }), isLink],
    ['with a url that is null', forge({ ...login, url: null }), isLink],
    ['that is a path token', forge({ ...login, path: '/storage/alice/a' }), isLink],
    ['with the scope of a download link', forge({ ...login, scope: 'download' }), isLink],
    ['with the scope of an upload link', forge({ ...login, scope: 'upload' }), isLink],
    ['that is the challenge of a second factor', forge({ ...login, scope: 'second-factor' }), isLink],
    ['of our own without a session', forge({ ...login, iss: 'sluice' }), isNoSession],
    ['of our own with a session of another form', forge({ ...login, iss: 'sluice', session_id: 7 }), isNoSession],
  ])('is refused as a login: one %s', (_what, token, text) => {
    expect(setUp().outcome(token)).toBe(`invalid-token: ${text}`);
  });

  it('is refused with an error of the core', () => {
    expect(() => setUp().verify('x')).toThrow(SluiceError);
  });

  it.each([
    ['anonymous without a role', {}, { role: 'anon', subject: null, claims: '{"role":"anon"}' }],
    ['anonymous with a subject', { sub: 's' }, { role: 'anon', subject: 's', claims: '{"sub":"s","role":"anon"}' }],
    ['nobody with an empty sub', { sub: '' }, { role: 'anon', subject: null, claims: '{"sub":"","role":"anon"}' }],
    [
      'the service',
      { role: 'service_role' },
      { role: 'service_role', subject: null, claims: '{"role":"service_role"}' },
    ],
    [
      'a user',
      { role: 'authenticated', sub: 'not a uuid' },
      { role: 'authenticated', subject: 'not a uuid', claims: '{"role":"authenticated","sub":"not a uuid"}' },
    ],
  ])('makes its holder %s', (_what, claims, caller) => {
    expect(setUp().verify(forge(claims))).toEqual({ ...caller, sessionId: null });
  });

  it.each([
    ['of our own', 'sluice', SESSION],
    ['of another issuer', 'https://issuer.example', null],
    ['of no issuer', undefined, null],
  ])('leads to a session of ours only where it is %s', (_what, iss, sessionId) => {
    expect(setUp().verify(forge({ ...login, iss, session_id: SESSION })).sessionId).toBe(sessionId);
  });

  it('hands every claim to Postgres as it is', () => {
    const claims = {
      ...login,
      scope: 'openid email',
      name: 'Zoë 😀',
      path_: 1,
      text: 'a literal \\u0000 and \\ud800',
      list: [{ deep: null }],
    };
    expect(JSON.parse(setUp().verify(forge(claims)).claims)).toEqual(claims);
  });

  it('counts once, by its last value, for a claim given twice', () => {
    expect(setUp().verify(forge('{"role":"service_role","role":"anon"}')).claims).toBe('{"role":"anon"}');
  });

  it('is accepted when nested as deeply as its length allows', () => {
    const depth = 3000;
    expect(setUp().verify(forge(`{"x":${'['.repeat(depth)}${']'.repeat(depth)}}`)).role).toBe('anon');
  });

  it('is accepted from its nbf until just before its exp', () => {
    const { clock: time, verify } = setUp();
    const token = forge({ ...login, nbf: NOW_SECONDS + 5 });
    time.nowMs = (NOW_SECONDS + 5) * 1000;
    expect(verify(token).subject).toBe('alice');
    time.nowMs = login.exp * 1000 - 1;
    expect(verify(token).subject).toBe('alice');
  });

  it('stops working at its exp although it has been seen before', () => {
    const { clock: time, verify, outcome } = setUp();
    verify(forge(login));
    time.nowMs = login.exp * 1000;
    expect(outcome(forge(login))).toBe('invalid-token: "exp" claim timestamp check failed');
  });

  it('is verified once while it is valid', () => {
    const { verify } = setUp();
    expect(verify(forge(login))).toBe(verify(forge(login)));
  });
});

describe('a token of the key set', () => {
  it.each(signers.map(({ alg, signer }, index) => [alg, `key-${index}`, signer] as const))(
    'is accepted: %s, %s',
    (alg, kid, signer) => {
      expect(setUp().verify(forge(login, { alg, kid }, signer)).subject).toBe('alice');
      expect(setUp().verify(forge(login, { alg, typ: 'at+jwt' }, signer)).subject).toBe('alice');
      const other = forge({ ...login, sub: 'bob' }, { alg, kid }, signer).split('.');
      const mixed = [...forge(login, { alg, kid }, signer).split('.').slice(0, 2), other[2]].join('.');
      expect(setUp().outcome(mixed)).toBe('invalid-token: invalid signature');
    },
  );

  it.each([256, 384, 512] as const)('is accepted: a secret of the set with HS%d', bits => {
    const token = forge(login, { alg: `HS${bits}`, kid: 'oct' }, hmac(bits, secret512));
    expect(setUp().verify(token).subject).toBe('alice');
  });

  it.each([
    ['ES256', 2],
    ['EdDSA', 5],
  ])('is refused with another spelling of its signature: %s', (alg, index) => {
    const token = forge(login, { alg, kid: `key-${index}` }, signers[index]?.signer);
    expect(setUp().outcome(respelt(token))).toBe('invalid-token: invalid signature');
  });

  it('is accepted under the fully specified name of its algorithm', () => {
    expect(setUp().verify(forge(login, { alg: 'Ed25519', kid: 'key-5' }, signers[5]?.signer)).subject).toBe('alice');
  });

  it('is accepted with the shared secret whatever kid the issuer gave it', () => {
    expect(setUp().verify(forge(login, { alg: 'HS256', kid: 'issuer-1' })).subject).toBe('alice');
  });
});

describe('a token of our own', () => {
  const clock = new FrozenClock();

  it('is read back with its claims', () => {
    const token = signToken(
      { role: 'authenticated', sub: 'alice', iat: 1, exp: 2 },
      { secret: SECRET, lifetimeSeconds: 60, clock },
    );
    expect(JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())).toEqual({
      alg: 'HS256',
      typ: 'JWT',
    });
    expect(JSON.parse(setUp().verify(token).claims)).toEqual(login);
  });

  it('serves as anon key and service key for ten years', () => {
    const { anonKey, serviceKey } = makeServiceKeys({ secret: SECRET, clock });
    const { clock: time, verify } = setUp();
    time.nowMs += 9.9 * 365 * 86_400_000;
    expect([verify(anonKey).role, verify(serviceKey).role]).toEqual(['anon', 'service_role']);
  });
});
