/** Emptying a bucket while somebody else is at work in it. */
import { addBucket, allowOwnFolders } from '../../support/bucket-fixtures.ts';
import { type Call, makeCall } from '../../support/call.ts';
import { type Gateway, SERVICE_TOKEN, startGateway, tokenFor } from '../../support/gateway.ts';
import { ALICE } from '../../support/scopes.ts';
import { untilWaiting } from '../../support/waits.ts';

const EMPTIED = { message: 'Successfully emptied' };
const DENIED = { statusCode: '403', error: 'Unauthorized', message: 'Access denied', code: 'AccessDenied' };

describe('a bucket that is emptied', () => {
  let gateway: Gateway;
  let call: Call;
  const sql = (text: string, values: unknown[] = []) => gateway.db.sql(text, values);

  beforeEach(async () => {
    gateway = await startGateway();
    call = makeCall(gateway.url);
    await addBucket(gateway, 'full');
    await sql(`insert into storage.objects (bucket_id, name)
      select 'full', 'n' || to_char(n, 'FM00000') from generate_series(1, 2500) n`);
  });
  afterEach(() => gateway.stop());

  const empty = async (token = SERVICE_TOKEN) => (await call('POST', '/bucket/full/empty', { token })).json;
  const left = async () => (await sql('select name from storage.objects order by name limit 3')).map(row => row.name);

  it('does not pass for empty while a row remains that a trigger keeps', async () => {
    await sql(`create function public.keep() returns trigger language plpgsql as
      $$ begin return case when old.name = 'n00500' then null else old end; end $$`);
    await sql('create trigger keep before delete on storage.objects for each row execute function public.keep()');
    expect(await empty()).toEqual(DENIED);
    expect(await left()).toEqual(['n00500']);
  });

  it('loses every row, though somebody else removes one of the first thousand in the same moment', async () => {
    await sql('begin');
    await sql(`delete from storage.objects where name = 'n00500'`);
    const asked = empty();
    await untilWaiting(gateway.db, 1);
    await sql('commit');
    expect(await asked).toEqual(EMPTIED);
    expect(await left()).toEqual([]);
  });

  it('loses every row, though somebody else removes the first thousand in the same moment', async () => {
    await sql('begin');
    await sql(`delete from storage.objects where name <= 'n01000'`);
    const asked = empty();
    await untilWaiting(gateway.db, 1);
    await sql('commit');
    expect(await asked).toEqual(EMPTIED);
    expect(await left()).toEqual([]);
  });

  it('is empty for both of two that empty it at once', async () => {
    await sql('begin');
    await sql(`select from storage.objects where name = 'n00001' for update`);
    const asked = [empty(), empty()];
    await untilWaiting(gateway.db, 2);
    await sql('commit');
    expect(await Promise.all(asked)).toEqual([EMPTIED, EMPTIED]);
    expect(await left()).toEqual([]);
  });

  it('is not denied to a caller under policies for a row that came where another went', async () => {
    await allowOwnFolders(gateway, 'full');
    await sql(`create policy sees_full on storage.buckets for select to authenticated using (id = 'full')`);
    await sql(`update storage.objects set name = $1 || '/' || name`, [ALICE]);
    await sql('begin');
    await sql('delete from storage.objects where name = $1', [`${ALICE}/n00500`]);
    await sql(`insert into storage.objects (bucket_id, name) values ('full', $1)`, [`${ALICE}/n00500`]);
    const asked = empty(tokenFor('authenticated', ALICE));
    await untilWaiting(gateway.db, 1);
    await sql('commit');
    expect(await asked).toEqual(EMPTIED);
    expect(await left()).toEqual([]);
  });
});
