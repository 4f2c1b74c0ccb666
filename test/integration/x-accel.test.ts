/**
 * Bytes sent by a real nginx in front, by the very configuration that the README gives: the gateway judges, nginx sends.
 * Without nginx the tests are counted as skipped, with a line that says so.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { md5 } from '../support/bucket-fixtures.ts';
import {
  type Gateway,
  PACKAGE_ROOT,
  SERVICE_TOKEN,
  STORES,
  type StoreKind,
  startGateway,
  tokenFor,
} from '../support/gateway.ts';
import { findNginx, type Nginx, startNginx } from '../support/nginx.ts';
import { ALICE } from '../support/scopes.ts';

const ALICE_TOKEN = tokenFor('authenticated', ALICE);
const NGINX = findNginx();
const PREFIX = '/sluice-bytes';
const FILM = '/object/files/..%2F..%2Fetc%2Fpasswd%20%C3%BC';
const TEXT = '0123456789';

if (NGINX === null) {
  process.stderr.write(
    'SKIPPED: the tests of X-Accel-Redirect, because there is no nginx (apt-get install nginx-light)\n',
  );
}
const describeWithNginx = NGINX === null ? describe.skip : describe;

/** The blocks of the README behind the marker of this name. */
function readmeBlock(marker: string): string {
  const text = readFileSync(join(PACKAGE_ROOT, 'README.md'), 'utf8');
  const [, block] = text.split(`<!-- ${marker}: run by test/integration/x-accel.test.ts -->\n\n`);
  return /^(?: {4}.*\n|\n)+/.exec(block ?? '')?.[0] ?? '';
}

