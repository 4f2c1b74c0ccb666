/** Requests that must be refused, of every kind that reaches the core, and what is left of them: nothing. */
import { connect } from 'node:net';
import { type Gateway, SERVICE_TOKEN, SILENT_LOG, STORES, startGateway, tokenFor } from '../support/gateway.ts';
import { ALICE, BOB } from '../support/scopes.ts';
import { until } from '../support/until.ts';
import { expectAgreement, sweep } from './agreement.ts';
import { isRefused, type Sent, send } from './door.ts';

const ALICE_TOKEN = tokenFor('authenticated', ALICE);
const BOB_TOKEN = tokenFor('authenticated', BOB);
const text = (words: string) => new Uint8Array(Buffer.from(words));
const upsert = { 'x-upsert': 'true' };

function slowly(...given: string[]): ReadableStream<Uint8Array> {
  const pieces = [...given];
  return new ReadableStream({
    pull(controller) {
      const piece = pieces.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(text(piece));
    },
  });
}

/** `pieces` are sent as a body without a length. */
type Refusal = readonly [title: string, method: string, path: string, sent: Partial<Sent> & { pieces?: string[] }];

const REFUSALS: readonly Refusal[] = [
  ['an upload without a login', 'POST', '/object/b/new', { token: '', body: text('x') }],
  ['an upload with a forged token', 'POST', '/object/b/new', { token: `${ALICE_TOKEN}x`, body: text('x') }],
  ['an upload that no policy allows', 'POST', '/object/b/new', { token: BOB_TOKEN, body: text('x') }],
  ['an upload in chunks that no policy allows', 'POST', '/object/b/new', { token: BOB_TOKEN, pieces: ['x', 'y'] }],
  ['an upload over what only others may change', 'PUT', '/object/b/kept', { token: BOB_TOKEN, body: text('x') }],
  ['an upload that a policy refuses once its size is known', 'POST', '/object/b/lying', { pieces: ['x', 'y'] }],
  ['an upload onto a taken name', 'POST', '/object/b/kept', { body: text('x') }],
  ['an upload in chunks onto a taken name', 'POST', '/object/b/kept', { pieces: ['x', 'y'] }],
  ['an upload into no bucket', 'POST', '/object/absent/new', { body: text('x') }],
  ['an upload with an illegal name', 'POST', `/object/b/${'n'.repeat(1025)}`, { body: text('x') }],
  ['an upload larger than the bucket allows', 'POST', '/object/small/new', { body: text('larger than ten bytes') }],
  ['one in chunks that grows too large', 'POST', '/object/small/new', { pieces: ['grows ', 'and grows'] }],
  [
    'an upload of a type that the bucket refuses',
    'POST',
    '/object/small/new',
    { body: text('x'), headers: { 'content-type': 'image/png' } },
  ],
  ['an upload through a forged link', 'PUT', '/object/upload/sign/b/new?token=forged', { body: text('x') }],
  [
    'a form without a file',
    'POST',
    '/object/b/new',
    { body: text('--b--\r\n'), headers: { 'content-type': 'multipart/form-data; boundary=b' } },
  ],
  [
    'a form that ends early',
    'POST',
    '/object/b/new',
    {
      body: text('--b\r\ncontent-disposition: form-data; name=""; filename="x"\r\n\r\nx'),
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
    },
  ],
  ['a removal of what is not there', 'DELETE', '/object/b/absent', {}],
  ['a removal that no policy allows', 'DELETE', '/object/b/kept', { token: BOB_TOKEN }],
  ['a removal of too many', 'DELETE', '/object/b', { json: { prefixes: Array(1001).fill('kept') } }],
  [
    'a move onto a taken name',
    'POST',
    '/object/move',
    { json: { bucketId: 'b', sourceKey: 'kept', destinationKey: 'too' } },
  ],
  [
    'a move of what is hidden',
    'POST',
    '/object/move',
    { token: BOB_TOKEN, json: { bucketId: 'b', sourceKey: 'kept', destinationKey: 'n' } },
  ],
  [
    'a move into a bucket too small',
    'POST',
    '/object/move',
    { json: { bucketId: 'b', sourceKey: 'kept', destinationBucket: 'small', destinationKey: 'n' } },
  ],
  [
    'a copy onto a taken name',
    'POST',
    '/object/copy',
    { json: { bucketId: 'b', sourceKey: 'kept', destinationKey: 'too' } },
  ],
  [
    'a copy into no bucket',
    'POST',
    '/object/copy',
    { json: { bucketId: 'b', sourceKey: 'kept', destinationBucket: 'absent', destinationKey: 'n' } },
  ],
  [
    'a copy of what is hidden',
    'POST',
    '/object/copy',
    { token: BOB_TOKEN, json: { bucketId: 'b', sourceKey: 'kept', destinationKey: 'n' } },
  ],
  [
    'a copy over what a policy protects',
    'POST',
    '/object/copy',
    { headers: upsert, json: { bucketId: 'b', sourceKey: 'kept', destinationKey: 'protected' } },
  ],
  ['emptying a hidden bucket', 'POST', '/bucket/b/empty', { token: BOB_TOKEN, json: {} }],
  ['deleting a bucket that is not empty', 'DELETE', '/bucket/b', { token: SERVICE_TOKEN }],
  ['a revocation that no policy allows', 'DELETE', '/object/sign/b/kept', { token: BOB_TOKEN }],
];

