/** API 001: what a file's public address gives, to whom, how often and until when (T1-19, and B1.4 of the facts). */
import { makeFaultyStore } from '../../../src/blobs/faulty-store.ts';
import { makePasswords } from '../../../src/identity/passwords.ts';
import { type Call, makeCall } from '../../support/call.ts';
import { type Gateway, SILENT_LOG, STORES, startGateway } from '../../support/gateway.ts';
import { ALICE_TOKEN, putFile, refused, startUploads } from '../../support/uploads.ts';

const GONE = [404, 'file not found'];
const PAST = new Date('2020-01-01T00:00:00Z');

/** What has been counted, of the only file. */
const viewsOf = async ({ db }: Gateway) => {
  const [row] = await db.sql<{ views: number }>('select views::int from sluice.files');
  return row?.views;
};

describe.each(STORES)('over the %s store', store => {
  let gateway: Gateway;
  let call: Call;
  beforeAll(async () => {
    ({ gateway, call } = await startUploads({ store }));
  });
  afterAll(() => gateway.stop());
  beforeEach(() => gateway.db.sql('delete from storage.objects'));

  it('gives the bytes to anybody under the `url` of the file, whatever its name (T1-19)', async () => {
    for (const name of ['a.txt', 'ü ñ%#?+&.txt', 'deep/er.txt', '😀.txt']) await putFile(gateway, name);
    const { json } = await call('GET', '/api/user/files', { token: ALICE_TOKEN });
    const files = json as { name: string; url: string }[];
    expect(files).toHaveLength(4);
    for (const { name, url } of files) {
      expect(url.startsWith('/') && decodeURIComponent(url).endsWith(name)).toBe(true);
      for (const path of [url, url.replace('/u/', '/r/')]) {
        const reply = await call('GET', path);
        expect([reply.status, reply.text, reply.headers['content-type']]).toEqual([
          200,
          `the bytes of ${name}`,
          'text/plain',
        ]);
      }
    }
  });

  it('serves inline under the original name where that was kept, and as an attachment where asked', async () => {
    await putFile(gateway, 'x7.txt', { originalName: 'Übersicht.txt' });
    await putFile(gateway, 'y8.txt');
    const disposition = async (path: string) => (await call('GET', path)).headers['content-disposition'];
    expect(await disposition('/u/x7.txt')).toBe(
      `inline; filename="?bersicht.txt"; filename*=UTF-8''%C3%9Cbersicht.txt`,
    );
    expect(await disposition('/u/y8.txt')).toBe('inline; filename=y8.txt');
    expect(await disposition('/u/y8.txt?download')).toBe('attachment; filename=y8.txt');
    expect(await disposition('/u/y8.txt?download=true')).toBe('attachment; filename=y8.txt');
  });

  it('counts what gives bytes, and nothing else', async () => {
    await putFile(gateway, 'a.txt', { text: '0123456789' });
    const { headers } = await call('HEAD', '/u/a.txt');
    expect(headers).toMatchObject({ 'content-length': '10', 'content-type': 'text/plain' });
    const etag = String(headers.etag);
    for (const refusal of [{ 'if-none-match': etag }, { 'if-match': '"another"' }, { range: 'bytes=10-' }]) {
      expect([304, 412, 416]).toContain((await call('GET', '/u/a.txt', { headers: refusal })).status);
    }
    expect(await viewsOf(gateway)).toBe(0);
    expect((await call('GET', '/u/a.txt')).headers.etag).toBe(etag);
    expect((await call('GET', '/u/a.txt', { headers: { range: 'bytes=2-4' } })).text).toBe('234');
    expect((await call('GET', '/u/a.txt', { headers: { 'if-none-match': '"another"' } })).text).toBe('0123456789');
    expect(await viewsOf(gateway)).toBe(3);
  });

  it.each([1, 2])('lets a file with maxViews %d be seen so often and never again, in parts too', async maxViews => {
    await putFile(gateway, 'a.txt', { maxViews });
    for (let view = 0; view < maxViews; view += 1) {
      const reply = await call('GET', '/u/a.txt', { headers: view === 0 ? { range: 'bytes=0-' } : {} });
      expect([reply.text, reply.headers['cache-control']]).toEqual(['the bytes of a.txt', 'no-store']);
    }
    expect(refused(await call('GET', '/u/a.txt'))).toEqual(GONE);
    expect(refused(await call('GET', '/u/a.txt', { headers: { range: 'bytes=0-3' } }))).toEqual(GONE);
    expect((await call('HEAD', '/u/a.txt')).status).toBe(404);
    expect((await call('GET', '/api/user/files', { token: ALICE_TOKEN })).json).toEqual([]);
  });

  it('hides a file from the instant it expires, unless it is a favorite', async () => {
    const id = await putFile(gateway, 'a.txt', { expiresAt: PAST });
    expect(refused(await call('GET', '/u/a.txt'))).toEqual(GONE);
    await gateway.db.sql('update sluice.files set favorite = true where id = $1', [id]);
    expect((await call('GET', '/u/a.txt')).status).toBe(200);
    const later = new Date(Date.now() + 1e6);
    await putFile(gateway, 'b.txt', { expiresAt: later });
    expect((await call('GET', '/u/b.txt')).status).toBe(200);
  });

  it('hides what is over from its owner at the bucket API as well, before any sweeper, and never a favorite', async () => {
    const id = await putFile(gateway, 'a.txt', { expiresAt: PAST });
    await putFile(gateway, 'b.txt', { maxViews: 1 });
    await call('GET', '/u/b.txt');
    const status = async (name: string) => {
      const reply = await call('GET', `/object/uploads/${name}`, { token: ALICE_TOKEN });
      return reply.status === 200 ? reply.text : (reply.json as { code: string }).code;
    };
    expect([await status('a.txt'), await status('b.txt')]).toEqual(['NoSuchKey', 'NoSuchKey']);
    const listed = async () =>
      ((await call('POST', '/object/list/uploads', { token: ALICE_TOKEN, json: { prefix: '' } })).json as object[])
        .length;
    expect(await listed()).toBe(0);
    await gateway.db.sql('update sluice.files set favorite = true where id = $1', [id]);
    expect([await status('a.txt'), await listed()]).toEqual(['the bytes of a.txt', 1]);
  });

  it('asks for the password, and counts only who knows it', async () => {
    const passwordHash = await makePasswords({ maxAtOnce: 1 }).hash('open sesame');
    await putFile(gateway, 'a.txt', { passwordHash, maxViews: 2 });
    for (const path of ['/u/a.txt', '/r/a.txt']) {
      expect(refused(await call('GET', path))).toEqual([403, 'password protected']);
      expect(refused(await call('GET', `${path}?password=sesame`))).toEqual([403, 'incorrect password']);
      expect((await call('HEAD', path)).status).toBe(403);
    }
    expect(await viewsOf(gateway)).toBe(0);
    expect((await call('HEAD', '/r/a.txt?password=open%20sesame')).status).toBe(200);
    expect((await call('GET', '/r/a.txt?password=open%20sesame')).text).toBe('the bytes of a.txt');
    expect((await call('GET', '/u/a.txt?password=open%20sesame')).text).toBe('the bytes of a.txt');
    expect(refused(await call('GET', '/r/a.txt?password=open%20sesame'))).toEqual(GONE);
  });

  it('knows no file that is absent, in another bucket, or without bytes', async () => {
    await gateway.db.sql(`insert into storage.objects (bucket_id, name) values ('uploads', 'empty-row.txt')`);
    for (const name of ['absent.txt', 'empty-row.txt', '', '%00']) {
      expect((await call('GET', `/u/${name}`)).status).toBe(404);
    }
    expect(refused(await call('POST', '/u/a.txt'))).toEqual([405, 'method not allowed']);
  });

  it('lets the sweeper remove what is over, and its bytes, and nothing else', async () => {
    await putFile(gateway, 'spent.txt', { maxViews: 1 });
    await putFile(gateway, 'expired.txt', { expiresAt: PAST });
    const kept = await putFile(gateway, 'kept.txt', { expiresAt: PAST });
    await gateway.db.sql('update sluice.files set favorite = true where id = $1', [kept]);
    await putFile(gateway, 'unseen.txt', { maxViews: 1, expiresAt: new Date(Date.now() + 1e6) });
    await call('GET', '/u/spent.txt');
    const swept = await gateway.app.sweeper.run();
    expect(swept.error).toBeNull();
    expect(await gateway.db.sql('select name from storage.objects order by 1')).toEqual([
      { name: 'kept.txt' },
      { name: 'unseen.txt' },
    ]);
    expect(await gateway.db.sql('select state from sluice.blobs')).toEqual([{ state: 'live' }, { state: 'live' }]);
    expect(await gateway.db.sql('select from sluice.files')).toHaveLength(2);
  });
});

