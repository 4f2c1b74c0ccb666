/**
 * Every refusal in exactly its form, once under HTTP 400 for compatibility and once under true statuses. Facts T2-49 and
 * FIVE-APIS B2.2, STORAGE-API §2.
 */
import { BlobStoreError } from '../../../src/blobs/blob-store.ts';
import { addBucket } from '../../support/bucket-fixtures.ts';
import { type Call, type CallOptions, makeCall } from '../../support/call.ts';
import { type Gateway, SERVICE_TOKEN, startGateway, tokenFor } from '../../support/gateway.ts';
import { RawClient } from '../../support/loopback.ts';
import { ALICE } from '../../support/scopes.ts';
import { forge } from '../../support/tokens.ts';

const token = SERVICE_TOKEN;
const alice = tokenFor('authenticated', ALICE);
const JSON_TYPE = { 'content-type': 'application/json' };

/** [statusCode, error, message, code] */
type Body = readonly [string, string, unknown, string];
const NO_BUCKET: Body = ['404', 'Bucket not found', 'Bucket not found', 'NoSuchBucket'];
const NO_OBJECT: Body = ['404', 'not_found', 'Object not found', 'NoSuchKey'];
const TOO_LARGE: Body = ['413', 'Payload too large', 'The object exceeded the maximum allowed size', 'EntityTooLarge'];
const MALFORMED = (message: unknown): Body => ['400', 'Error', message, 'InvalidRequest'];
const DENIED = (message: unknown): Body => ['403', 'Unauthorized', message, 'AccessDenied'];

