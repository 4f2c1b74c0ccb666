import { fingerprintOf } from '../../../src/identity/link-claims.ts';
import { makeLinks } from '../../../src/identity/links.ts';
import { parseSigningKeys } from '../../../src/identity/signing-keys.ts';
import {
  claimsOf,
  ecKey,
  FrozenClock,
  forge,
  hmac,
  NOW_MS,
  NOW_SECONDS,
  outcomeOf,
  SECRET,
} from '../../support/tokens.ts';

const ec = ecKey('ES256');
const urlSecret = Buffer.alloc(64, 3);
const jwks = JSON.stringify({
  keys: [{ ...ec.jwk, kid: 'e' }],
  urlSigningKey: { kty: 'oct', kid: 'u', alg: 'HS512', k: urlSecret.toString('base64url') },
});
const keys = parseSigningKeys({ secret: SECRET, jwks });
const target = { bucket: 'photos', name: 'a b/ü#%2F.png' };
const url = 'photos/a b/ü#%2F.png';
const times = { iat: NOW_SECONDS, exp: NOW_SECONDS + 60 };

function setUp() {
  const clock = new FrozenClock();
  const links = makeLinks({ keys, clock });
  return {
    clock,
    links,
    download: (expiresInSeconds = 60) => links.signDownload({ ...target, expiresInSeconds }).token,
    upload: () => links.signUpload({ ...target, owner: 'alice', upsert: false, lifetimeSeconds: 60 }).token,
    asDownload: (token: string, of = target) => outcomeOf(() => links.verifyDownload(token, of)),
    asUpload: (token: string, of = target) => outcomeOf(() => links.verifyUpload(token, of)),
  };
}

const invalidLink = (text: string) => `invalid-link: ${text}`;
const mismatch = (text: string) => `link-mismatch: ${text}`;