describe('a file with N views', () => {
  it('gives its bytes to N of N + 50 readers who come at once over two gateways, and to no other', async () => {
    const { gateway } = await startUploads();
    const second = await startGateway({ beside: gateway });
    try {
      const maxViews = 40;
      await putFile(gateway, 'a.txt', { maxViews });
      const calls = [makeCall(gateway.url), makeCall(second.url)];
      const replies = await Promise.all(
        Array.from({ length: maxViews + 50 }, (_, reader) =>
          calls[reader % 2]?.('GET', '/u/a.txt', reader % 3 === 0 ? { headers: { range: 'bytes=0-' } } : {}),
        ),
      );
      const seen = replies.filter(reply => reply?.text === 'the bytes of a.txt');
      const refusals = replies.filter(reply => reply?.status === 404);
      expect([seen.length, refusals.length]).toEqual([maxViews, 50]);
      expect(await viewsOf(gateway)).toBe(maxViews);
    } finally {
      await second.stop();
      await gateway.stop();
    }
  });

  it('keeps the view that the store could not serve', async () => {
    const { gateway, call } = await startUploads({
      log: SILENT_LOG,
      wrapStore: store => makeFaultyStore(store, [{ method: 'open', nth: 1, when: 'before', failure: 'unavailable' }]),
    });
    try {
      await putFile(gateway, 'a.txt', { maxViews: 1 });
      expect((await call('GET', '/u/a.txt')).status).toBe(503);
      expect(await viewsOf(gateway)).toBe(0);
      expect((await call('GET', '/u/a.txt')).text).toBe('the bytes of a.txt');
      expect(refused(await call('GET', '/u/a.txt'))).toEqual(GONE);
    } finally {
      await gateway.stop();
    }
  });

  it('survives the sweeper for as long as its last view may be given back', async () => {
    const { gateway, call } = await startUploads({ env: { SWEEP_GRACE: '15m' } });
    try {
      await putFile(gateway, 'a.txt', { maxViews: 1 });
      await call('GET', '/u/a.txt');
      await gateway.app.sweeper.run();
      expect(await gateway.db.sql('select name from storage.objects')).toEqual([{ name: 'a.txt' }]);
      await gateway.db.sql(`update sluice.files set viewed_at = viewed_at - interval '16 minutes'`);
      await gateway.app.sweeper.run();
      expect(await gateway.db.sql('select name from storage.objects')).toEqual([]);
    } finally {
      await gateway.stop();
    }
  });

  it('does not keep the sweeper from the others where it cannot go', async () => {
    const { gateway } = await startUploads();
    try {
      await putFile(gateway, 'a.txt', { expiresAt: PAST });
      await gateway.db.sql('create table public.pinned (id uuid references storage.objects (id))');
      await gateway.db.sql('insert into public.pinned select id from storage.objects');
      await putFile(gateway, 'b.txt', { expiresAt: PAST });
      expect(await gateway.app.sweeper.run()).toEqual({ swept: 1, failed: 0, error: null });
      expect(await gateway.db.sql('select name from storage.objects')).toEqual([{ name: 'a.txt' }]);
    } finally {
      await gateway.stop();
    }
  });
});
