/** Buckets whose delivery is `redirect`: the policies judge, and the client fetches the bytes from the store itself. */
import { type Gateway, HAS_S3, SERVICE_TOKEN, startGateway, tokenFor } from '../support/gateway.ts';
import { ALICE } from '../support/scopes.ts';

const ALICE_TOKEN = tokenFor('authenticated', ALICE);

describe.each(HAS_S3 ? (['file', 's3'] as const) : (['file'] as const))(
  'redirected delivery on the %s store',
  store => {
    let gateway: Gateway;

    beforeAll(async () => {
      gateway = await startGateway({ store });
      await gateway.db.sql(
        `create policy own on storage.objects for select to authenticated using (owner_id = (select auth.uid())::text)`,
      );
      await send('POST', '/bucket', SERVICE_TOKEN, '{"name":"big","delivery":"redirect"}', 'application/json');
      await send('POST', '/object/big/film%20%C3%BC.bin', SERVICE_TOKEN, '0123456789', 'application/octet-stream');
      await send('POST', '/object/big/page.html', SERVICE_TOKEN, '<p>page</p>', 'text/html');
      await send('POST', '/object/big/empty.bin', SERVICE_TOKEN, '', 'application/octet-stream');
    });
    afterAll(() => gateway.stop());

    function send(method: string, path: string, token: string, body?: string, type = 'text/plain', headers = {}) {
      return fetch(gateway.url + path, {
        method,
        redirect: 'manual',
        headers: { authorization: `Bearer ${token}`, 'content-type': type, ...headers },
        ...(body === undefined ? {} : { body }),
      });
    }

    const film = '/object/big/film%20%C3%BC.bin';

    it('hides what the policies hide', async () => {
      const reply = await send('GET', film, ALICE_TOKEN);
      expect([reply.status, await reply.json()]).toMatchObject([400, { statusCode: '404' }]);
    });

    it('answers HEAD, conditions and unsatisfiable ranges itself', async () => {
      expect((await send('HEAD', film, SERVICE_TOKEN)).status).toBe(200);
      expect((await send('GET', film, SERVICE_TOKEN, undefined, 'x/y', { 'if-none-match': '*' })).status).toBe(304);
      expect((await send('GET', film, SERVICE_TOKEN, undefined, 'x/y', { range: 'bytes=99-' })).status).toBe(416);
    });

    it('sends active content and empty objects itself, where only it can set a sandbox', async () => {
      const page = await send('GET', '/object/big/page.html', SERVICE_TOKEN);
      expect([page.status, page.headers.get('content-security-policy')]).toEqual([200, 'sandbox']);
      expect((await send('GET', '/object/big/empty.bin', SERVICE_TOKEN)).status).toBe(200);
    });

    it('sends the rest from the store, where clients can reach it, with the type, name and caching of the object', async () => {
      const reply = await send('GET', `${film}?download=film%20%C3%BC.bin`, SERVICE_TOKEN);
      if (store === 'file') {
        expect([reply.status, await reply.text()]).toEqual([200, '0123456789']);
        return;
      }
      expect([reply.status, reply.headers.get('cache-control')]).toEqual([302, 'no-store']);
      const location = reply.headers.get('location') ?? '';
      expect(location.startsWith(process.env.TEST_S3_ENDPOINT ?? '')).toBe(true);
      expect(new URL(location).searchParams.get('X-Amz-Expires')).toBe('60');

      const direct = await fetch(location);
      expect([direct.status, await direct.text()]).toEqual([200, '0123456789']);
      expect(direct.headers.get('content-type')).toBe('application/octet-stream');
      expect(direct.headers.get('cache-control')).toBe('no-cache');
      expect(direct.headers.get('content-disposition')).toContain("filename*=UTF-8''film%20%C3%BC.bin");

      const part = await fetch(location, { headers: { range: 'bytes=2-4' } });
      expect([part.status, await part.text()]).toEqual([206, '234']);
      const other = await fetch(location.replace('response-content-type=application', 'response-content-type=text'));
      expect(other.status).toBe(403);
    });

    it('redirects links and public buckets alike', async () => {
      const signed = await send(
        'POST',
        '/object/sign/big/film%20%C3%BC.bin',
        SERVICE_TOKEN,
        '{"expiresIn":60}',
        'application/json',
      );
      const { signedURL } = (await signed.json()) as { signedURL: string };
      await send('PUT', '/bucket/big', SERVICE_TOKEN, '{"public":true}', 'application/json');
      const wanted = store === 's3' ? 302 : 200;
      expect((await fetch(gateway.url + encodeURI(signedURL), { redirect: 'manual' })).status).toBe(wanted);
      expect((await fetch(`${gateway.url}/object/public/big/film%20%C3%BC.bin`, { redirect: 'manual' })).status).toBe(
        wanted,
      );
      expect((await send('GET', film, ALICE_TOKEN)).status).toBe(wanted);
    });
  },
);
