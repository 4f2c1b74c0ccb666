/**
 * What HTTP lets a request demand of the exchange itself, refused by every API in its own form: transfer codings that
 * nobody here decodes (RFC 9112 §6.1), which were stored as they came, and expectations (RFC 9110 §10.1.1).
 */
import { type Gateway, SERVICE_TOKEN, startGateway } from '../support/gateway.ts';
import { RawClient } from '../support/loopback.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
  await gateway.db.sql(`insert into storage.buckets (id, name) values ('files', 'files')`);
});
afterAll(() => gateway.stop());

const CHUNKS = '5\r\nhello\r\n0\r\n\r\n';

/** The status and the JSON of the reply. */
async function send(method: string, path: string, header: string): Promise<readonly [number, unknown]> {
  const head = [`${method} ${path} HTTP/1.1`, 'host: x', `authorization: Bearer ${SERVICE_TOKEN}`, 'connection: close'];
  const framing = /^transfer-encoding/i.test(header) ? [header] : [header, 'transfer-encoding: chunked'];
  const client = new RawClient(Number(new URL(gateway.url).port));
  const reply = await client.write(...head, ...framing, 'content-type: text/plain', '', CHUNKS).all();
  const [, status = '', body = ''] = /^HTTP\/1.1 (\d+)[\s\S]*?\r\n\r\n([\s\S]*)$/.exec(reply) ?? [];
  return [Number(status), JSON.parse(body)];
}

const DOORS = [
  ['000', 'PUT', '/storage/alice/', (text: string) => text],
  ['001', 'POST', '/api/user/folders', (error: string, code: number) => ({ error, code })],
  [
    '002',
    'POST',
    '/object/files/refused',
    (message: string, status: number) => ({
      statusCode: `${status}`,
      error: expect.any(String),
      message,
      code: expect.any(String),
    }),
  ],
  [
    '003',
    'PUT',
    '/1/file/www/a.txt',
    (message: string, status: number) => ({ success: false, status, error: { message } }),
  ],
  ['004', 'POST', '/api/upload', () => ({ code: expect.stringMatching(/_ERROR$/), message: expect.any(String) })],
] as const;

describe.each(DOORS)('API %s', (_api, method, path, form) => {
  it.each(['gzip, chunked', 'identity, chunked', 'x-mine;q=1, chunked'])(
    'refuses a body coded as %s',
    async codings => {
      const reply = await send(method, path, `transfer-encoding: ${codings}`);
      expect(reply).toEqual([501, form('the one transfer coding that is understood is chunked', 501)]);
    },
  );

  it.each(['foo', '100-continue, foo', '200-ok'])('refuses to expect %s, and says so', async expectation => {
    const reply = await send(method, path, `expect: ${expectation}`);
    expect(reply).toEqual([417, form('the one expectation that is met is 100-continue', 417)]);
  });
});

it.each(['transfer-encoding: Chunked', 'transfer-encoding: , chunked', 'expect:', 'expect: 100-Continue'])(
  'stores what comes with %s',
  async header => {
    const name = encodeURIComponent(header);
    expect(await send('POST', `/object/files/${name}`, header)).toEqual([
      200,
      expect.objectContaining({ Id: expect.any(String) }),
    ]);
    const [row] = await gateway.db.sql<{ metadata: object }>('select metadata from storage.objects where name = $1', [
      header,
    ]);
    expect(row?.metadata).toMatchObject({ size: 5, eTag: '"5d41402abc4b2a76b9719d911017c592"' });
  },
);

it('keeps nothing of what was refused', async () => {
  expect(await gateway.db.sql(`select from storage.objects where name = 'refused'`)).toEqual([]);
});

it.each([
  ['expect: foo', 417, 'Expectation Failed'],
  ['transfer-encoding: gzip, chunked', 501, 'Not Implemented'],
])('refuses %s on routes of no API as well, as no failure of its own', async (header, status, error) => {
  const reply = await send('GET', '/health', header);
  expect(reply).toEqual([
    status,
    { statusCode: `${status}`, error, message: expect.any(String), code: 'InvalidRequest' },
  ]);
});
