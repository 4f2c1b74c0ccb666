/**
 * Forged, stolen and misplaced tokens against a whole gateway that trusts a shared secret and two public keys: each is
 * refused in the API's own form, and nothing changes. What each check means in isolation is proven in test/unit/identity.
 */
import { addBucket } from '../../support/bucket-fixtures.ts';
import { type Call, makeCall } from '../../support/call.ts';
import { type Gateway, JWT_SECRET, SERVICE_TOKEN, startGateway, tokenFor } from '../../support/gateway.ts';
import { ALICE } from '../../support/scopes.ts';
import { ecKey, forge, hmac, rsaKey } from '../../support/tokens.ts';

const now = Math.floor(Date.now() / 1000);
const claims = { role: 'service_role', exp: now + 600 };
const rsa = rsaKey('RS256');
const other = ecKey('ES256');
const stranger = rsaKey('RS256');
const JWKS = JSON.stringify({
  keys: [
    { ...rsa.jwk, kid: 'rsa', alg: 'RS256' },
    { ...other.jwk, kid: 'ec', alg: 'ES256' },
  ],
});
const byRsa = (payload: unknown, kid = 'rsa') => forge(payload, { alg: 'RS256', kid }, rsa.signer);
const byPublicKey = (header: Record<string, unknown>) => forge(claims, header, hmac(256, rsa.publicPem));

describe('tokens', () => {
  let gateway: Gateway;
  let call: Call;

  beforeAll(async () => {
    gateway = await startGateway({ env: { JWT_JWKS: JWKS } });
    call = makeCall(gateway.url);
    await addBucket(gateway, 'b');
    for (const name of ['a', 'c']) await call('POST', `/object/b/${name}`, { token: SERVICE_TOKEN, body: name });
  });
  afterAll(() => gateway.stop());

  const state = () => gateway.db.sql('select name, version, owner_id from storage.objects order by name');

  it.each([
    ['of alg none', forge(claims, { alg: 'none' }, () => Buffer.alloc(0))],
    ['of alg nOnE with a signature', forge(claims, { alg: 'nOnE' }, hmac(256, JWT_SECRET))],
    ['signed by HMAC with the public key as its secret', byPublicKey({ alg: 'HS256' })],
    ['signed by HMAC with the public key, by its kid', byPublicKey({ alg: 'HS256', kid: 'rsa' })],
    ['that calls an HMAC signature RS256', byPublicKey({ alg: 'RS256', kid: 'rsa' })],
    ['of an unknown kid', byRsa(claims, 'nobody')],
    ['of another key’s kid', byRsa(claims, 'ec')],
    ['whose kid is a path', byRsa(claims, '../../dev/null')],
    ['of the right kid and a stranger’s key', forge(claims, { alg: 'RS256', kid: 'rsa' }, stranger.signer)],
    [
      'that brings its own key',
      forge(claims, { alg: 'RS256', jwk: stranger.jwk, jku: 'http://127.0.0.1/' }, stranger.signer),
    ],
    ['that has expired', byRsa({ ...claims, exp: now - 1 })],
    ['that is not valid yet', byRsa({ ...claims, nbf: now + 600 })],
    ['that never says when it ends, in numbers', byRsa({ ...claims, exp: '9999999999' })],
    ['that is a download link', byRsa({ ...claims, url: 'b/a', scope: 'download' })],
    ['that is an upload link', byRsa({ ...claims, url: 'b/a', scope: 'upload' })],
    ['of a role outside the list', byRsa({ ...claims, role: 'postgres' })],
    ['of a role in quotes', byRsa({ ...claims, role: 'service_role"; reset role; --' })],
    ['of the prototype’s role', byRsa({ ...claims, role: '__proto__' })],
    ['of oversized claims', byRsa({ ...claims, groups: 'x'.repeat(20_000) })],
    ['of deeply nested claims', byRsa(`{"role":"service_role","a":${'['.repeat(2_900)}`)],
    ['of claims that hold NUL', byRsa({ ...claims, sub: '\u0000' })],
  ])('%s open nothing', async (_what, token) => {
    const before = await state();
    const replies = [
      await call('GET', '/object/authenticated/b/a', { token }),
      await call('POST', '/object/b/new', { token, body: 'x' }),
      await call('DELETE', '/object/b/a', { token }),
      await call('GET', '/bucket', { token }),
    ];
    for (const reply of replies) {
      expect(reply.status).toBe(400);
      expect(reply.json).toMatchObject({ statusCode: '403', error: 'Unauthorized' });
    }
    expect(await state()).toEqual(before);
  });

  it('of a listed key are taken', async () => {
    expect((await call('GET', '/object/authenticated/b/c', { token: byRsa(claims) })).text).toBe('c');
  });

  it('of a link open its object by reading alone, whatever the path and the method', async () => {
    const signed = await call('POST', '/object/sign/b/a', { token: SERVICE_TOKEN, json: { expiresIn: 60 } });
    const link = String((signed.json as { signedURL: string }).signedURL);
    const token = link.split('?token=')[1] ?? '';
    const before = await state();
    const attempts: [string, string][] = [
      ...['b/c', 'b/a/', 'b//a', 'b/./a', 'b/A', 'b/%2561', 'B/a', 'b/a%20'].map<[string, string]>(at => [
        'GET',
        `/object/sign/${at}?token=${token}`,
      ]),
      ['PUT', `/object/upload/sign/b/a?token=${token}`],
      ['DELETE', `/object/b/a?token=${token}`],
      ['GET', `/object/authenticated/b/a?token=${token}`],
      ['POST', `/object/b/a?token=${token}`],
      ['PUT', `/object/b/a?token=${token}`],
      ['GET', `/object/info/b/a?token=${token}`],
    ];
    for (const [method, path] of attempts) {
      const { status } = await call(method, path, method.startsWith('P') ? { body: 'x' } : {});
      expect({ method, path, refused: status >= 400 && status < 500 }).toEqual({ method, path, refused: true });
    }
    expect(await state()).toEqual(before);
    expect((await call('GET', `/object/sign/b/a?token=${token}`)).text).toBe('a');
  });

  it('of an upload link store its object alone, and read nothing', async () => {
    const signed = await call('POST', '/object/upload/sign/b/fresh', { token: SERVICE_TOKEN, json: {} });
    const token = String((signed.json as { url: string }).url).split('?token=')[1] ?? '';
    const before = await state();
    const attempts: [string, string][] = [
      ['GET', `/object/sign/b/fresh?token=${token}`],
      ['GET', `/object/sign/b/a?token=${token}`],
      ['PUT', `/object/upload/sign/b/a?token=${token}`],
      ['PUT', `/object/upload/sign/b/fresh/er?token=${token}`],
      ['PUT', `/object/upload/sign/c/fresh?token=${token}`],
      ['POST', `/object/b/fresh?token=${token}`],
    ];
    for (const [method, path] of attempts) {
      const { status } = await call(method, path, method.startsWith('P') ? { body: 'x' } : {});
      expect({ method, path, refused: status >= 400 && status < 500 }).toEqual({ method, path, refused: true });
    }
    expect(await state()).toEqual(before);
  });

  it('of one purpose do nothing for another, where nothing else stands in the way', async () => {
    const before = await state();
    const upload = byRsa({ url: 'b/a', exp: now + 600, scope: 'upload', upsert: true });
    expect((await call('GET', `/object/sign/b/a?token=${upload}`)).status).toBe(400);
    const download = byRsa({ url: 'b/a', exp: now + 600, scope: 'download', upsert: true });
    expect((await call('PUT', `/object/upload/sign/b/a?token=${download}`, { body: 'x' })).status).toBe(400);
    expect(await state()).toEqual(before);
  });

  it.each([
    ['a login that names an object', { ...claims, url: 'b/a' }],
    ['a user’s login that names an object', { sub: ALICE, exp: now + 600, url: 'b/a', scope: 'download' }],
    ['a path token', { path: '/storage/alice/a', url: 'b/a', exp: now + 600 }],
    ['a link to a transformed image', { url: 'b/a', exp: now + 600, transformations: 'width:10' }],
    ['a link that never ends', { url: 'b/a' }],
    ['a link that has ended', { url: 'b/a', exp: now - 1 }],
    ['a link of an unknown scope', { url: 'b/a', exp: now + 600, scope: 'delete' }],
  ])('are no download link: %s', async (_what, payload) => {
    const reply = await call('GET', `/object/sign/b/a?token=${byRsa(payload)}`);
    expect(reply.status).toBe(400);
    expect(reply.text).not.toBe('a');
  });

  it('that were revoked open nothing', async () => {
    const signed = await call('POST', '/object/sign/b/a', { token: SERVICE_TOKEN, json: { expiresIn: 60 } });
    const link = String((signed.json as { signedURL: string }).signedURL);
    expect((await call('GET', link)).text).toBe('a');
    await call('DELETE', '/object/sign/b/a', { token: SERVICE_TOKEN });
    expect((await call('GET', link)).status).toBe(400);
  });

  it('of a user tell hidden from missing neither in words nor in time', async () => {
    const token = tokenFor('authenticated', ALICE);
    const took: Record<string, number[]> = { hidden: [], missing: [] };
    const said: Record<string, unknown> = {};
    for (let round = 0; round < 150; round += 1) {
      for (const [what, name] of [
        ['hidden', 'a'],
        ['missing', 'z'],
      ] as const) {
        const began = performance.now();
        const { status, json } = await call('GET', `/object/authenticated/b/${name}`, { token });
        took[what]?.push(performance.now() - began);
        said[what] = { status, json };
      }
    }
    expect(said.hidden).toEqual(said.missing);
    const median = (times: number[] = []) => [...times].sort((a, b) => a - b)[75] ?? 0;
    // Loose, since the machine is shared: reading bytes or asking twice would show as a multiple.
    expect(median(took.hidden) / median(took.missing)).toBeLessThan(1.5);
    expect(median(took.missing) / median(took.hidden)).toBeLessThan(1.5);
  });
});