describe.each(STORES)('refused on the %s store', store => {
  let gateway: Gateway;
  const token = SERVICE_TOKEN;

  beforeAll(async () => {
    gateway = await startGateway({ store, log: SILENT_LOG });
    const { url, db } = gateway;
    await send(url, 'POST', '/bucket', { token, json: { name: 'b' } });
    await send(url, 'POST', '/bucket', {
      token,
      json: { name: 'small', file_size_limit: 10, allowed_mime_types: ['text/*'] },
    });
    for (const name of ['kept', 'too', 'protected']) {
      await send(url, 'POST', `/object/b/${name}`, { token, body: text('more than ten bytes are kept') });
    }
    // Alice sees everything and may change what is not protected; the size of what lies is known only in the end.
    await db.sql(
      `create policy alice_reads on storage.objects for select to authenticated using (auth.uid() = '${ALICE}')`,
    );
    await db.sql(`create policy alice_changes on storage.objects to authenticated
      using (auth.uid() = '${ALICE}' and name <> 'protected')
      with check (auth.uid() = '${ALICE}' and not (name = 'lying' and metadata ? 'size'))`);
    await db.sql(
      `create policy alice_sees_buckets on storage.buckets for select to authenticated using (auth.uid() = '${ALICE}')`,
    );
  });
  afterAll(() => gateway.stop());

  const ask = (method: string, path: string, { pieces, ...sent }: Refusal[3]) =>
    send(gateway.url, method, path, {
      token: ALICE_TOKEN,
      ...(pieces === undefined ? {} : { body: slowly(...pieces) }),
      ...sent,
    });
  const everything = () => gateway.db.sql('select * from storage.objects order by id');

  /** All traces but the objects themselves. */
  async function expectNoTrace(before: unknown): Promise<void> {
    expect(await everything()).toEqual(before);
    await sweep(gateway);
    await expectAgreement(gateway);
    expect(await gateway.db.sql('select from sluice.revoked_tokens')).toEqual([]);
  }

  it('A refused request changes nothing: no row, and after the sweeper no blob and no ledger entry.', async () => {
    const before = await everything();
    const answers: string[] = [];
    for (const [title, method, path, sent] of REFUSALS) {
      const got = await ask(method, path, sent);
      if (!isRefused(got)) answers.push(`${title}: ${got.status} ${got.bytes.toString()}`);
    }
    expect(answers).toEqual([]);
    await expectNoTrace(before);
  });

  it.each(REFUSALS)('leaves no trace of %s', async (_, method, path, sent) => {
    const before = await everything();
    await ask(method, path, sent);
    await expectNoTrace(before);
  });

  it.each([
    ['in the middle of a declared length', 'content-length: 1000'],
    ['in the middle of a chunked body', 'transfer-encoding: chunked'],
  ])('leaves no trace of an upload whose sender goes away %s', async (_, length) => {
    const before = await everything();
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    const lines = ['POST /object/b/gone HTTP/1.1', 'host: x', `authorization: Bearer ${ALICE_TOKEN}`, length, '', ''];
    socket.write(`${lines.join('\r\n')}${length.startsWith('t') ? '5\r\nhello\r\n' : 'hello'}`);
    const pending = () => gateway.db.sql(`select from sluice.blobs where state = 'pending'`);
    await until('the ledger entry of the upload', async () => (await pending()).length === 1);
    socket.destroy();
    await until('the upload given up', async () => (await pending()).length === 0);
    await expectNoTrace(before);
  });
});
