/** Uploads that say the MD5 of their bytes (RFC 1864), as clients of S3 do, who rely on being told that others came. */
import { createHash } from 'node:crypto';
import { openTestRooms } from '../support/accounts.ts';
import { addBucket, tracesOf } from '../support/bucket-fixtures.ts';
import { type Call, type CallOptions, makeCall } from '../support/call.ts';
import { type Gateway, SERVICE_TOKEN, STORES, startGateway } from '../support/gateway.ts';

const token = SERVICE_TOKEN;
const digestOf = (text: string) => createHash('md5').update(text).digest('base64');

describe.each(STORES)('Content-MD5 of uploads to the %s store', store => {
  let gateway: Gateway;
  let call: Call;

  beforeAll(async () => {
    gateway = await startGateway({ store, env: { UPLOADS_AHEAD: '4' } });
    call = makeCall(gateway.url);
    await addBucket(gateway, 'files');
    await openTestRooms(gateway.db);
  });
  afterAll(() => gateway.stop());

  async function uploadLink(name: string): Promise<string> {
    const { json } = await call('POST', `/object/upload/sign/files/${name}`, { token, json: {} });
    return (json as { url: string }).url;
  }

  const UPLOADS: readonly (readonly [string, (name: string, options: CallOptions) => ReturnType<Call>])[] = [
    ['POST', (name, options) => call('POST', `/object/files/${name}`, { token, ...options })],
    ['PUT', (name, options) => call('PUT', `/object/files/${name}`, { token, ...options })],
    ['a link', async (name, options) => call('PUT', await uploadLink(name), options)],
    ['API 003', (name, options) => call('PUT', `/1/file/www/${name}`, { token, ...options })],
  ];

  describe.each(UPLOADS)('by %s', (_how, send) => {
    it.each([
      ['that of other bytes', digestOf('other bytes')],
      ['hex instead of base64', createHash('md5').update('bytes').digest('hex')],
      ['of 15 bytes', Buffer.alloc(15).toString('base64')],
      ['that is empty', ''],
    ])('refuses one %s, and keeps nothing', async (_what, md5) => {
      const { rows } = await tracesOf(gateway);
      const reply = await send('refused.txt', { body: 'bytes', headers: { 'content-md5': md5 } });
      expect(reply.status).toBe(400);
      expect(reply.text).toMatch(/md5/i);
      expect(await tracesOf(gateway)).toEqual({ rows, unfinished: 0, blobs: rows });
    });

    it('takes the right one', async () => {
      const name = `right-${_how.replace(/\W/g, '')}.txt`;
      const reply = await send(name, { body: 'bytes', headers: { 'content-md5': digestOf('bytes') } });
      expect(reply.status).toBe(200);
    });
  });

  it('leaves what is there as it was', async () => {
    await call('PUT', '/object/files/kept', { token, body: 'kept' });
    const headers = { 'content-md5': digestOf('kept') };
    const { status, json } = await call('PUT', '/object/files/kept', { token, body: 'torn', headers });
    expect([status, json]).toEqual([
      400,
      {
        statusCode: '400',
        error: 'InvalidChecksum',
        message: 'The bytes that came are not those of the Content-MD5',
        code: 'InvalidChecksum',
      },
    ]);
    expect((await call('GET', '/object/files/kept', { token })).text).toBe('kept');
  });
});
