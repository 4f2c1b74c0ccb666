/** What the sweeper cannot remove, or must not, by the thousand: more than it takes at once. */
import { type Gateway, startGateway } from '../support/gateway.ts';
import { putFile, startUploads } from '../support/uploads.ts';

const MORE_THAN_A_STEP = 1001;
const PAST = new Date('2020-01-01T00:00:00Z');

describe('the sweeper', () => {
  let gateway: Gateway;
  afterEach(() => gateway.stop());

  const sql = (text: string, values: unknown[] = []) => gateway.db.sql(text, values);

  it.each(['dead', 'pending'])(
    'brings bytes back to life that rows name and the ledger knows as %s and never live, and goes on to what is dead',
    async state => {
      gateway = await startGateway();
      await sql(`insert into storage.buckets (id, name) values ('b', 'b')`);
      await sql(
        `insert into storage.objects (bucket_id, name, version) select 'b', n::text, 'aa-' || n from generate_series(1, $1::int) n`,
        [MORE_THAN_A_STEP],
      );
      await sql(
        `insert into sluice.blobs (version, store_key, state, lease_until, dead_at)
         select 'aa-' || n, 'aa/aa-' || n, $2, case $2 when 'pending' then now() - interval '1 day' end,
           case $2 when 'dead' then now() - interval '1 day' end
         from generate_series(1, $1::int) n`,
        [MORE_THAN_A_STEP, state],
      );
      await sql(`insert into sluice.blobs (version, store_key, state, live_at, dead_at)
        values ('bb', 'bb/bb', 'dead', now() - interval '2 h', now() - interval '1 h')`);
      expect((await gateway.app.sweeper.run()).error).toBeNull();
      expect(
        await sql('select state, count(*)::int, count(live_at)::int as lived from sluice.blobs group by 1'),
      ).toEqual([{ state: 'live', count: MORE_THAN_A_STEP, lived: MORE_THAN_A_STEP }]);
    },
  );

  it('passes by files that are over and that another table, or a trigger, keeps', async () => {
    ({ gateway } = await startUploads());
    await sql(
      `insert into storage.objects (bucket_id, name) select 'uploads', 'kept ' || n from generate_series(1, $1::int) n`,
      [2 * MORE_THAN_A_STEP],
    );
    await sql('create table public.pinned (id uuid references storage.objects (id))');
    await sql('insert into public.pinned select id from storage.objects limit $1', [MORE_THAN_A_STEP]);
    await sql(`create function public.keep() returns trigger language plpgsql as
      $$ begin return case when old.name like 'kept %' then null else old end; end $$`);
    await sql('create trigger keep before delete on storage.objects for each row execute function public.keep()');
    await sql('update sluice.files set expires_at = $1', [PAST]);
    await putFile(gateway, 'goes.txt', { expiresAt: PAST });
    expect(await gateway.app.sweeper.run()).toEqual({ swept: 1, failed: 0, error: null });
    await sql('drop trigger keep on storage.objects');
    await sql('delete from public.pinned');
    await gateway.app.sweeper.run();
    expect(await sql('select name from storage.objects')).toEqual([]);
  });

  it('forgets records whose file is gone, and goes on to those that are over', async () => {
    ({ gateway } = await startUploads());
    await sql(
      'insert into sluice.files (object_id, expires_at) select gen_random_uuid(), $2 from generate_series(1, $1::int)',
      [MORE_THAN_A_STEP, PAST],
    );
    await putFile(gateway, 'goes.txt', { expiresAt: PAST });
    expect(await gateway.app.sweeper.run()).toEqual({ swept: 1, failed: 0, error: null });
    expect(await sql('select from sluice.files')).toEqual([]);
  });
});