describe('a link', () => {
  it.each([
    ['an empty text', '', invalidLink('jwt malformed')],
    ['100 KB', 'x'.repeat(100_000), invalidLink('jwt exceeds 8192 characters')],
    ['another secret', forge({ url, ...times }, undefined, hmac(256, 'x')), invalidLink('invalid signature')],
    ['no algorithm', forge({ url, ...times }, { alg: 'none' }), invalidLink('invalid algorithm')],
    ['an expired token', forge({ url, iat: 0, exp: NOW_SECONDS }), invalidLink('"exp" claim timestamp check failed')],
    [
      'a token not yet valid',
      forge({ url, ...times, nbf: NOW_SECONDS + 9 }),
      invalidLink('"nbf" claim timestamp check failed'),
    ],
    ['a token that never expires', forge({ url, iat: 0 }), invalidLink('missing required "exp" claim')],
    [
      'NUL in the url',
      forge({ url: `${url}\u0000`, ...times }),
      invalidLink('claims hold a character that cannot be stored'),
    ],
    ['a login', forge({ sub: 'alice', role: 'authenticated', ...times }), mismatch('Invalid signature')],
    ['a login that carries a url', forge({ sub: 'alice', url, ...times }), mismatch('Invalid signature')],
    [
      'a login of the service that carries a url',
      forge({ role: 'service_role', url, ...times }),
      mismatch('Invalid signature'),
    ],
    ['a path token', forge({ path: `/storage/${url}`, ...times }), mismatch('Invalid signature')],
    ['a path token that carries a url', forge({ path: '/x', url, ...times }), mismatch('Invalid signature')],
    ['an unknown scope', forge({ url, scope: 'openid', ...times }), mismatch('Invalid signature')],
    ['a url without an object', forge({ url: 'photos', ...times }), mismatch('Invalid signature')],
    ['a url that is a list', forge({ url: [url], ...times }), mismatch('Invalid signature')],
    [
      'a transformed image',
      forge({ url, transformations: 'width:9', ...times }),
      mismatch('The link is for a transformed image, which is not offered here'),
    ],
    [
      'a malformed transformation',
      forge({ url, transformations: 0, ...times }),
      mismatch('The link is for a transformed image, which is not offered here'),
    ],
  ])('is refused: %s', (_what, token, outcome) => {
    expect(setUp().asDownload(token)).toBe(outcome);
  });

  it.each([
    ['another object', { bucket: 'photos', name: 'other' }],
    ['a longer name', { ...target, name: `${target.name}/x` }],
    ['a shorter name', { ...target, name: target.name.slice(0, -1) }],
    ['the name percent-decoded once more', { ...target, name: 'a b/ü#/.png' }],
    ['the name in other letters', { ...target, name: target.name.toUpperCase() }],
    ['another bucket', { ...target, bucket: 'Photos' }],
    ['the same text cut at another slash', { bucket: 'photos/a b', name: 'ü#%2F.png' }],
  ])('is refused for %s', (_what, other) => {
    const { asDownload, asUpload, download, upload } = setUp();
    expect(asDownload(download(), other)).toBe(mismatch('Invalid signature'));
    expect(asUpload(upload(), other)).toBe(mismatch('Invalid signature'));
  });

  it('for downloading is refused for uploading, and the reverse', () => {
    const { asDownload, asUpload, download, upload } = setUp();
    expect(asUpload(download())).toBe(mismatch('Token is not scoped for upload'));
    expect(asDownload(upload())).toBe(mismatch('Token is not scoped for download'));
  });

  it('without a scope is for uploading when it has an upsert claim, else for downloading', () => {
    const { asDownload, asUpload } = setUp();
    expect(asDownload(forge({ url, upsert: false, ...times }))).toBe(mismatch('Token is not scoped for download'));
    expect(asUpload(forge({ url, ...times }))).toBe(mismatch('Token is not scoped for upload'));
    expect(asUpload(forge({ url, upsert: true, owner: 'bob', ...times }))).toMatchObject({
      owner: 'bob',
      upsert: true,
    });
    expect(asDownload(forge({ url, ...times }, { alg: 'HS256' }))).toMatchObject(target);
  });

  it.each([
    ['nothing', 0],
    ['a negative time', -1],
    ['a fraction', 1.5],
    ['no number', Number.NaN],
    ['more than a year', 31_536_001],
    ['for ever', Number.POSITIVE_INFINITY],
  ])('cannot be signed for %s', (_what, seconds) => {
    const { links } = setUp();
    const refusal = 'invalid-parameter: expiresIn must be from 1 to 31536000 seconds';
    expect(outcomeOf(() => links.signDownload({ ...target, expiresInSeconds: seconds }))).toBe(refusal);
    expect(outcomeOf(() => links.signUpload({ ...target, owner: null, upsert: true, lifetimeSeconds: seconds }))).toBe(
      refusal,
    );
  });

  it('cannot be signed with more metadata than fits a token', () => {
    const { links } = setUp();
    const upload = { ...target, owner: null, upsert: true, lifetimeSeconds: 60, userMetadata: { x: 'x'.repeat(8000) } };
    expect(outcomeOf(() => links.signUpload(upload))).toBe(
      'invalid-parameter: the metadata is too large for a signed link',
    );
  });

  it('stops working at its exp although it has been redeemed before', () => {
    const { asDownload, clock, download } = setUp();
    const token = download();
    expect(asDownload(token)).toMatchObject(target);
    clock.nowMs = times.exp * 1000;
    expect(asDownload(token)).toBe(invalidLink('"exp" claim timestamp check failed'));
  });

  it('that has been redeemed stays bound to its object and purpose', () => {
    const { asDownload, asUpload, download } = setUp();
    const token = download();
    asDownload(token);
    expect(asDownload(token, { bucket: 'photos', name: 'other' })).toBe(mismatch('Invalid signature'));
    expect(asUpload(token)).toBe(mismatch('Token is not scoped for upload'));
  });
});