describe('stored pages', () => {
  it.each([
    ['text/html', '<script>alert(1)</script>'],
    ['image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
    ['TEXT/HTML ; charset=utf-8', '<script>alert(1)</script>'],
    ['application/xml', '<x/>'],
    ['text/html, image/png', '<script>alert(1)</script>'],
    ['application/octet-stream+unknown', '<script>alert(1)</script>'],
  ])('of %s open in a sandbox, never sniffed, in whichever way they are read', async (type, body) => {
    const gateway = await startGateway();
    const call = makeCall(gateway.url);
    await addBucket(gateway, 'b', { public: true });
    await call('POST', '/object/b/page', { token: SERVICE_TOKEN, headers: { 'content-type': type }, body });
    const signed = await call('POST', '/object/sign/b/page', { token: SERVICE_TOKEN, json: { expiresIn: 60 } });
    const { signedURL } = signed.json as { signedURL: string };
    const replies = [
      await call('GET', '/object/public/b/page'),
      await call('GET', signedURL),
      await call('GET', '/object/b/page', { token: SERVICE_TOKEN }),
      await call('GET', '/object/public/b/page', { headers: { range: 'bytes=0-3' } }),
    ];
    for (const { headers, status } of replies) {
      expect(status).toBeLessThan(300);
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff' });
      expect(headers['content-security-policy']).toMatch(/\bsandbox$/);
    }
    await gateway.stop();
  });
});
