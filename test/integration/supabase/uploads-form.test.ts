/** Uploads as multipart/form-data, on every store. Fact T2-21. */
import { addBucket, etagOf, tracesOf } from '../../support/bucket-fixtures.ts';
import { BOUNDARY, type Call, encodeForm, type FormPart, makeCall } from '../../support/call.ts';
import { type Gateway, SERVICE_TOKEN, STORES, startGateway } from '../../support/gateway.ts';

const token = SERVICE_TOKEN;
const FILE: FormPart = { name: '', value: 'hello', type: 'text/plain', fileName: 'a.txt' };

describe.each(STORES)('form uploads to the %s store', store => {
  let gateway: Gateway;
  let call: Call;

  beforeAll(async () => {
    gateway = await startGateway({ store });
    call = makeCall(gateway.url);
    await addBucket(gateway, 'files');
    await addBucket(gateway, 'tiny', { fileSizeLimit: 1000 });
    await addBucket(gateway, 'images', { allowedMimeTypes: ['image/*'] });
  });
  afterAll(() => gateway.stop());

  it.each<[string, string, readonly FormPart[], string, string]>([
    ['without a file', 'files', [{ name: 'cacheControl', value: '60' }], '400', 'No content provided'],
    ['with two files', 'files', [FILE, { ...FILE, name: 'b' }], '400', expect.stringContaining('too many files')],
    [
      'with eleven fields',
      'files',
      [...Array.from({ length: 11 }, (_, n) => ({ name: `f${n}`, value: 'x' })), FILE],
      '400',
      expect.stringContaining('too many fields'),
    ],
    [
      'above the bucket’s limit',
      'tiny',
      [{ ...FILE, value: Buffer.alloc(1001) }],
      '413',
      'The object exceeded the maximum allowed size',
    ],
    ['of a type that the bucket does not take', 'images', [FILE], '415', 'mime type text/plain is not supported'],
    [
      'that is retyped behind the file to what the bucket does not take',
      'images',
      [
        { ...FILE, type: 'image/png' },
        { name: 'contentType', value: 'text/html' },
      ],
      '415',
      'mime type text/html is not supported',
    ],
    [
      'with a type that no header may carry',
      'files',
      [{ name: 'contentType', value: 'a/b\u0007' }, FILE],
      '400',
      'contentType holds characters that no header may carry: use printable ASCII',
    ],
    [
      'with a lifetime that no header may carry',
      'files',
      [FILE, { name: 'cacheControl', value: '1\r\nx: y' }],
      '400',
      'cacheControl holds characters that no header may carry: use printable ASCII',
    ],
  ])('refuses a form %s and keeps nothing of it', async (what, bucket, form, statusCode, message) => {
    const before = await tracesOf(gateway);
    const reply = await call('POST', `/object/${bucket}/${encodeURIComponent(what)}`, { token, form });
    expect(reply.status).toBe(400);
    expect(reply.json).toMatchObject({ statusCode, message });
    expect(await tracesOf(gateway)).toEqual(before);
  });

  it.each([
    ['no boundary', 'multipart/form-data', 'x'],
    ['another boundary', 'multipart/form-data; boundary=other', encodeForm([FILE])],
    ['no last boundary', `multipart/form-data; boundary=${BOUNDARY}`, encodeForm([FILE]).subarray(0, -20)],
    ['no body', `multipart/form-data; boundary=${BOUNDARY}`, ''],
  ])('refuses a form with %s and keeps nothing of it', async (_what, type, body) => {
    const before = await tracesOf(gateway);
    const reply = await call('POST', '/object/files/broken', { token, body, headers: { 'content-type': type } });
    expect(reply.json).toMatchObject({ statusCode: '400' });
    expect(await tracesOf(gateway)).toEqual(before);
  });

  it.each([
    ['', 'an empty field name'],
    ['file', 'the name file'],
    ['ü', 'any other name'],
  ])('T2-21 stores the file of a form under %p, %s', async name => {
    const path = `/object/files/named/${encodeURIComponent(name)}x`;
    const reply = await call('POST', path, { token, form: [{ ...FILE, name }] });
    expect(reply.json).toEqual({ Id: expect.any(String), Key: `files/named/${name}x` });
    const read = await call('GET', path, { token });
    expect(read.text).toBe('hello');
    expect(read.headers).toMatchObject({ etag: etagOf('hello'), 'content-type': 'text/plain', 'content-length': '5' });
  });

  const FIELDS: readonly FormPart[] = [
    { name: 'cacheControl', value: '3600' },
    { name: 'metadata', value: '{"mood":"fine"}' },
    { name: 'contentType', value: 'text/csv' },
  ];
  it.each<[string, readonly FormPart[]]>([
    ['before', [...FIELDS, FILE]],
    ['after', [FILE, ...FIELDS]],
    ['on both sides of', [...FIELDS.slice(0, 1), FILE, ...FIELDS.slice(1)]],
  ])('T2-21 takes the fields %s the file', async (where, form) => {
    const path = `/object/files/fields-${encodeURIComponent(where)}`;
    expect((await call('PUT', path, { token, form })).status).toBe(200);
    const read = await call('GET', path, { token });
    expect(read.headers).toMatchObject({ 'cache-control': 'max-age=3600', 'content-type': 'text/csv' });
    const info = await call('GET', path.replace('/object/', '/object/info/'), { token });
    expect(info.json).toMatchObject({ metadata: { mood: 'fine' } });
  });

  it('lets a field behind the file win over the same field before it', async () => {
    const form = [{ name: 'cacheControl', value: '1' }, FILE, { name: 'cacheControl', value: '2' }];
    await call('POST', '/object/files/twice', { token, form });
    expect((await call('HEAD', '/object/files/twice', { token })).headers['cache-control']).toBe('max-age=2');
  });

  it('ignores metadata that is no JSON object, and takes userMetadata as another name for it', async () => {
    const metadataFor = async (field: FormPart) => {
      await call('PUT', '/object/files/meta', { token, form: [field, FILE] });
      return ((await call('GET', '/object/info/files/meta', { token })).json as { metadata: unknown }).metadata;
    };
    expect(await metadataFor({ name: 'metadata', value: 'not json' })).toEqual({});
    expect(await metadataFor({ name: 'metadata', value: '"text"' })).toEqual({});
    expect(await metadataFor({ name: 'metadata', value: '{"half":"\\ud83d"}' })).toEqual({});
    expect(await metadataFor({ name: 'userMetadata', value: '{"a":1}' })).toEqual({ a: 1 });
  });

  it('keeps no-cache where the form says nothing, and a part without a type as text', async () => {
    await call('POST', '/object/files/silent', { token, form: [{ ...FILE, type: '' }] });
    const read = await call('GET', '/object/files/silent', { token });
    expect(read.headers).toMatchObject({ 'cache-control': 'no-cache', 'content-type': 'text/plain' });
  });

  it('keeps the parameters of a part’s type, which no bucket minds', async () => {
    const form = [{ ...FILE, type: 'text/plain; charset=utf-8' }];
    await addBucket(gateway, 'texts', { allowedMimeTypes: ['text/plain'] });
    expect((await call('POST', '/object/texts/a', { token, form })).status).toBe(200);
    expect((await call('HEAD', '/object/texts/a', { token })).headers['content-type']).toBe(
      'text/plain; charset=utf-8',
    );
  });

  it('takes an empty field for none', async () => {
    const form = [{ name: 'contentType', value: '' }, { name: 'cacheControl', value: '' }, FILE];
    expect((await call('POST', '/object/files/hollow', { token, form })).status).toBe(200);
    const read = await call('GET', '/object/files/hollow', { token });
    expect(read.headers).toMatchObject({ 'cache-control': 'no-cache', 'content-type': 'text/plain' });
  });

  it('stores files of 0 bytes and of 6 MiB as they are', async () => {
    const large = Buffer.alloc(6 * 1024 * 1024, 'sluice');
    for (const value of [Buffer.alloc(0), large]) {
      const path = `/object/files/of-${value.length}-bytes`;
      expect((await call('POST', path, { token, form: [{ ...FILE, value }] })).status).toBe(200);
      expect((await call('GET', path, { token })).bytes.equals(value)).toBe(true);
    }
  });

  it('T2-21 takes bytes without a name, as the Dart client sends them: under an empty one, behind the fields', async () => {
    const value = Buffer.alloc(2 * 1024 * 1024, 'bytes without a name');
    const form = [
      { name: 'cacheControl', value: '60' },
      { ...FILE, value, type: 'image/png', fileName: '' },
    ];
    const reply = await call('POST', '/object/files/from-memory', { token, form });
    expect(reply.status).toBe(200);
    const read = await call('GET', '/object/files/from-memory', { token });
    expect(read.bytes.equals(value)).toBe(true);
    expect(read.headers).toMatchObject({ 'content-type': 'image/png', 'cache-control': 'max-age=60' });
  });

  it('takes what an ordinary client makes of FormData', async () => {
    const form = new FormData();
    form.append('cacheControl', '60');
    form.append('', new Blob(['from a browser'], { type: 'text/plain' }), 'käse.txt');
    const reply = await fetch(`${gateway.url}/object/files/browser`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: form,
    });
    expect(reply.status).toBe(200);
    expect((await call('GET', '/object/files/browser', { token })).text).toBe('from a browser');
  });
});
