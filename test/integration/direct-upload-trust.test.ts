/**
 * Whether an engine may be given away by URL. A server of the test's own plays engines that cannot be had: one that lets a
 * presigned PUT be made into a copy, one that knows no presigned PUT, one that is away.
 */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makePresignUpload } from '../../src/blobs/s3-direct-upload.ts';
import { makeS3UrlSigner } from '../../src/blobs/s3-presign.ts';

const KEY = 'dd/dd-1';
const UPLOAD = { expiresInSeconds: 60, contentType: 'text/plain', sizeBytes: 3 };
const timeouts = { connectMs: 1000, headersMs: 300, bodyIdleMs: 300, keepAliveMs: 1000 };
/** No status: the engine says nothing. */
const SILENT = 0;
const isCopy = (headers: IncomingHttpHeaders) => headers['x-amz-copy-source'] !== undefined;

describe('an engine that clients may store bytes in directly', () => {
  let server: Server;
  let answer: (headers: IncomingHttpHeaders) => number;
  let asked: number;
  let removed: string[];

  beforeAll(async () => {
    server = createServer((req, res) => {
      asked += 1;
      req.resume();
      const status = answer(req.headers);
      if (status !== SILENT) res.writeHead(status).end();
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise(resolve => server.close(resolve)));
  beforeEach(() => {
    asked = 0;
    removed = [];
  });

  function presigner(endpoint: string | null = 'an engine') {
    const { port } = server.address() as AddressInfo;
    const sign = makeS3UrlSigner({
      bucketUrl: new URL(`http://127.0.0.1:${port}/bytes`),
      region: 'us-east-1',
      credentials: () => ({ accessKeyId: 'id', secretAccessKey: 'secret' }),
      now: () => 0,
    });
    const remove = async (keys: readonly string[]) => {
      removed.push(...keys);
    };
    return makePresignUpload({ bucket: 'bytes', endpoint, sign, signInside: sign, remove, timeouts });
  }

  it.each([
    ['makes copies by it', () => 200],
    ['refuses it altogether', () => 403],
  ])('gets no URL where it %s, and keeps nothing of the trial', async (_what, says) => {
    answer = says;
    const presign = presigner();
    expect(await presign(KEY, UPLOAD)).toBeNull();
    expect(await presign(KEY, UPLOAD)).toBeNull();
    expect(removed).toEqual([KEY, `${KEY}-`]);
  });

  it.each([
    ['of the upload', () => 503],
    ['of the upload, and said nothing', () => SILENT],
    ['of the copy', (headers: IncomingHttpHeaders) => (isCopy(headers) ? 503 : 200)],
    ['of the copy, and said nothing', (headers: IncomingHttpHeaders) => (isCopy(headers) ? SILENT : 200)],
  ])('is asked again when it was away at the time %s', async (_what, says) => {
    answer = says;
    const presign = presigner();
    await expect(presign(KEY, UPLOAD)).rejects.toMatchObject({ failure: 'unavailable' });
    expect(removed).toEqual([KEY, `${KEY}-`]);
    answer = headers => (isCopy(headers) ? 412 : 200);
    expect(await presign(KEY, UPLOAD)).not.toBeNull();
  });

  it('is tried once, and from then on only signed for', async () => {
    answer = headers => (isCopy(headers) ? 412 : 200);
    const presign = presigner();
    const urls = await Promise.all([presign(KEY, UPLOAD), presign('dd/dd-2', UPLOAD)]);
    expect(asked).toBe(2);
    expect(removed).toEqual([KEY, `${KEY}-`]);
    expect(urls[1]?.headers).toEqual({ 'content-type': 'text/plain', 'x-amz-copy-source-if-match': '"no-copy"' });
    const query = new URL(urls[1]?.url ?? '').searchParams;
    expect(query.get('X-Amz-SignedHeaders')).toBe('content-length;content-type;host;x-amz-copy-source-if-match');
  });

  it('needs no condition at AWS, which refuses what was not signed', async () => {
    answer = headers => (isCopy(headers) ? 403 : 200);
    const presigned = await presigner(null)(KEY, { expiresInSeconds: 60, contentType: null, sizeBytes: null });
    expect(presigned?.headers).toEqual({});
    expect(new URL(presigned?.url ?? '').searchParams.get('X-Amz-SignedHeaders')).toBe('host');
  });
});
