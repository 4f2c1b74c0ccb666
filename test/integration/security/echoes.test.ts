/** Text from a request that comes back in a header of a reply: it can neither break the reply nor add to it. */
import { addBucket } from '../../support/bucket-fixtures.ts';
import { type Call, makeCall } from '../../support/call.ts';
import { type Gateway, SERVICE_TOKEN, startGateway } from '../../support/gateway.ts';

const token = SERVICE_TOKEN;
const SPLIT = 'a\r\nset-cookie: a=b';
const FRESH_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('what is echoed', () => {
  let gateway: Gateway;
  let call: Call;

  beforeAll(async () => {
    gateway = await startGateway({ env: { CORS_ORIGINS: 'https://app.example.com' } });
    call = makeCall(gateway.url);
    await addBucket(gateway, 'b', { public: true });
    await call('POST', '/object/b/kept', { token, body: 'kept' });
  });
  afterAll(() => gateway.stop());

  const names = () => gateway.db.sql('select name from storage.objects order by name');

  it.each(['a\tset-cookie: a=b', '$(reboot)', '{"level":"error"}', '<script>', 'x'.repeat(129)])(
    'is no request id: %s',
    async id => {
      const { headers } = await call('GET', '/object/public/b/kept', { headers: { 'x-request-id': id } });
      expect(headers['x-request-id']).toMatch(FRESH_ID);
    },
  );

  it.each(['https://app.example.com.evil.test', 'https://evil.test', 'null', 'https://app.example.com\tx'])(
    'is no origin outside the list: %s',
    async origin => {
      const { headers } = await call('GET', '/object/public/b/kept', { headers: { origin } });
      expect(headers['access-control-allow-origin']).toBeUndefined();
    },
  );

  it('is no list of headers that is none', async () => {
    const headers = {
      ...{ origin: 'https://app.example.com', 'access-control-request-method': 'GET' },
      'access-control-request-headers': 'x-a: b, <script>',
    };
    const reply = await fetch(`${gateway.url}/object/public/b/kept`, { method: 'OPTIONS', headers });
    expect(reply.headers.get('access-control-allow-headers')).toMatch(/^[a-z-]+(, [a-z-]+)*$/);
  });

  it.each(['\r\nset-cookie: a=b', '"; filename=evil.exe', '"\r\n', 'a\\"; x="', '\u202Etxt.exe', '%0d%0a'])(
    'is encoded in the name of a download: %j',
    async name => {
      const { status, headers } = await call('GET', `/object/public/b/kept?download=${encodeURIComponent(name)}`);
      expect(status).toBe(200);
      expect(headers['set-cookie']).toBeUndefined();
      // One quoted name at most, and one in RFC 8187's form (RFC 6266 §4.1).
      expect(headers['content-disposition']).toMatch(
        /^attachment; filename=(?:[\w.!#$%&+^`|~-]+|"(?:[^"\\\r\n]|\\.)*")(?:; filename\*=UTF-8''[\w.!#$&+^`|~%-]+)?$/,
      );
    },
  );

  it.each(['cacheControl', 'contentType'])(
    'is refused in the form field %s where no header may carry it',
    async name => {
      const before = await names();
      const form = [
        { name, value: SPLIT },
        { name: 'file', value: 'x', type: 'text/plain' },
      ];
      const reply = await call('POST', '/object/b/split', { token, form });
      const stored = await call('GET', '/object/public/b/split');
      if (reply.status === 200) {
        // A field that is not read is no echo.
        expect(stored.headers).toMatchObject({ 'content-type': 'text/plain', 'cache-control': 'no-cache' });
        await call('DELETE', '/object/b/split', { token });
      } else {
        expect(reply.status).toBe(400);
      }
      expect(await names()).toEqual(before);
    },
  );

  it.each(['cacheControl', 'mimetype'])('is refused as the %s of a copy where no header may carry it', async name => {
    const json = {
      ...{ bucketId: 'b', sourceKey: 'kept', destinationKey: 'split', copyMetadata: false },
      metadata: { [name]: SPLIT },
    };
    const reply = await call('POST', '/object/copy', { token, json });
    expect(reply.status).toBe(400);
    expect(await names()).toEqual([{ name: 'kept' }]);
  });

  it('is refused in X-Robots-Tag where it is no list of directives', async () => {
    const headers = { 'x-robots-tag': 'none, set-cookie: a=b' };
    expect((await call('POST', '/object/b/robots', { token, headers, body: 'x' })).status).toBe(400);
    expect(await names()).toEqual([{ name: 'kept' }]);
  });

  it('is no path: an address that breaks lines finds nothing', async () => {
    const reply = await call('GET', '/object/public/b/%0d%0aset-cookie:%20a=b');
    expect(reply.status).toBe(400);
    expect(reply.headers['set-cookie']).toBeUndefined();
  });
});
