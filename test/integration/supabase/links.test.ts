/** Links over the wire: made, redeemed, refused, revoked. Facts T2-37 to T2-39 and STORAGE-API §5. */
import { addBucket, allowOwnFolders, etagOf } from '../../support/bucket-fixtures.ts';
import { type Call, type CallReply, makeCall } from '../../support/call.ts';
import { type Gateway, JWT_SECRET, SERVICE_TOKEN, startGateway, tokenFor } from '../../support/gateway.ts';
import { ALICE, BOB } from '../../support/scopes.ts';
import { claimsOf, forge, hmac } from '../../support/tokens.ts';

const token = SERVICE_TOKEN;
const alice = tokenFor('authenticated', ALICE);
const bob = tokenFor('authenticated', BOB);
const HERS = `${ALICE}/her file.txt`;
const path = (name: string) => encodeURI(name);
const sign = (claims: Record<string, unknown>) => forge(claims, { alg: 'HS256' }, hmac(256, JWT_SECRET));
const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

describe('links', () => {
  let gateway: Gateway;
  let call: Call;

  beforeAll(async () => {
    gateway = await startGateway();
    call = makeCall(gateway.url);
    await addBucket(gateway, 'private');
    await allowOwnFolders(gateway, 'private');
    const headers = { 'content-type': 'text/plain', 'cache-control': 'max-age=9' };
    await call('POST', `/object/private/${path(HERS)}`, { token: alice, body: 'hers', headers });
  });
  afterAll(() => gateway.stop());

  const linkTo = async (name: string, expiresIn = 60) => {
    const reply = await call('POST', `/object/sign/private/${path(name)}`, { token, json: { expiresIn } });
    return (reply.json as { signedURL: string }).signedURL;
  };
  const uploadLinkTo = async (name: string, who = alice, headers: Record<string, string> = {}) => {
    const reply = await call('POST', `/object/upload/sign/private/${path(name)}`, { token: who, headers, json: {} });
    return reply.json as { url: string; token: string };
  };
  const refusal = ({ status, json }: CallReply) => [status, json];

  describe('download links', () => {
    it.each([
      ['0', 0],
      ['a negative number', -1],
      ['a fraction', 1.5],
      ['no number', 'x'],
      ['nothing', undefined],
      ['more than a year', 366 * 86_400],
    ])('T2-38 refuses a lifetime of %s', async (_what, expiresIn) => {
      for (const json of [{ expiresIn }, { expiresIn, paths: [HERS] }]) {
        const route = 'paths' in json ? '/object/sign/private' : `/object/sign/private/${path(HERS)}`;
        const reply = await call('POST', route, { token: alice, json });
        expect([reply.status, (reply.json as { statusCode: string }).statusCode]).toEqual([400, '400']);
      }
    });

    it('T2-38 refuses to sign what the caller may not read', async () => {
      const reply = await call('POST', `/object/sign/private/${path(HERS)}`, { token: bob, json: { expiresIn: 60 } });
      expect(refusal(reply)).toEqual([
        400,
        { statusCode: '404', error: 'not_found', message: 'Object not found', code: 'NoSuchKey' },
      ]);
    });

    it('T2-37 makes a path without host whose token names the object, its purpose and its time', async () => {
      const reply = await call('POST', `/object/sign/private/${path(HERS)}`, { token: alice, json: { expiresIn: 77 } });
      const { signedURL } = reply.json as { signedURL: string };
      const [address, linkToken = ''] = signedURL.split('?token=');
      expect(address).toBe(`/object/sign/private/${HERS}`);
      const claims = claimsOf(linkToken) as { url: string; iat: number; exp: number; scope: string };
      expect(claims).toMatchObject({ url: `private/${HERS}`, scope: 'download' });
      expect(claims.exp - claims.iat).toBe(77);
    });

    it('T2-37 opens the object without login, and says when the link ends in place of the stored caching', async () => {
      const signed = await linkTo(HERS);
      const reply = await call('GET', path(signed));
      expect([reply.status, reply.text]).toEqual([200, 'hers']);
      expect(reply.headers).toMatchObject({ etag: etagOf('hers'), 'content-type': 'text/plain' });
      expect(reply.headers).not.toHaveProperty('cache-control');
      const { exp } = claimsOf(signed.split('?token=')[1] ?? '') as { exp: number };
      expect(reply.headers.expires).toBe(new Date(exp * 1000).toUTCString());
      const fresh = await call('GET', path(signed), { headers: { 'if-none-match': etagOf('hers') } });
      expect([fresh.status, fresh.headers.expires]).toEqual([304, reply.headers.expires]);
      expect((await call('GET', `${path(signed)}&download=x.txt`)).headers['content-disposition']).toMatch(/x\.txt/);
    });

    it('takes a link that another server with the same secret made before scopes existed', async () => {
      const old = sign({ url: `private/${HERS}`, iat: inAnHour() - 7200, exp: inAnHour() });
      expect((await call('GET', `/object/sign/private/${path(HERS)}?token=${old}`)).text).toBe('hers');
    });

    const SIGNATURE = { statusCode: '400', error: 'InvalidSignature', code: 'InvalidSignature' };
    const JWT = { statusCode: '400', error: 'InvalidJWT', code: 'InvalidJWT' };
    it.each<[string, () => string, Record<string, string>]>([
      [
        'for another object',
        () => sign({ url: 'private/other', exp: inAnHour(), scope: 'download' }),
        { ...SIGNATURE, message: 'Invalid signature' },
      ],
      [
        'for uploading',
        () => sign({ url: `private/${HERS}`, exp: inAnHour(), scope: 'upload' }),
        { ...SIGNATURE, message: 'Token is not scoped for download' },
      ],
      [
        'for uploading, from before scopes existed',
        () => sign({ url: `private/${HERS}`, exp: inAnHour(), upsert: false }),
        { ...SIGNATURE, message: 'Token is not scoped for download' },
      ],
      [
        'for a transformed image',
        () => sign({ url: `private/${HERS}`, exp: inAnHour(), transformations: 'width:10' }),
        SIGNATURE,
      ],
      ['that is a login', () => alice, SIGNATURE],
      [
        'that has expired',
        () => sign({ url: `private/${HERS}`, exp: 1_000_000 }),
        { ...JWT, message: '"exp" claim timestamp check failed' },
      ],
      ['that never expires', () => sign({ url: `private/${HERS}` }), JWT],
      [
        'that another secret signed',
        () => forge({ url: `private/${HERS}`, exp: inAnHour() }),
        { ...JWT, message: 'invalid signature' },
      ],
      [
        'without signature',
        () => forge({ url: `private/${HERS}`, exp: inAnHour() }, { alg: 'none' }, () => Buffer.alloc(0)),
        JWT,
      ],
      ['that is no token', () => 'abc', { ...JWT, message: 'jwt malformed' }],
    ])('T2-37 refuses a token %s', async (_what, make, expected) => {
      const reply = await call('GET', `/object/sign/private/${path(HERS)}?token=${make()}`);
      expect(reply.status).toBe(400);
      expect(reply.json).toMatchObject(expected);
    });

    it('T2-37 refuses a tampered token, and none', async () => {
      const signed = path(await linkTo(HERS));
      const tampered = signed.slice(0, -3) + (signed.at(-3) === 'A' ? 'B' : 'A') + signed.slice(-2);
      expect((await call('GET', tampered)).json).toMatchObject({ code: 'InvalidJWT' });
      for (const query of ['', '?token=', '?token=a&token=b']) {
        const reply = await call('GET', `/object/sign/private/${path(HERS)}${query}`);
        expect(reply.json).toMatchObject({ statusCode: '400', error: 'Error', code: 'InvalidRequest' });
      }
    });

    it('finds nothing once the object is deleted', async () => {
      await call('PUT', '/object/private/gone', { token, body: 'x' });
      const signed = await linkTo('gone');
      await call('DELETE', '/object/private/gone', { token });
      expect((await call('GET', signed)).json).toMatchObject({ statusCode: '404', error: 'not_found' });
    });

    it('T2-39 signs many, in their order, and says which it cannot', async () => {
      await call('PUT', '/object/private/second', { token, body: 'x' });
      const error = 'Either the object does not exist or you do not have access to it';
      const tooLong = 'x'.repeat(1025);
      const paths = ['second', 'absent', HERS, 'second', '', tooLong, 'a\u0000b', '\ud800'];
      const reply = await call('POST', '/object/sign/private', { token, json: { expiresIn: 60, paths } });
      expect(reply.status).toBe(200);
      const signed = reply.json as { error: string | null; path: string; signedURL: string | null }[];
      expect(signed.map(one => one.path)).toEqual(paths);
      expect(signed.map(one => one.error)).toEqual([null, error, null, null, error, error, error, error]);
      expect(signed.map(one => one.signedURL === null)).toEqual(signed.map(one => one.error !== null));
      expect((await call('GET', path(signed[2]?.signedURL ?? ''))).text).toBe('hers');
    });

    it('T2-39 signs nothing of a bucket that is not there, and of one that is hidden', async () => {
      const json = { expiresIn: 60, paths: [HERS] };
      for (const [bucket, who] of [
        ['nowhere', token],
        ['private', bob],
      ] as const) {
        const reply = await call('POST', `/object/sign/${bucket}`, { token: who, json });
        expect([reply.status, reply.json]).toEqual([200, [expect.objectContaining({ signedURL: null, path: HERS })]]);
      }
      for (const paths of [[], Array.from({ length: 1001 }, () => 'a')]) {
        const reply = await call('POST', '/object/sign/private', { token, json: { expiresIn: 60, paths } });
        expect(reply.json).toMatchObject({ statusCode: '400', error: 'Error' });
      }
    });

    it('stops working for everybody once it is revoked', async () => {
      await call('PUT', '/object/private/revoked', { token, body: 'x' });
      const [first, second] = [await linkTo('revoked'), await linkTo('revoked', 61)];
      const one = `/object/sign/private/revoked?token=${first.split('?token=')[1]}`;
      expect((await call('DELETE', one, { token: bob })).json).toMatchObject({ statusCode: '404' });
      expect((await call('GET', first)).status).toBe(200);
      expect((await call('DELETE', one, { token })).json).toEqual({ message: 'Successfully revoked' });
      expect((await call('GET', first)).json).toMatchObject({ statusCode: '400', code: 'InvalidSignature' });
      expect((await call('GET', second)).status).toBe(200);
      await call('DELETE', '/object/sign/private/revoked', { token });
      expect((await call('GET', second)).status).toBe(400);
      const third = await linkTo('revoked');
      expect((await call('GET', third)).status).toBe(200);
      await call('DELETE', '/object/sign/private', { token });
      expect((await call('GET', third)).status).toBe(400);
    });
  });

  describe('upload links', () => {
    it('are made only for what the caller might upload', async () => {
      const ask = (name: string, who: string, headers = {}) =>
        call('POST', `/object/upload/sign/private/${path(name)}`, { token: who, headers });
      expect((await ask(`${ALICE}/new`, bob)).json).toMatchObject({ statusCode: '403' });
      expect((await ask(HERS, alice)).json).toMatchObject({ statusCode: '409', error: 'Duplicate' });
      expect((await ask(HERS, alice, { 'x-upsert': 'true' })).status).toBe(200);
      expect((await call('POST', '/object/upload/sign/nowhere/a', { token })).json).toMatchObject({
        statusCode: '404',
      });
    });

    it('carry owner, purpose and replacement, and live two hours', async () => {
      const { url, token: linkToken } = await uploadLinkTo(`${ALICE}/claims`);
      expect(url).toBe(`/object/upload/sign/private/${ALICE}/claims?token=${linkToken}`);
      const claims = claimsOf(linkToken) as { iat: number; exp: number };
      expect(claims).toMatchObject({ url: `private/${ALICE}/claims`, owner: ALICE, upsert: false, scope: 'upload' });
      expect(claims.exp - claims.iat).toBe(7200);
    });

    it('store once, for their owner, without login', async () => {
      const { url } = await uploadLinkTo(`${ALICE}/linked.txt`);
      const upload = (body: string) =>
        call('PUT', url, { body, headers: { 'x-upsert': 'true', 'content-type': 'text/plain' } });
      expect(refusal(await upload('from outside'))).toEqual([200, { Key: `private/${ALICE}/linked.txt` }]);
      const [row] = await gateway.db.sql(`select owner_id from storage.objects where name = $1`, [
        `${ALICE}/linked.txt`,
      ]);
      expect(row).toEqual({ owner_id: ALICE });
      expect((await upload('again')).json).toMatchObject({ statusCode: '409', error: 'Duplicate' });
      expect((await call('GET', `/object/private/${ALICE}/linked.txt`, { token: alice })).text).toBe('from outside');
    });

    it('replace where they were made with x-upsert', async () => {
      const { url } = await uploadLinkTo(`${ALICE}/replaced`, alice, { 'x-upsert': 'true' });
      for (const body of ['one', 'two']) expect((await call('PUT', url, { body })).status).toBe(200);
      expect((await call('GET', `/object/private/${ALICE}/replaced`, { token: alice })).text).toBe('two');
    });

    it('store the user metadata that the policies have judged, whatever comes with the bytes', async () => {
      const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
      const { url } = await uploadLinkTo(`${ALICE}/judged`, alice, { 'x-metadata': encoded({ mood: 'fine' }) });
      await call('PUT', url, { body: 'x', headers: { 'x-metadata': encoded({ mood: 'bad' }) } });
      const info = await call('GET', `/object/info/private/${ALICE}/judged`, { token: alice });
      expect(info.json).toMatchObject({ metadata: { mood: 'fine' } });
      const free = await uploadLinkTo(`${ALICE}/free`);
      const form = [
        { name: 'metadata', value: '{"a":1}' },
        { name: '', value: 'x', type: 'text/plain' },
      ];
      await call('PUT', free.url, { form });
      const other = await call('GET', `/object/info/private/${ALICE}/free`, { token: alice });
      expect(other.json).toMatchObject({ metadata: { a: 1 } });
    });

    it('open no download, and download links no upload', async () => {
      const { url } = await uploadLinkTo(`${ALICE}/one-way`);
      const linkToken = url.split('?token=')[1];
      const reading = await call('GET', `/object/sign/private/${ALICE}/one-way?token=${linkToken}`);
      expect(reading.json).toMatchObject({ statusCode: '400', message: 'Token is not scoped for download' });
      const download = (await linkTo(HERS)).split('?token=')[1];
      const writing = await call('PUT', `/object/upload/sign/private/${path(HERS)}?token=${download}`, { body: 'x' });
      expect(writing.json).toMatchObject({ statusCode: '400', message: 'Token is not scoped for upload' });
      expect(
        (await call('PUT', `/object/upload/sign/private/elsewhere?token=${linkToken}`, { body: 'x' })).json,
      ).toMatchObject({
        code: 'InvalidSignature',
      });
      for (const login of [linkToken, download]) {
        expect((await call('GET', '/bucket', { token: login ?? '' })).json).toMatchObject({ statusCode: '403' });
      }
    });
  });
});
