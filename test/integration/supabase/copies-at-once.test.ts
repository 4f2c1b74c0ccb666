/** Copies that meet: each wants what another holds. */
import { addBucket } from '../../support/bucket-fixtures.ts';
import { type Call, makeCall } from '../../support/call.ts';
import { type Gateway, SERVICE_TOKEN, startGateway } from '../../support/gateway.ts';
import { until } from '../../support/until.ts';

const token = SERVICE_TOKEN;
/** While a test holds it, writes of rows wait. */
const GATE = 4711;

describe('copies at once', () => {
  let gateway: Gateway;
  let call: Call;

  beforeAll(async () => {
    gateway = await startGateway();
    call = makeCall(gateway.url);
    await addBucket(gateway, 'files');
  });
  afterAll(() => gateway.stop());

  const put = (name: string) => call('PUT', `/object/files/${name}`, { token, body: `${name}’s bytes` });
  const read = async (name: string) => (await call('GET', `/object/files/${name}`, { token })).text;
  const replace = (sourceKey: string, destinationKey: string) =>
    call('POST', '/object/copy', {
      token,
      headers: { 'x-upsert': 'true' },
      json: { bucketId: 'files', sourceKey, destinationKey },
    });
  const deadlocks = async () => {
    const [row] = await gateway.db.sql<{ count: string }>(
      'select pg_stat_get_db_deadlocks(oid) as count from pg_database where datname = current_database()',
    );
    return Number(row?.count);
  };
  const waiting = async () => {
    const rows = await gateway.db.sql(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows.length;
  };

  it('of two objects onto each other end without a deadlock, and with the bytes of one', async () => {
    await put('one');
    await put('other');
    await gateway.db.sql(`create function public.pass_gate() returns trigger language plpgsql as
      $$ begin perform pg_advisory_xact_lock_shared(${GATE}); return new; end $$`);
    await gateway.db.sql(`create trigger a_gate before insert on storage.objects
      for each row execute function public.pass_gate()`);
    await gateway.db.sql(`select pg_advisory_lock(${GATE})`);
    const before = await deadlocks();
    const copies = [replace('one', 'other'), replace('other', 'one')];
    // Whoever has read its source has come to the gate, or waits for the other.
    await until('both copies wait', async () => (await waiting()) === 2);
    await gateway.db.sql(`select pg_advisory_unlock(${GATE})`);
    const replies = await Promise.all(copies);
    expect(replies.map(reply => reply.status)).toEqual([200, 200]);
    expect(await deadlocks()).toBe(before);
    expect(await read('one')).toBe(await read('other'));
    await gateway.db.sql('drop trigger a_gate on storage.objects');
  });

  it('and uploads of the same names end without a deadlock', async () => {
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) await put(name);
    const before = await deadlocks();
    const replies = await Promise.all(
      Array.from({ length: 120 }, (_, n) => {
        const [source = 'a', target = 'b'] = [names[n % 4], names[(n + 1 + (n % 3)) % 4]];
        return n % 2 === 0 ? put(source) : replace(source, target);
      }),
    );
    expect(new Set(replies.map(reply => reply.status))).toEqual(new Set([200]));
    expect(await deadlocks()).toBe(before);
  });

  it('by thirty callers leave connections for everybody else', async () => {
    const names = ['left', 'right'] as const;
    for (const name of names) await put(name);
    const replies = await Promise.all(
      Array.from({ length: 30 }, (_, n) => (n % 2 === 0 ? replace('left', 'right') : replace('right', 'left'))),
    );
    expect(new Set(replies.map(reply => reply.status))).toEqual(new Set([200]));
    expect(await read('left')).toBe(await read('right'));
  });
});