/** Refusals whose HTTP status follows the setting. */
const REFUSALS: readonly (readonly [string, string, string, CallOptions, Body])[] = [
  ['a bucket that is missing', 'GET', '/bucket/nowhere', { token }, NO_BUCKET],
  ['a bucket that is hidden', 'GET', '/bucket/files', { token: alice }, NO_BUCKET],
  ['a download from a missing bucket', 'GET', '/object/nowhere/a', { token }, NO_BUCKET],
  ['an upload into a missing bucket', 'POST', '/object/nowhere/a', { token, body: 'x' }, NO_BUCKET],
  ['an object that is missing', 'GET', '/object/files/absent', { token }, NO_OBJECT],
  ['an object that is hidden', 'GET', '/object/files/there', { token: alice }, NO_OBJECT],
  [
    'a write that policies refuse',
    'POST',
    '/object/files/x',
    { token: alice, body: 'x' },
    DENIED(expect.stringMatching(/^new row violates row-level security policy/)),
  ],
  [
    'an existing object',
    'POST',
    '/object/files/there',
    { token, body: 'x' },
    ['409', 'Duplicate', 'The resource already exists', 'KeyAlreadyExists'],
  ],
  [
    'an existing bucket',
    'POST',
    '/bucket',
    { token, json: { name: 'files' } },
    ['409', 'Duplicate', 'The resource already exists', 'BucketAlreadyExists'],
  ],
  [
    'a bucket that is not empty',
    'DELETE',
    '/bucket/files',
    { token },
    ['409', 'ResourceNotEmpty', 'The bucket you tried to delete is not empty', 'ResourceNotEmpty'],
  ],
  ['an object that is too large', 'POST', '/object/tiny/x', { token, body: 'four' }, TOO_LARGE],
  ['a limit that is too large', 'POST', '/bucket', { token, json: { name: 'x', file_size_limit: '999GB' } }, TOO_LARGE],
  [
    'a type that is not allowed',
    'POST',
    '/object/tiny/x',
    { token, body: 'x', headers: { 'content-type': 'image/png' } },
    ['415', 'invalid_mime_type', 'mime type image/png is not supported', 'InvalidMimeType'],
  ],
  [
    'a bucket name that cannot be',
    'POST',
    '/bucket',
    { token, json: { name: 'a/b' } },
    ['400', 'Invalid Input', 'Bucket name invalid', 'InvalidBucketName'],
  ],
  [
    'an object name that cannot be',
    'GET',
    '/object/files/a%07',
    { token },
    ['400', 'InvalidKey', 'Invalid key: a\u0007', 'InvalidKey'],
  ],
  [
    'an upload form without a file',
    'POST',
    '/object/files/x',
    { token, form: [{ name: 'a', value: 'b' }] },
    ['400', 'InvalidRequest', 'No content provided', 'InvalidRequest'],
  ],
  [
    'an unknown robots directive',
    'POST',
    '/object/files/x',
    { token, headers: { 'x-robots-tag': 'dance' } },
    ['400', 'invalid_x_robots_tag', 'Invalid X-Robots-Tag header', 'InvalidRequest'],
  ],
  [
    'a content coding that is none',
    'POST',
    '/object/files/x',
    { token, headers: { 'content-encoding': 'a b' } },
    MALFORMED(expect.stringContaining('content-encoding')),
  ],
  ['no Authorization', 'GET', '/bucket', {}, MALFORMED("headers must have required property 'authorization'")],
  [
    'a blank Authorization',
    'GET',
    '/bucket',
    { headers: { authorization: ' ' } },
    MALFORMED("headers must have required property 'authorization'"),
  ],
  ['a malformed token', 'GET', '/bucket', { token: 'abc' }, DENIED('jwt malformed')],
  [
    'a link without its token',
    'GET',
    '/object/sign/files/there',
    {},
    MALFORMED("querystring must have required property 'token'"),
  ],
  [
    'a link with a malformed token',
    'GET',
    '/object/sign/files/there?token=abc',
    {},
    ['400', 'InvalidJWT', 'jwt malformed', 'InvalidJWT'],
  ],
  [
    'a link to another object',
    'GET',
    `/object/sign/files/other?token=${tokenFor('x')}`,
    {},
    ['400', 'InvalidSignature', 'Invalid signature', 'InvalidSignature'],
  ],
  [
    'a body that breaks its schema',
    'POST',
    '/bucket',
    { token, json: {} },
    MALFORMED("body must have required property 'name'"),
  ],
  [
    'U+0000 in the id of a bucket',
    'GET',
    '/bucket/a%00b',
    { token },
    [
      '400',
      'InvalidParameter',
      'a text holds the character U+0000, which cannot be stored or looked for',
      'InvalidParameter',
    ],
  ],
  [
    'U+0000 in a search',
    'POST',
    '/object/list/files',
    { token, json: { prefix: '', search: '\u0000' } },
    ['400', 'InvalidParameter', expect.stringContaining('U+0000'), 'InvalidParameter'],
  ],
  ['a body that is no object', 'POST', '/bucket', { token, json: ['x'] }, MALFORMED('body must be object')],
  [
    'a body that is no JSON by its type',
    'POST',
    '/bucket',
    { token, body: '{"name":"x"}', headers: { 'content-type': 'text/plain' } },
    MALFORMED('body must be object, with Content-Type: application/json'),
  ],
  ['no body', 'POST', '/bucket', { token }, MALFORMED('body must be object, with Content-Type: application/json')],
  [
    'broken JSON',
    'POST',
    '/bucket',
    { token, body: '{"name":', headers: JSON_TYPE },
    ['400', 'FastifyError', 'The body is not valid JSON', 'InvalidRequest'],
  ],
  [
    'empty JSON',
    'POST',
    '/bucket',
    { token, body: '', headers: JSON_TYPE },
    ['400', 'FastifyError', expect.stringContaining('empty'), 'InvalidRequest'],
  ],
  [
    'JSON that is no UTF-8',
    'POST',
    '/bucket',
    { token, body: Buffer.from([0x22, 0xff, 0x22]), headers: JSON_TYPE },
    ['400', 'FastifyError', expect.any(String), 'InvalidRequest'],
  ],
  [
    'broken percent-encoding',
    'GET',
    '/object/files/%zz',
    { token },
    ['400', 'Bad Request', "'%zz' is not a valid url component", 'FST_ERR_BAD_URL'],
  ],
  [
    'a row that another table refers to',
    'DELETE',
    '/object/files/referenced',
    { token },
    ['409', 'ResourceReferenced', 'The resource is still referenced by another table', 'ResourceReferenced'],
  ],
  [
    'a row that another request holds',
    'POST',
    '/object/files/raise-55P03',
    { token, body: 'x' },
    ['423', 'ResourceLocked', 'The resource is locked', 'ResourceLocked'],
  ],
  [
    'a policy that cannot read the caller’s id',
    'GET',
    '/object/files/there',
    { token: tokenFor('authenticated', 'user-17') },
    ['400', 'InvalidParameter', expect.stringContaining('invalid input syntax for type uuid'), 'InvalidParameter'],
  ],
  [
    'a limit of buckets beyond what numbers can say',
    'GET',
    '/bucket?limit=1e20',
    { token },
    ['400', 'Error', 'querystring/limit must be <= 9007199254740991', 'InvalidRequest'],
  ],
  [
    'an infinite offset of buckets',
    'GET',
    '/bucket?offset=Infinity',
    { token },
    ['400', 'Error', 'querystring/offset must be <= 9007199254740991', 'InvalidRequest'],
  ],
  [
    'an offset of a list beyond what numbers can say',
    'POST',
    '/object/list/files',
    { token, json: { prefix: '', offset: 1e20 } },
    ['400', 'Error', 'body/offset must be <= 9007199254740991', 'InvalidRequest'],
  ],
  [
    'a lifetime of many links that is too long',
    'POST',
    '/object/sign/files',
    { token, json: { expiresIn: 31_536_001, paths: ['missing'] } },
    ['400', 'Error', 'body/expiresIn must be <= 31536000', 'InvalidRequest'],
  ],
  [
    'a cursor that is none',
    'POST',
    '/object/list-v2/files',
    { token, json: { cursor: 'x' } },
    ['400', 'InvalidParameter', 'Invalid Parameter continuation token', 'InvalidParameter'],
  ],
];