describeWithNginx.each(STORES)('bytes by nginx from the %s store', store => {
  let gateway: Gateway;
  let nginx: Nginx;

  beforeAll(async () => {
    gateway = await startGateway({ store, env: { X_ACCEL_PREFIX: PREFIX } });
    nginx = await startNginx(NGINX ?? '', serverBlock(store));
    await gateway.db.sql(
      `create policy own on storage.objects for select to authenticated using (owner_id = (select auth.uid())::text)`,
    );
    await send('POST', '/bucket', SERVICE_TOKEN, { body: '{"name":"files"}', type: 'application/json' });
    await send('POST', FILM, SERVICE_TOKEN, {
      body: TEXT,
      headers: { 'cache-control': 'max-age=60', 'x-robots-tag': 'noindex', 'x-metadata': btoa('{"a":1}') },
    });
    await send('POST', '/object/files/page.html', SERVICE_TOKEN, { body: '<p>page</p>', type: 'text/html' });
    await send('POST', '/object/files/empty', SERVICE_TOKEN, { body: '' });
  });
  afterAll(async () => {
    await nginx?.stop();
    await gateway?.stop();
  });

  function serverBlock(kind: StoreKind): string {
    const endpoint = process.env.TEST_S3_ENDPOINT ?? '';
    const blobs = join(gateway.dataDir, 'blobs');
    return `${readmeBlock('nginx')}\n${readmeBlock(`nginx, ${kind}`)}`
      .replace('http://127.0.0.1:5000', gateway.url)
      .replace('/var/lib/sluice/blobs/', `${blobs}/`)
      .replace('http://127.0.0.1:9000/', `${endpoint}/`)
      .replace('Host 127.0.0.1:9000', `Host ${endpoint.replace('http://', '')}`);
  }

  interface Sent {
    readonly body?: string;
    readonly type?: string;
    readonly headers?: Record<string, string>;
    readonly origin?: string;
  }
  function send(method: string, path: string, token: string | null, { body, type, headers, origin }: Sent = {}) {
    return fetch((origin ?? nginx.url) + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        'content-type': type ?? 'image/png',
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
  }

  /** Where the gateway says that the bytes are; null where it sends them itself. */
  async function handedOver(path: string, headers: Record<string, string> = {}): Promise<string | null> {
    const reply = await send('GET', path, SERVICE_TOKEN, { headers, origin: gateway.url });
    await reply.arrayBuffer();
    return reply.headers.get('x-accel-redirect');
  }

  it('hides what the policies hide', async () => {
    const reply = await send('GET', FILM, ALICE_TOKEN);
    expect([reply.status, await reply.json()]).toMatchObject([400, { statusCode: '404' }]);
  });

  it('lets nobody ask nginx for the bytes past the gateway', async () => {
    const path = (await handedOver(FILM)) ?? '';
    for (const asked of [path, path.replace('?', '%3f'), `${PREFIX}/`, path.replace(PREFIX, `/x/..${PREFIX}`)]) {
      for (const token of [null, SERVICE_TOKEN]) {
        const reply = await send('GET', asked, token, { headers: { 'x-accel-redirect': path } });
        expect([reply.status, (await reply.text()).includes(TEXT)]).toEqual([404, false]);
      }
    }
  });

  it('names the bytes by their id alone, whatever the object is called', async () => {
    const path = (await handedOver(FILM)) ?? '';
    const where = store === 'file' ? PREFIX : `${PREFIX}/${gateway.config.s3?.bucket}`;
    expect(path.slice(0, where.length)).toBe(where);
    expect(path.slice(where.length)).toMatch(/^\/[0-9a-f]{2}\/[0-9a-f-]{36}(?:\?[\w%&=.-]+)?$/);
  });

  it('sends bytes with the headers of the gateway, once each, and none of the store', async () => {
    const reply = await send('GET', `${FILM}?download=a%20%C3%BC.png`, SERVICE_TOKEN);
    expect([reply.status, await reply.text()]).toEqual([200, TEXT]);
    const direct = await send('HEAD', `${FILM}?download=a%20%C3%BC.png`, SERVICE_TOKEN, { origin: gateway.url });
    for (const name of [
      'content-type',
      'content-length',
      'content-disposition',
      'cache-control',
      'accept-ranges',
      'etag',
      'last-modified',
      'x-content-type-options',
      'referrer-policy',
      'x-robots-tag',
      'access-control-allow-origin',
      'access-control-expose-headers',
    ]) {
      expect([name, reply.headers.get(name)]).toEqual([name, direct.headers.get(name)]);
    }
    expect(reply.headers.get('etag')).toBe(`"${md5(TEXT)}"`);
    expect(reply.headers.get('x-request-id')).toMatch(/^[\w-]{36}$/);
    expect([...reply.headers.keys()].filter(name => /^x-(?:amz|accel|minio)/.test(name))).toEqual([]);
  });

  it.each([
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=8-99', '89', 'bytes 8-9/10'],
  ])('sends the part %s', async (range, text, contentRange) => {
    expect(await handedOver(FILM, { range })).not.toBeNull();
    const reply = await send('GET', FILM, SERVICE_TOKEN, { headers: { range } });
    expect([reply.status, await reply.text(), reply.headers.get('content-range')]).toEqual([206, text, contentRange]);
  });

  it('leaves conditions to the gateway, whose verdict stands', async () => {
    const etag = `"${md5(TEXT)}"`;
    const judged: [Record<string, string>, number][] = [
      [{ 'if-none-match': etag }, 304],
      [{ 'if-none-match': '"other"' }, 200],
      [{ 'if-match': etag }, 200],
      [{ 'if-match': '"other"' }, 412],
      [{ 'if-modified-since': new Date(0).toUTCString() }, 200],
      [{ 'if-modified-since': new Date().toUTCString() }, 304],
      [{ 'if-range': etag, range: 'bytes=2-4' }, 206],
      [{ 'if-range': '"other"', range: 'bytes=2-4' }, 200],
      [{ range: 'bytes=99-' }, 416],
      [{ range: 'bytes=0-1,3-4' }, 200],
    ];
    for (const [headers, status] of judged) {
      const reply = await send('GET', FILM, SERVICE_TOKEN, { headers });
      expect([headers, reply.status]).toEqual([headers, status]);
      if (status === 200) expect(await reply.text()).toBe(TEXT);
    }
  });

  it('leaves pages, empty objects and HEAD to the gateway', async () => {
    for (const path of ['/object/files/page.html', '/object/files/empty']) expect(await handedOver(path)).toBeNull();
    const page = await send('GET', '/object/files/page.html', SERVICE_TOKEN);
    expect([page.status, page.headers.get('content-security-policy')]).toEqual([200, 'sandbox']);
    const head = await send('HEAD', FILM, SERVICE_TOKEN);
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '10']);
  });

  it('sends what is read through a link, which says when it ends', async () => {
    const signing = await send('POST', FILM.replace('/object', '/object/sign'), SERVICE_TOKEN, {
      body: '{"expiresIn":60}',
      type: 'application/json',
    });
    const { signedURL } = (await signing.json()) as { signedURL: string };
    const [path = '', token = ''] = signedURL.split('?');
    const reply = await send(
      'GET',
      `${path.split('/').slice(0, 4).join('/')}/${FILM.split('/').at(-1)}?${token}`,
      null,
    );
    expect([reply.status, await reply.text()]).toEqual([200, TEXT]);
    expect(Date.parse(reply.headers.get('expires') ?? '')).toBeGreaterThan(Date.now());
    expect(reply.headers.get('cache-control')).toBeNull();
  });
});
