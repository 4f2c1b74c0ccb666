/** Bulk deletes that meet. */
import { addBucket } from '../../support/bucket-fixtures.ts';
import { makeCall } from '../../support/call.ts';
import { SERVICE_TOKEN, startGateway } from '../../support/gateway.ts';
import { until } from '../../support/until.ts';

const token = SERVICE_TOKEN;

it('bulk deletes with names in common wait for each other before they hold a row that the other wants', async () => {
  const gateway = await startGateway();
  try {
    const call = makeCall(gateway.url);
    await addBucket(gateway, 'files');
    for (const name of ['a', 'b', 'c']) await call('PUT', `/object/files/${name}`, { token, body: name });
    await gateway.db.sql('begin');
    await gateway.db.sql(`select sluice.delete_objects('service_role', 'files', '{b,a}')`);
    const reply = call('DELETE', '/object/files', { token, json: { prefixes: ['c', 'a'] } });
    await until('the second waits', async () => {
      const [row] = await gateway.db.sql<{ waits: boolean }>(
        `select exists (select from pg_locks where locktype = 'advisory' and not granted) as waits`,
      );
      return row?.waits === true;
    });
    await gateway.db.sql(`set local role none`);
    // While it waits it holds nothing, so that the first may go on to any row.
    await gateway.db.sql(`select from storage.objects where name = 'c' for update nowait`);
    await gateway.db.sql('commit');
    expect((await reply).json).toEqual([expect.objectContaining({ name: 'c' })]);
  } finally {
    await gateway.stop();
  }
});
