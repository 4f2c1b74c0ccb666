/** What an object may be called, over the wire. Facts T2-47 and T2-48 (with decision 3 of DESIGN §6), behaviour W-21 of §7.2. */
import { readdir } from 'node:fs/promises';
import { addBucket } from '../../support/bucket-fixtures.ts';
import { type Call, makeCall } from '../../support/call.ts';
import { type Gateway, SERVICE_TOKEN, STORES, startGateway } from '../../support/gateway.ts';

const token = SERVICE_TOKEN;

describe.each(STORES)('names on the %s store', store => {
  let gateway: Gateway;
  let call: Call;

  beforeAll(async () => {
    gateway = await startGateway({ store });
    call = makeCall(gateway.url);
    await addBucket(gateway, 'one');
    await addBucket(gateway, 'two');
  });
  afterAll(() => gateway.stop());

  const rawPath = (bucket: string, name: string) => `/object/${bucket}/${name}`;
  const rowNames = async () => {
    const rows = await gateway.db.sql<{ name: string }>('select bucket_id, name from storage.objects order by 1, 2');
    return rows.map(row => row.name);
  };

  it.each([
    ['a NUL', 'a%00b'],
    ['a line break', 'a%0ab'],
    ['a DEL', 'a%7fb'],
    ['a C1 control character', 'a%c2%85b'],
    ['1025 bytes', 'x'.repeat(1025)],
    ['1026 bytes in 513 letters', '%c3%a9'.repeat(513)],
    ['no character', ''],
  ])('T2-48 refuses a name with %s on every route, and stores nothing', async (_what, name) => {
    const before = await rowNames();
    const replies = [
      await call('POST', rawPath('one', name), { token, body: 'x' }),
      await call('PUT', rawPath('one', name), { token, body: 'x' }),
      await call('GET', rawPath('one', name), { token }),
      await call('GET', `/object/authenticated/one/${name}`, { token }),
      await call('GET', `/object/public/one/${name}`),
      await call('GET', `/object/info/one/${name}`, { token }),
      await call('DELETE', rawPath('one', name), { token }),
      await call('POST', `/object/sign/one/${name}`, { token, json: { expiresIn: 5 } }),
      await call('POST', `/object/upload/sign/one/${name}`, { token }),
    ];
    for (const reply of replies) {
      expect(reply.status).toBe(400);
      expect(reply.json).toEqual({
        statusCode: '400',
        error: 'InvalidKey',
        message: expect.stringMatching(/^Invalid key: /),
        code: 'InvalidKey',
      });
    }
    expect(await rowNames()).toEqual(before);
  });

  it.each([['%'], ['%zz'], ['a%2'], ['%ff'], ['%c3%28'], ['%ed%a0%80']])(
    'T2-48 refuses the percent-encoding %s, a lone surrogate and every other text that is no UTF-8',
    async name => {
      for (const method of ['GET', 'POST', 'DELETE']) {
        const reply = await call(method, rawPath('one', name), { token });
        expect(reply.status).toBe(400);
        expect(reply.json).toMatchObject({ statusCode: '400', error: 'Bad Request', code: 'FST_ERR_BAD_URL' });
      }
      expect((await call('GET', `/bucket/${name}`, { token })).json).toMatchObject({ code: 'FST_ERR_BAD_URL' });
    },
  );

  it('refuses a lone surrogate where a name comes as JSON', async () => {
    const json = { bucketId: 'one', sourceKey: 'a', destinationKey: 'b\ud800' };
    for (const path of ['/object/move', '/object/copy']) {
      expect((await call('POST', path, { token, json })).json).toMatchObject({ error: 'InvalidKey' });
    }
    const listed = await call('POST', '/object/list/one', { token, json: { prefix: '\ud800' } });
    expect(listed.status).toBeLessThan(500);
  });

  it.each([
    ['dot segments', '..', '..'],
    ['dot segments that would leave the bucket', '../two/x', '../two/x'],
    ['dot segments that would leave everything', '../../../etc/passwd', '../../../etc/passwd'],
    ['encoded dot segments', '%2e%2e/x', '../x'],
    ['a single dot', './a', './a'],
    ['a leading slash', '/a', '/a'],
    ['a double slash', 'a//b', 'a//b'],
    ['a trailing slash', 'a/', 'a/'],
    ['nothing but slashes', '///', '///'],
    ['an encoded slash', 'deep%2Fer', 'deep/er'],
    ['an emoji', '%F0%9F%98%80.png', '😀.png'],
    ['combining letters', 'e%CC%81', 'e\u0301'],
    ['the same letter precomposed', '%C3%A9', 'é'],
    ['reserved characters', '%23%3F%25%26%2B%3D%5C%22%3C%3E', '#?%&+="<>'.replace('=', '=\\')],
    ['a plus', 'a+b', 'a+b'],
    ['a blank at both ends', '%20a%20', ' a '],
    ['__proto__', '__proto__', '__proto__'],
    ['constructor', 'constructor/prototype', 'constructor/prototype'],
    ['1024 bytes', 'x'.repeat(1024), 'x'.repeat(1024)],
    ['1024 bytes in 512 letters', '%c3%a9'.repeat(512), 'é'.repeat(512)],
    ['a segment longer than file systems take', `${'y'.repeat(400)}/z`, `${'y'.repeat(400)}/z`],
  ])('T2-47 takes %s as ordinary text of one object (W-21)', async (what, raw, name) => {
    const body = `bytes of ${what}`;
    const uploaded = await call('POST', rawPath('one', raw), { token, body });
    expect([uploaded.status, uploaded.json]).toEqual([200, { Id: expect.any(String), Key: `one/${name}` }]);
    const read = await call('GET', rawPath('one', raw), { token });
    expect(read.text).toBe(body);
    expect((await call('GET', rawPath('one', encodeURIComponent(name)), { token })).text).toBe(body);
    const info = await call('GET', `/object/info/one/${raw}`, { token });
    expect(info.json).toMatchObject({ name, bucket_id: 'one' });
    const flat = await call('POST', '/object/list-v2/one', { token, json: { prefix: name } });
    expect(flat.json).toMatchObject({ objects: [{ name }] });
    const signed = await call('POST', `/object/sign/one/${raw}`, { token, json: { expiresIn: 60 } });
    const linkToken = (signed.json as { signedURL: string }).signedURL.split('?token=').at(-1);
    expect((await call('GET', `/object/sign/one/${raw}?token=${linkToken}`)).text).toBe(body);
    const other = await call('GET', rawPath('two', raw), { token });
    expect(other.json).toMatchObject({ statusCode: '404' });
    expect((await call('DELETE', rawPath('one', raw), { token })).status).toBe(200);
  });

  it('T2-47 keeps names that differ only in form apart', async () => {
    const names = ['form', 'Form', 'form/', '/form', 'form//', './form', 'f%C3%B6rm', 'fo%CC%88rm'];
    for (const name of names) await call('POST', rawPath('two', name), { token, body: name });
    for (const name of names) expect((await call('GET', rawPath('two', name), { token })).text).toBe(name);
  });

  if (store === 'file') {
    it('W-21 names no file after anything that a client chose', async () => {
      await call('POST', rawPath('one', '../../escape'), { token, body: 'x' });
      const files = await readdir(`${gateway.dataDir}`, { recursive: true });
      expect(files.filter(file => file.includes('escape') || file.includes('..'))).toEqual([]);
      for (const file of files)
        expect(file).toMatch(/^blobs(?:$|\/[0-9a-f]{2}(?:$|\/[0-9a-f-]{36}$)|\/\.?[a-z-]+(?:$|\/))/);
    });
  }
});
