/**
 * Uploads straight to the store in buckets whose delivery is `redirect`: the policies judge before and the rules after, and
 * no byte that came by the URL is ever served unless it was judged.
 */
import { createHash } from 'node:crypto';
import { type BlobStore, BlobStoreError } from '../../src/blobs/blob-store.ts';
import { storeKeyOf } from '../../src/domain/objects.ts';
import { checkStorage } from '../../src/sweeper/fsck.ts';
import { type Call, makeCall } from '../support/call.ts';
import { type Gateway, SERVICE_TOKEN, SILENT_LOG, startGateway, tokenFor } from '../support/gateway.ts';
import { describeWithS3 } from '../support/s3-engine.ts';
import { ALICE, SERVICE, scopeOf } from '../support/scopes.ts';

const ALICE_TOKEN = tokenFor('authenticated', ALICE);
const NO_COPY = 'x-amz-copy-source-if-match';

interface Offer {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly expiresAt: string;
  readonly commitUrl: string;
}
interface Signed {
  readonly url: string;
  readonly token: string;
  readonly direct?: Offer;
}

const put = (offer: Offer, body: string | Buffer, headers: Record<string, string> = {}) =>
  fetch(offer.url, { method: 'PUT', headers: { ...offer.headers, ...headers }, body });

describeWithS3('direct uploads', () => {
  let gateway: Gateway;
  let call: Call;
  let failCopy: 'no' | 'answer-lost' = 'no';

  beforeAll(async () => {
    gateway = await startGateway({
      store: 's3',
      log: SILENT_LOG,
      wrapStore: inner => ({ ...inner, copy: losingAnswers(inner) }),
    });
    call = makeCall(gateway.url);
    await gateway.db.sql(`create policy mine on storage.objects to authenticated
      using (owner_id = (select auth.uid())::text)
      with check (owner_id = (select auth.uid())::text and metadata ->> 'mimetype' is distinct from 'text/forbidden')`);
    for (const [name, rules] of [
      ['films', { delivery: 'redirect' }],
      ['small', { delivery: 'redirect', file_size_limit: 10, allowed_mime_types: ['text/plain'] }],
      ['plain', {}],
    ] as const) {
      expect((await call('POST', '/bucket', { token: SERVICE_TOKEN, json: { name, ...rules } })).status).toBe(200);
    }
  });
  afterAll(() => gateway.stop());

  function losingAnswers(inner: BlobStore): NonNullable<BlobStore['copy']> {
    return async blob => {
      const copied = await inner.copy?.(blob);
      if (failCopy === 'answer-lost' || copied === undefined) throw new BlobStoreError('unavailable', 'no answer');
      return copied;
    };
  }

  async function sign(path: string, direct: object | undefined, headers = {}, token = ALICE_TOKEN): Promise<Signed> {
    const json = direct === undefined ? {} : { direct };
    const reply = await call('POST', `/object/upload/sign/${path}`, { token, json, headers });
    expect([reply.status, reply.text]).toEqual([200, expect.any(String)]);
    return reply.json as Signed;
  }
  async function offered(path: string, direct: object = {}, headers = {}): Promise<Offer> {
    const { direct: offer } = await sign(path, direct, headers);
    if (offer === undefined) throw new Error('no URL of the store was offered');
    return offer;
  }
  const commit = (offer: Offer) => call('POST', offer.commitUrl);
  const read = async (path: string) => call('GET', `/object/${path}`, { token: ALICE_TOKEN });
  /** What a client gets in the end. */
  async function download(path: string) {
    const reply = await fetch(`${gateway.url}/object/${path}`, { headers: { authorization: `Bearer ${ALICE_TOKEN}` } });
    return {
      text: await reply.text(),
      type: reply.headers.get('content-type'),
      caching: reply.headers.get('cache-control'),
    };
  }
  const keyOf = ({ url }: Offer) => new URL(url).pathname.split('/').slice(2).join('/');
  const ledgerOf = (offer: Offer) =>
    gateway.db.sql('select state, lease_until > now() as leased from sluice.blobs where store_key = $1', [
      keyOf(offer),
    ]);
  const bytesAt = (key: string) =>
    gateway.app.core.blobs.stat(key).then(
      ({ sizeBytes }) => sizeBytes,
      () => null,
    );
  async function sweepAfterLeases() {
    await gateway.db.sql(`update sluice.blobs set lease_until = now() - interval '1 second' where state = 'pending'`);
    await gateway.app.sweeper.run();
  }

  it.each([
    ['a policy', 'films/a', { contentType: 'text/forbidden' }, '403'],
    ['a size that the bucket does not take', 'small/a', { contentType: 'text/plain', size: 11 }, '413'],
    ['a type that the bucket does not take', 'small/a', { contentType: 'image/png' }, '415'],
    ['a bucket that is not there', 'nowhere/a', {}, '404'],
  ])('gives no URL against %s, and notes nothing', async (_what, path, direct, status) => {
    const before = await gateway.db.sql('select count(*) from sluice.blobs');
    const reply = await call('POST', `/object/upload/sign/${path}`, { token: ALICE_TOKEN, json: { direct } });
    expect(reply.json).toMatchObject({ statusCode: status });
    expect(await gateway.db.sql('select count(*) from sluice.blobs')).toEqual(before);
  });

  it.each([
    ['nobody asks for it', 'films/x', undefined],
    ['the bucket does not redirect', 'plain/x', {}],
    ['it would be more than one PUT takes', 'films/x', { size: 6 * 1024 ** 3 }],
  ])('answers as ever where %s', async (_what, path, direct) => {
    expect(Object.keys(await sign(path, direct))).toEqual(['url', 'token']);
  });

  it('keeps the link usable for an ordinary upload', async () => {
    const { url } = await sign('films/ordinary', { contentType: 'text/plain' });
    expect((await call('PUT', url, { body: 'by link', headers: { 'content-type': 'text/css' } })).status).toBe(200);
    expect(await download('films/ordinary')).toMatchObject({ text: 'by link', type: 'text/css' });
  });

  it('refuses to commit what was never stored', async () => {
    const offer = await offered('films/never');
    expect((await commit(offer)).json).toMatchObject({ statusCode: '400', message: 'No content provided' });
    expect((await read('films/never')).json).toMatchObject({ statusCode: '404' });
  });

  it('refuses a commit by an ordinary link, for another object, and by a revoked link', async () => {
    const { token } = await sign('films/one', undefined);
    const offer = await offered('films/two', {});
    await put(offer, 'bytes');
    const refusals = [
      await call('POST', `/object/upload/commit/films/one?token=${token}`),
      await call('POST', offer.commitUrl.replace('films/two', 'films/one')),
    ];
    await gateway.db.sql(
      `insert into sluice.revoked_tokens (bucket_id, name, revoked_before) values ('films', 'two', now())`,
    );
    refusals.push(await commit(offer));
    expect(refusals.map(({ json }) => (json as { code: string }).code)).toEqual(Array(3).fill('InvalidSignature'));
    expect((await read('films/two')).json).toMatchObject({ statusCode: '404' });
  });

  it('makes an object of the bytes, with the facts that were judged, for the one who signed', async () => {
    const metadata = Buffer.from('{"color":"red"}').toString('base64');
    const wish = { contentType: 'text/plain', size: 5, cacheControl: 'max-age=60' };
    const offer = await offered('films/ü b.txt'.replace('ü b', '%C3%BC%20b'), wish, { 'x-metadata': metadata });
    expect((await put(offer, 'hello')).status).toBe(200);
    expect(await ledgerOf(offer)).toEqual([{ state: 'pending', leased: true }]);
    expect((await commit({ ...offer, commitUrl: encodeURI(offer.commitUrl) })).json).toEqual({ Key: 'films/ü b.txt' });

    expect(await download('films/%C3%BC%20b.txt')).toEqual({
      text: 'hello',
      type: 'text/plain',
      caching: 'max-age=60',
    });
    const [row] =
      await gateway.db.sql(`select o.owner_id, o.user_metadata, o.metadata ->> 'eTag' as etag, b.state, b.size, b.md5
      from storage.objects o join sluice.blobs b using (version) where o.name = 'ü b.txt'`);
    const md5 = createHash('md5').update('hello').digest('hex');
    expect(row).toMatchObject({
      owner_id: ALICE,
      user_metadata: { color: 'red' },
      etag: `"${md5}"`,
      state: 'live',
      md5,
    });
    expect(await bytesAt(keyOf(offer))).toBeNull();
  });

  it('keeps names beside the bytes of the object, and makes no row of bytes that nobody judged', async () => {
    const offer = await offered('films/labeled');
    await put(offer, 'labeled');
    await commit(offer);
    const waiting = await offered('films/waiting');
    await put(waiting, 'waiting');
    const [{ version } = { version: '' }] = await gateway.db.sql<{ version: string }>(
      `select version from storage.objects where name = 'labeled'`,
    );
    const { labels } = await gateway.app.core.blobs.stat(storeKeyOf(version));
    expect(labels).toEqual({ bucket: 'films', name: 'labeled', owner: ALICE, contentType: 'application/octet-stream' });

    await gateway.db.sql('delete from sluice.blobs where store_key = $1', [keyOf(waiting)]);
    const { findings } = await checkStorage({ ...gateway.app.core, graceMs: 0 }, scopeOf(SERVICE), {
      options: { repair: true, rebuild: true, verify: true, purge: true, quarantineMs: 0 },
    });
    expect(findings).toEqual([
      { kind: 'orphan-bytes', message: expect.stringContaining('a client put them there unjudged'), repaired: true },
    ]);
    await gateway.app.sweeper.run();
    expect(await bytesAt(keyOf(waiting))).toBeNull();
  });

  it('is refused by the store with another length or type than was declared', async () => {
    const offer = await offered('films/bound', { contentType: 'text/plain', size: 5 });
    expect((await put(offer, 'hello!')).status).toBe(403);
    expect((await put(offer, 'hello', { 'content-type': 'text/html' })).status).toBe(403);
    expect(await bytesAt(keyOf(offer))).toBeNull();
  });

  it('is judged by its true size, and leaves nothing when it is too large', async () => {
    const offer = await offered('small/undeclared', { contentType: 'text/plain' });
    await put(offer, 'more than ten');
    expect((await commit(offer)).json).toMatchObject({ statusCode: '413' });
    expect((await read('small/undeclared')).json).toMatchObject({ statusCode: '404' });
    await sweepAfterLeases();
    expect([await ledgerOf(offer), await bytesAt(keyOf(offer))]).toEqual([[], null]);
  });

  it('replaces an object only where the link says so', async () => {
    for (const text of ['first', 'second']) {
      const offer = await offered('films/again', {}, { 'x-upsert': 'true' });
      await put(offer, text);
      expect((await commit(offer)).status).toBe(200);
    }
    expect((await download('films/again')).text).toBe('second');
    const taken = await call('POST', '/object/upload/sign/films/again', { token: ALICE_TOKEN, json: { direct: {} } });
    expect(taken.json).toMatchObject({ statusCode: '409' });
  });

  it('commits once where the link does not replace, though the bytes are stored anew', async () => {
    const offer = await offered('films/once');
    await put(offer, 'once');
    await commit(offer);
    expect((await commit(offer)).json).toMatchObject({ statusCode: '400' });
    await put(offer, 'twice');
    expect((await commit(offer)).json).toMatchObject({ statusCode: '409' });
    expect((await download('films/once')).text).toBe('once');
  });

  it('serves the committed bytes whatever the URL is used for afterwards, and sweeps what came late', async () => {
    const offer = await offered('films/immutable');
    await put(offer, 'judged');
    await commit(offer);
    expect((await put(offer, 'unjudged')).status).toBe(200);
    expect((await download('films/immutable')).text).toBe('judged');
    await sweepAfterLeases();
    expect([await ledgerOf(offer), await bytesAt(keyOf(offer))]).toEqual([[], null]);
    expect((await download('films/immutable')).text).toBe('judged');
  });

  it('makes whole objects even of bytes that change while they are committed', async () => {
    const offer = await offered('films/flicker', {}, { 'x-upsert': 'true' });
    const bodies = [Buffer.alloc(3_000_000, 'a'), Buffer.alloc(2_000_000, 'b')];
    const md5s = bodies.map(body => `"${createHash('md5').update(body).digest('hex')}"`);
    for (let turn = 0; turn < 8; turn++) {
      const [first = '', second = ''] = turn % 2 === 0 ? bodies : bodies.toReversed();
      await put(offer, first);
      const [committed] = await Promise.all([commit(offer), put(offer, second)]);
      expect(committed.status).toBe(200);
      const { text } = await download('films/flicker');
      const etag = `"${createHash('md5').update(text).digest('hex')}"`;
      const [row] = await gateway.db.sql(`select metadata ->> 'eTag' as etag, (metadata ->> 'size')::int as size
        from storage.objects where name = 'flicker'`);
      expect(row).toEqual({ etag, size: text.length });
      expect(md5s).toContain(etag);
    }
  });

  it('cannot be turned into a copy of other bytes', async () => {
    const secret = await call('POST', '/object/plain/secret', { token: SERVICE_TOKEN, body: 'secret' });
    expect(secret.status).toBe(200);
    const [{ version } = { version: '' }] = await gateway.db.sql<{ version: string }>(
      `select version from storage.objects where name = 'secret'`,
    );
    const offer = await offered('films/thief');
    const source = { 'x-amz-copy-source': `/${gateway.config.s3?.bucket}/${storeKeyOf(version)}` };
    const { [NO_COPY]: _guard, ...unguarded } = offer.headers;
    const attempts = [
      await put(offer, '', source),
      await put({ ...offer, headers: unguarded }, '', source),
      await put(offer, '', { ...source, [NO_COPY]: '*' }),
      await put(offer, '', { ...source, 'x-amz-metadata-directive': 'REPLACE' }),
    ];
    for (const { status } of attempts) expect(status).toBeGreaterThanOrEqual(400);
    expect(await bytesAt(keyOf(offer))).toBeNull();
  });

  it('leaves no row, and after the leases no bytes, when the answer to the copy is lost', async () => {
    const offer = await offered('films/lost');
    await put(offer, 'lost');
    failCopy = 'answer-lost';
    const reply = await commit(offer);
    failCopy = 'no';
    expect(reply.status).toBe(503);
    expect((await read('films/lost')).json).toMatchObject({ statusCode: '404' });
    expect((await commit(offer)).status).toBe(200);
    await sweepAfterLeases();
    expect(await gateway.db.sql(`select from sluice.blobs where state <> 'live'`)).toEqual([]);
    expect((await download('films/lost')).text).toBe('lost');
  });

  it('leaves nothing of URLs that nobody used, and agrees with itself in the end', async () => {
    await offered('films/unused');
    await sweepAfterLeases();
    expect(await gateway.db.sql(`select from sluice.blobs where state <> 'live'`)).toEqual([]);
    const { findings } = await checkStorage({ ...gateway.app.core, graceMs: 0 }, scopeOf(SERVICE), {
      options: { repair: false, rebuild: false, verify: true, purge: false, quarantineMs: 0 },
    });
    expect(findings).toEqual([]);
  });
});
