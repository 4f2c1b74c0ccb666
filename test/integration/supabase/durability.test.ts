/**
 * What is acknowledged stays and what is refused goes, when the database or the store fails in the middle. Behaviours W-5,
 * W-7, W-8, W-9 and W-25 of STORAGE-API §7.2.
 */
import { Readable } from 'node:stream';
import { type BlobStore, BlobStoreError, type PutBlob } from '../../../src/blobs/blob-store.ts';
import { SluiceError } from '../../../src/domain/errors.ts';
import { addBucket, tracesOf } from '../../support/bucket-fixtures.ts';
import { type Call, makeCall } from '../../support/call.ts';
import { type Gateway, SERVICE_TOKEN, STORES, startGateway } from '../../support/gateway.ts';
import { type WatchedStore, watchStore } from '../../support/watched-store.ts';

const token = SERVICE_TOKEN;

describe.each(STORES)('durability on the %s store', store => {
  let gateway: Gateway;
  let call: Call;
  let watched: WatchedStore;
  const puts: PutBlob[] = [];
  let deletesFail = false;

  /** Notes what is put, and refuses to delete while told to. */
  const spied = (inner: BlobStore): BlobStore =>
    new Proxy(inner, {
      get(target, property: keyof BlobStore) {
        if (property === 'put') {
          return (blob: PutBlob) => {
            puts.push(blob);
            return inner.put(blob);
          };
        }
        if (property === 'delete' && deletesFail) {
          return async (keys: readonly string[]) =>
            keys.map(key => ({ key, error: new BlobStoreError('failed', 'the store will not') }));
        }
        const member = target[property];
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });

  beforeAll(async () => {
    gateway = await startGateway({
      store,
      env: { DATABASE_POOL_SIZE: '1' },
      wrapStore: inner => {
        watched = watchStore(spied(inner));
        return watched.store;
      },
    });
    call = makeCall(gateway.url);
    await addBucket(gateway, 'files', { public: true });
  });
  afterAll(() => gateway.stop());

  /** The next run of this statement happens, and its answer is lost. */
  function loseAnswerOf(statement: string) {
    const { database } = gateway.app.core;
    const run = database.run;
    Object.assign(database, {
      run: async (...request: Parameters<typeof run>) => {
        const rows = await run(...request);
        if ((request[1] as { name: string }).name !== statement) return rows;
        Object.assign(database, { run });
        throw new SluiceError('unavailable', 'the connection broke');
      },
    });
  }

  it.each(['', 'old'])(
    'keeps the new bytes where nobody knows whether the commit took effect, over %p (W-7)',
    async old => {
      const path = `/object/files/unknown-${old}`;
      if (old !== '') await call('PUT', path, { token, body: old });
      loseAnswerOf('commit_upload');
      expect((await call('PUT', path, { token, body: 'new' })).status).toBe(503);
      expect(await tracesOf(gateway)).toMatchObject({ unfinished: 0 });
      expect((await call('GET', path)).text).toBe('new');
    },
  );

  it('leaves nothing of an upload whose begin was lost', async () => {
    const before = await tracesOf(gateway);
    loseAnswerOf('begin_upload');
    expect((await call('PUT', '/object/files/lost-begin', { token, body: 'x' })).status).toBe(503);
    // The ledger has its entry until the lease runs out; here the lease is cut short.
    await gateway.db.sql(`update sluice.blobs set lease_until = now() - interval '1 second' where state = 'pending'`);
    expect(await tracesOf(gateway)).toEqual(before);
  });

  it('keeps the old bytes where an overwrite fails at the very end of its transaction (W-5)', async () => {
    await call('PUT', '/object/files/fails-late', { token, body: 'old' });
    await gateway.db.sql(`create function public.refuse() returns trigger language plpgsql as $$
      begin
        raise exception 'too late';
      end $$`);
    await gateway.db.sql(`create constraint trigger refuse after update on storage.objects deferrable initially deferred
      for each row when (new.name = 'fails-late') execute function public.refuse()`);
    const before = await tracesOf(gateway);
    expect((await call('PUT', '/object/files/fails-late', { token, body: 'new' })).status).toBe(500);
    expect(await tracesOf(gateway)).toEqual(before);
    expect((await call('GET', '/object/files/fails-late')).text).toBe('old');
  });

  it('forgets no bytes that the store would not delete (W-8)', async () => {
    const before = await tracesOf(gateway);
    for (const name of ['stuck-1', 'stuck-2']) await call('PUT', `/object/files/${name}`, { token, body: name });
    await call('DELETE', '/object/files', { token, json: { prefixes: ['stuck-1', 'stuck-2'] } });
    deletesFail = true;
    expect(await gateway.app.sweeper.run()).toMatchObject({ swept: 0, failed: 2 });
    deletesFail = false;
    expect(await gateway.app.sweeper.counts()).toMatchObject({ dead: 2 });
    // A failed blob stays claimed for a while, so that it is not tried in a loop; the while is over.
    await gateway.db.sql('update sluice.blobs set claimed_until = null');
    expect(await tracesOf(gateway)).toEqual(before);
  });

  it('holds no database connection while bytes move: one connection serves all (W-9)', async () => {
    const slow = [new Readable({ read() {} }), new Readable({ read() {} })];
    const begun = watched.nextPuts(2);
    const uploads = slow.map((body, n) => call('PUT', `/object/files/slow-${n}`, { token, body }));
    for (const body of slow) body.push('begin ');
    await begun;
    expect((await call('PUT', '/object/files/quick', { token, body: 'quick' })).status).toBe(200);
    expect((await call('GET', '/object/files/quick')).text).toBe('quick');
    for (const body of slow) {
      body.push('end');
      body.push(null);
    }
    expect((await Promise.all(uploads)).map(reply => reply.status)).toEqual([200, 200]);
    expect((await call('GET', '/object/files/slow-1')).text).toBe('begin end');
  });

  it('tells the store the declared length, once, so that nothing is buffered or asked again (W-25)', async () => {
    puts.length = 0;
    await call('PUT', '/object/files/declared', { token, body: 'declared' });
    expect(puts.map(put => put.sizeBytes)).toEqual([8]);
    await call('PUT', '/object/files/chunked', { token, body: Readable.from([Buffer.from('chunked')]) });
    expect(puts.map(put => put.sizeBytes)).toEqual([8, null]);
  });

  it('replaces connections that broke while idle, unnoticed by readers and writers', async () => {
    await gateway.db.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'sluice'`,
    );
    expect((await call('GET', '/object/files/quick')).text).toBe('quick');
    expect((await call('PUT', '/object/files/quick', { token, body: 'again' })).status).toBe(200);
  });
});