describe('a download link', () => {
  it('carries the object, the purpose and the times', () => {
    const { token, expiresAt } = setUp().links.signDownload({ ...target, expiresInSeconds: 31_536_000 });
    expect(claimsOf(token)).toEqual({
      url,
      scope: 'download',
      iat: NOW_SECONDS,
      exp: NOW_SECONDS + 31_536_000,
      jti: expect.stringMatching(/^[0-9a-z]+\.[\w-]{12}$/),
    });
    expect(expiresAt).toEqual(new Date((NOW_SECONDS + 31_536_000) * 1000));
  });

  it('says when it was issued, to the millisecond, and when it ends', () => {
    const { asDownload, download } = setUp();
    const token = download();
    expect(asDownload(token)).toEqual({
      ...target,
      scope: 'download',
      issuedAtMs: NOW_MS,
      expiresAt: new Date(times.exp * 1000),
      fingerprint: fingerprintOf(token),
      owner: null,
      upsert: false,
      userMetadata: null,
      transformations: null,
      direct: null,
    });
  });

  it('differs from every other link to the same object', () => {
    const { download } = setUp();
    expect(new Set(Array.from({ length: 50 }, () => fingerprintOf(download()))).size).toBe(50);
  });

  it('binds the transformations it was signed with', () => {
    const { token } = setUp().links.signDownload({ ...target, expiresInSeconds: 60, transformations: 'width:9' });
    expect(claimsOf(token)).toMatchObject({ transformations: 'width:9' });
    expect(setUp().asDownload(token)).toMatch(/^link-mismatch: The link is for a transformed image/);
  });

  it.each([
    ['a second of issue alone', { ...times }, NOW_SECONDS * 1000],
    ['a jti of another making', { ...times, jti: 'f81d4fae.7dec' }, NOW_SECONDS * 1000],
    ['a jti that disagrees with iat', { ...times, jti: `${(NOW_MS + 5000).toString(36)}.x` }, NOW_SECONDS * 1000],
    ['no time of issue', { exp: times.exp }, 0],
    ['a time of issue that is no date', { exp: times.exp, iat: 1e300 }, 0],
  ])('with %s counts as issued no later than it was', (_what, claims, issuedAtMs) => {
    expect(setUp().asDownload(forge({ url, ...claims }))).toMatchObject({ issuedAtMs });
  });

  it('with a remote exp ends at the last instant there is', () => {
    expect(setUp().asDownload(forge({ url, iat: 0, exp: 1e15 }))).toMatchObject({ expiresAt: new Date(8.64e15) });
  });

  it.each([
    ['the shared secret', forge({ url, ...times })],
    ['a key of the set', forge({ url, ...times }, { alg: 'ES256', kid: 'e' }, ec.signer)],
    ['the url signing key of the set', forge({ url, ...times }, { alg: 'HS512', kid: 'u' }, hmac(512, urlSecret))],
  ])('is accepted when signed with %s', (_what, token) => {
    expect(setUp().asDownload(token)).toMatchObject(target);
  });

  it('has one fingerprint whatever its signature', () => {
    const header = { alg: 'ES256', kid: 'e' };
    const [first, second] = [forge({ url, ...times }, header, ec.signer), forge({ url, ...times }, header, ec.signer)];
    expect(first).not.toBe(second);
    expect(fingerprintOf(first)).toBe(fingerprintOf(second));
  });
});

describe('an upload link', () => {
  it('carries owner, object, upsert, purpose and times', () => {
    expect(claimsOf(setUp().upload())).toEqual({
      owner: 'alice',
      url,
      upsert: false,
      scope: 'upload',
      ...times,
      jti: expect.any(String),
    });
  });

  it('gives back what it was signed with', () => {
    const { asUpload, links } = setUp();
    const userMetadata = { tag: 'ü' };
    const { token } = links.signUpload({ ...target, owner: null, upsert: true, userMetadata, lifetimeSeconds: 60 });
    expect(asUpload(token)).toMatchObject({
      ...target,
      scope: 'upload',
      owner: null,
      upsert: true,
      userMetadata,
      issuedAtMs: NOW_MS,
    });
  });
});
