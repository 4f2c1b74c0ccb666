/**
 * Ranges and preconditions over the wire (RFC 9110 §13, §14). 304, 412 and 416 are true statuses whatever the setting,
 * and carry the headers that make them useful. Fact T2-31, behaviour W-15 of STORAGE-API §7.2.
 */
import { addBucket, etagOf } from '../../support/bucket-fixtures.ts';
import { type Call, makeCall } from '../../support/call.ts';
import { type Gateway, SERVICE_TOKEN, STORES, startGateway } from '../../support/gateway.ts';

const token = SERVICE_TOKEN;
const BODY = '0123456789';
const ETAG = etagOf(BODY);
const LONG_AGO = 'Mon, 06 Apr 2015 16:30:35 GMT';
const FAR_AHEAD = 'Mon, 06 Apr 2093 16:30:35 GMT';

describe.each(STORES)('ranges and conditions on the %s store', store => {
  let gateway: Gateway;
  let call: Call;
  let modified: string;

  beforeAll(async () => {
    gateway = await startGateway({ store });
    call = makeCall(gateway.url);
    await addBucket(gateway, 'open', { public: true });
    const headers = { 'content-type': 'text/plain', 'cache-control': 'max-age=9' };
    await call('POST', '/object/open/ten', { token, body: BODY, headers });
    await call('POST', '/object/open/none', { token, headers });
    modified = String((await call('HEAD', '/object/open/ten')).headers['last-modified']);
  });
  afterAll(() => gateway.stop());

  it.each([
    ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
    ['bytes=4-', 206, '456789', 'bytes 4-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=-99', 206, BODY, 'bytes 0-9/10'],
    ['bytes=9-9', 206, '9', 'bytes 9-9/10'],
    ['bytes=5-99', 206, '56789', 'bytes 5-9/10'],
    ['Bytes=0-0', 206, '0', 'bytes 0-0/10'],
    ['bytes=0-1,4-5', 200, BODY, undefined],
    ['bytes=5-2', 200, BODY, undefined],
    ['bytes=x', 200, BODY, undefined],
    ['lines=0-3', 200, BODY, undefined],
  ])('T2-31 answers "Range: %s" with %i and %p', async (range, status, text, contentRange) => {
    for (const path of ['/object/open/ten', '/object/public/open/ten', '/object/authenticated/open/ten']) {
      const reply = await call('GET', path, { token, headers: { range } });
      expect([reply.status, reply.text, reply.headers['content-range']]).toEqual([status, text, contentRange]);
      expect(reply.headers).toMatchObject({
        'content-length': String(text.length),
        etag: ETAG,
        'accept-ranges': 'bytes',
      });
    }
  });

  it.each([
    ['ten', 'bytes=10-', 10],
    ['ten', 'bytes=99-100', 10],
    ['ten', 'bytes=-0', 10],
    ['none', 'bytes=0-', 0],
  ])(
    'T2-31 answers a range of %s beyond the end, %s, with a true 416 and the size (W-15)',
    async (name, range, size) => {
      const reply = await call('GET', `/object/open/${name}`, { headers: { range } });
      expect(reply.status).toBe(416);
      expect(reply.headers['content-range']).toBe(`bytes */${size}`);
      expect(reply.json).toMatchObject({ statusCode: '416', error: 'invalid_range', code: 'InvalidRange' });
    },
  );

  it('sends the whole of an object of 0 bytes for its last bytes', async () => {
    const reply = await call('GET', '/object/open/none', { headers: { range: 'bytes=-5' } });
    expect([reply.status, reply.text]).toEqual([200, '']);
  });

  it('ignores Range on HEAD (RFC 9110 §14.2)', async () => {
    const reply = await call('HEAD', '/object/open/ten', { headers: { range: 'bytes=0-3' } });
    expect([reply.status, reply.headers['content-length']]).toEqual([200, '10']);
  });

  it('sends a range through a link', async () => {
    const signed = await call('POST', '/object/sign/open/ten', { token, json: { expiresIn: 60 } });
    const { signedURL } = signed.json as { signedURL: string };
    const reply = await call('GET', signedURL, { headers: { range: 'bytes=2-4' } });
    expect([reply.status, reply.text]).toEqual([206, '234']);
  });

  const header = (name: string, value: () => string) => [name, value] as const;
  it.each<readonly [string, () => string]>([
    header('if-none-match', () => ETAG),
    header('if-none-match', () => `"other", ${ETAG}`),
    header('if-none-match', () => `W/${ETAG}`),
    header('if-none-match', () => '*'),
    header('if-modified-since', () => modified),
    header('if-modified-since', () => FAR_AHEAD),
  ])('T2-31 answers %s of a current copy with a true 304 and its validators (W-15)', async (name, value) => {
    for (const method of ['GET', 'HEAD']) {
      const reply = await call(method, '/object/public/open/ten', { headers: { [name]: value() } });
      expect([reply.status, reply.text]).toEqual([304, '']);
      expect(reply.headers).toMatchObject({ etag: ETAG, 'last-modified': modified, 'cache-control': 'max-age=9' });
      expect(reply.headers).not.toHaveProperty('content-type');
      expect(reply.headers).not.toHaveProperty('content-length');
    }
  });

  it.each<readonly [string, () => string]>([
    header('if-match', () => '"other"'),
    header('if-match', () => `W/${ETAG}`),
    header('if-unmodified-since', () => LONG_AGO),
  ])('answers %s of another version with a true 412 (W-15)', async (name, value) => {
    for (const method of ['GET', 'HEAD']) {
      const reply = await call(method, '/object/open/ten', { headers: { [name]: value() } });
      expect(reply.status).toBe(412);
      if (method === 'GET') expect(reply.json).toMatchObject({ statusCode: '412', code: 'PreconditionFailed' });
    }
  });

  it.each<readonly [string, Record<string, () => string>, number]>([
    [
      'If-None-Match outranks If-Modified-Since',
      { 'if-none-match': () => '"other"', 'if-modified-since': () => FAR_AHEAD },
      200,
    ],
    ['If-Match outranks If-Unmodified-Since', { 'if-match': () => ETAG, 'if-unmodified-since': () => LONG_AGO }, 200],
    ['If-Match is judged before If-None-Match', { 'if-match': () => '"other"', 'if-none-match': () => ETAG }, 412],
    ['a date that is none is ignored', { 'if-modified-since': () => 'soon' }, 200],
    ['an older copy is sent anew', { 'if-modified-since': () => LONG_AGO }, 200],
    ['a precondition is judged before the range', { 'if-none-match': () => ETAG, range: () => 'bytes=99-' }, 304],
  ])('%s', async (_what, conditions, status) => {
    const headers = Object.fromEntries(Object.entries(conditions).map(([name, value]) => [name, value()]));
    expect((await call('GET', '/object/open/ten', { headers })).status).toBe(status);
  });

  it.each<readonly [string, () => string, number]>([
    ['the ETag', () => ETAG, 206],
    ['the exact date', () => modified, 206],
    ['another ETag', () => '"other"', 200],
    ['a weak ETag', () => `W/${ETAG}`, 200],
    ['another date', () => LONG_AGO, 200],
  ])('honors Range beside If-Range of %s by RFC 9110 §13.1.5', async (_what, value, status) => {
    const headers = { range: 'bytes=0-3', 'if-range': value() };
    const reply = await call('GET', '/object/open/ten', { headers });
    expect([reply.status, reply.text]).toEqual([status, status === 206 ? '0123' : BODY]);
  });

  it('keeps 304, 412 and 416 and makes 404 true where statuses are strict', async () => {
    const strict = await startGateway({ store, beside: gateway, env: { STRICT_HTTP_STATUS: 'true' } });
    try {
      const ask = makeCall(strict.url);
      const status = async (headers: Record<string, string>, name = 'ten') =>
        (await ask('GET', `/object/open/${name}`, { headers })).status;
      expect(await status({ 'if-none-match': ETAG })).toBe(304);
      expect(await status({ 'if-match': '"other"' })).toBe(412);
      expect(await status({ range: 'bytes=10-' })).toBe(416);
      expect(await status({}, 'absent')).toBe(404);
    } finally {
      await strict.stop();
    }
  });

  it('T2-22 tells an overwritten object from its predecessor by ETag', async () => {
    await call('PUT', '/object/open/changing', { token, body: 'one' });
    await call('PUT', '/object/open/changing', { token, body: 'two' });
    const headers = { 'if-none-match': etagOf('one') };
    const reply = await call('GET', '/object/open/changing', { headers });
    expect([reply.status, reply.text, reply.headers.etag]).toEqual([200, 'two', etagOf('two')]);
  });
});