/** Refusals whose HTTP status is always the true one. */
const ALWAYS_TRUE: readonly (readonly [string, string, string, CallOptions, Body])[] = [
  [
    'an unknown route',
    'GET',
    '/nothing/here',
    { token },
    ['404', 'Not Found', 'Route GET:/nothing/here not found', 'InvalidRequest'],
  ],
  [
    'an unknown route below a known one',
    'POST',
    '/bucket/a/b/c',
    { token },
    ['404', 'Not Found', 'Route POST:/bucket/a/b/c not found', 'InvalidRequest'],
  ],
  [
    'a method that the route does not have',
    'PATCH',
    '/object/files/a',
    { token, body: 'x' },
    ['404', 'Not Found', 'Route PATCH:/object/files/a not found', 'InvalidRequest'],
  ],
  [
    'a trailing slash that counts',
    'GET',
    '/status/',
    {},
    ['404', 'Not Found', 'Route GET:/status/ not found', 'InvalidRequest'],
  ],
  [
    'OPTIONS without a preflight',
    'OPTIONS',
    '/object/files/a',
    {},
    ['404', 'Not Found', expect.any(String), 'InvalidRequest'],
  ],
  [
    'a JSON body above 1 MiB',
    'POST',
    '/bucket',
    { token, json: { name: 'x'.repeat(1024 * 1024) } },
    ['413', 'FastifyError', 'Request body is too large', 'EntityTooLarge'],
  ],
  [
    'a condition that does not hold',
    'GET',
    '/object/files/there',
    { token, headers: { 'if-match': '"x"' } },
    ['412', 'Precondition Failed', 'Precondition failed', 'PreconditionFailed'],
  ],
  [
    'a range beyond the end',
    'GET',
    '/object/files/there',
    { token, headers: { range: 'bytes=99-' } },
    ['416', 'invalid_range', expect.any(String), 'InvalidRange'],
  ],
  [
    'a statement that took too long',
    'POST',
    '/object/files/raise-57014',
    { token, body: 'x' },
    ['544', 'DatabaseTimeout', 'The database did not answer in time', 'DatabaseTimeout'],
  ],
  [
    'something unforeseen',
    'POST',
    '/object/files/raise-P0001',
    { token, body: 'x' },
    ['500', 'Internal', 'Internal Server Error', 'InternalError'],
  ],
];

