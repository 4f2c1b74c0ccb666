/** Whoever waits for a row that goes, while another of its name comes. */
import { addBucket } from '../../support/bucket-fixtures.ts';
import { type Call, makeCall } from '../../support/call.ts';
import { type Gateway, SERVICE_TOKEN, startGateway } from '../../support/gateway.ts';
import { until } from '../../support/until.ts';

const token = SERVICE_TOKEN;

describe('a row that comes where another went', () => {
  let gateway: Gateway;
  let call: Call;

  beforeAll(async () => {
    gateway = await startGateway();
    call = makeCall(gateway.url);
    await addBucket(gateway, 'files');
  });
  afterAll(() => gateway.stop());

  const statusOf = async (name: string) => (await call('GET', `/object/files/${name}`, { token })).status;

  it.each([
    ['delete', 'DELETE', '/object/files/delete', undefined],
    ['move', 'POST', '/object/move', { bucketId: 'files', sourceKey: 'move', destinationKey: 'moved' }],
  ])('is not forbidden to a %s that waited', async (name, method, path, json) => {
    await call('PUT', `/object/files/${name}`, { token, body: 'bytes' });
    await gateway.db.sql('begin');
    await gateway.db.sql('update storage.objects set name = $1 where name = $2', [`${name}-before`, name]);
    await gateway.db.sql(
      `insert into storage.objects (bucket_id, name, version, metadata)
       select bucket_id, $2, version, metadata from storage.objects where name = $1`,
      [`${name}-before`, name],
    );
    const asked = call(method, path, { token, ...(json === undefined ? {} : { json }) });
    await until('it waits for the row', async () => {
      const waiting = await gateway.db.sql(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return waiting.length === 1;
    });
    await gateway.db.sql('commit');
    expect((await asked).json).toEqual({ message: `Successfully ${name}d` });
    expect([await statusOf(name), await statusOf(`${name}-before`)]).toEqual([400, 200]);
  });
});