describe.each([
  ['compatible', 'false'],
  ['true', 'true'],
])('refusals with %s statuses', (_what, strict) => {
  let gateway: Gateway;
  let call: Call;
  let failing: BlobStoreError | null = null;

  beforeAll(async () => {
    gateway = await startGateway({
      env: { STRICT_HTTP_STATUS: strict },
      wrapStore: inner => {
        const failOr =
          <Args extends unknown[], Result>(act: (...args: Args) => Promise<Result>) =>
          async (...args: Args) => {
            if (failing !== null) throw failing;
            return act(...args);
          };
        return { ...inner, put: failOr(inner.put), open: failOr(inner.open), check: failOr(inner.check) };
      },
    });
    call = makeCall(gateway.url);
    await addBucket(gateway, 'files');
    await addBucket(gateway, 'tiny', { fileSizeLimit: 3, allowedMimeTypes: ['text/*', 'application/octet-stream'] });
    await call('POST', '/object/files/there', { token, body: 'there' });
    const { json } = await call('POST', '/object/files/referenced', { token, body: 'x' });
    await gateway.db.sql(`create table public.mail (attachment uuid references storage.objects (id))`);
    await gateway.db.sql('insert into public.mail values ($1)', [(json as { Id: string }).Id]);
    await gateway.db.sql(`create policy own on storage.objects for select to authenticated using (owner = auth.uid())`);
    await gateway.db.sql(`create function public.raise_by_name() returns trigger language plpgsql as $$
      begin
        raise exception 'a secret of the database' using errcode = substr(new.name, 7);
      end $$`);
    await gateway.db.sql(`create trigger raise_by_name before insert on storage.objects
      for each row when (new.name like 'raise-%') execute function public.raise_by_name()`);
  });
  afterAll(() => gateway.stop());

  const bodyOf = ([statusCode, error, message, code]: Body) => ({ statusCode, error, message, code });

  it.each(REFUSALS)('T2-49 %s', async (_situation, method, path, options, body) => {
    const reply = await call(method, path, options);
    expect(reply.status).toBe(strict === 'true' ? Number(body[0]) : 400);
    expect(reply.json).toEqual(bodyOf(body));
    expect(reply.headers['cache-control']).toBe('no-store');
  });

  it.each(ALWAYS_TRUE)('T2-49 %s', async (_situation, method, path, options, body) => {
    const reply = await call(method, path, options);
    expect(reply.status).toBe(Number(body[0]));
    expect(reply.json).toEqual(bodyOf(body));
  });

  it.each([
    ['unavailable', 503, 'Service Unavailable', 'ServiceUnavailable'],
    ['no-space', 507, 'Insufficient Storage', 'InsufficientStorage'],
    ['failed', 500, 'Internal', 'InternalError'],
  ] as const)('tells a store that is %s apart from a refusal', async (failure, status, error, code) => {
    failing = new BlobStoreError(failure, 'a secret of the store');
    try {
      const requests = [
        () => call('POST', '/object/files/store', { token, body: 'x' }),
        () => call('GET', '/object/files/there', { token }),
      ];
      for (const request of requests) {
        const reply = await request();
        expect(reply.status).toBe(status);
        expect(reply.json).toEqual({ statusCode: String(status), error, message: expect.any(String), code });
        expect(reply.text).not.toContain('secret');
        expect(reply.headers['retry-after']).toBe(status === 503 ? '1' : undefined);
      }
    } finally {
      failing = null;
    }
    expect((await call('POST', `/object/files/after-${failure}`, { token, body: 'x' })).status).toBe(200);
  });

  it('W-28 says whether it lives without a token, and by its status whether it can serve', async () => {
    expect((await call('GET', '/health')).json).toEqual({ healthy: true });
    expect((await call('GET', '/ready')).status).toBe(200);
    failing = new BlobStoreError('unavailable', 'away');
    const away = await call('GET', '/ready');
    failing = null;
    expect([away.status, away.json]).toEqual([503, { ready: false, database: true, store: false }]);
  });

  it('names the unknown route as it came, but no more of a link than its path', async () => {
    const link = forge({ url: 'a/b' });
    const reply = await call('GET', `/objects/sign/files/there?token=${link}`);
    expect(reply.status).toBe(404);
    expect(reply.text).not.toContain(link);
  });

  it('answers what is no HTTP in this API’s form as well', async () => {
    const client = new RawClient(Number(new URL(gateway.url).port));
    client.write('GET / HTTP/1.1', 'bad header', '', '');
    const [head = '', body = ''] = (await client.all()).split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 400 /);
    expect(JSON.parse(body)).toEqual({
      statusCode: '400',
      error: 'Bad Request',
      message: 'The request is not valid HTTP',
      code: 'InvalidRequest',
    });
  });
});
