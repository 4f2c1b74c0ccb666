/** Whoever waits for a row that goes, while another of its name comes. */
import pg from 'pg';
import { addBucket } from '../../support/bucket-fixtures.ts';
import { type Call, makeCall } from '../../support/call.ts';
import { type Gateway, SERVICE_TOKEN, startGateway } from '../../support/gateway.ts';
import { untilWaiting } from '../../support/waits.ts';

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

  /** On a connection of its own. */
  async function asGateway(text: string): Promise<unknown[]> {
    const client = new pg.Client({ ...gateway.db.target, options: '-c role=sluice_gateway' });
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  }

  /** Another of its name comes where the row went, once `ask` waits for that; resolves with the answer. */
  async function replaceUnder<Answer>(name: string, ask: () => Promise<Answer>): Promise<Answer> {
    await gateway.db.sql('begin');
    await gateway.db.sql('update storage.objects set name = $1 where name = $2', [`before-${name}`, name]);
    await gateway.db.sql(
      `insert into storage.objects (bucket_id, name, version, metadata)
       select bucket_id, $2, version, metadata from storage.objects where name = $1`,
      [`before-${name}`, name],
    );
    const asked = ask();
    await untilWaiting(gateway.db, 1);
    await gateway.db.sql('commit');
    return asked;
  }

  it.each([
    ['delete', 'DELETE', '/object/files/delete', undefined],
    ['move', 'POST', '/object/move', { bucketId: 'files', sourceKey: 'move', destinationKey: 'moved' }],
  ])('is not forbidden to a %s that waited', async (name, method, path, json) => {
    await call('PUT', `/object/files/${name}`, { token, body: 'bytes' });
    const reply = await replaceUnder(name, () =>
      call(method, path, { token, ...(json === undefined ? {} : { json }) }),
    );
    expect(reply.json).toEqual({ message: `Successfully ${name}d` });
    expect([await statusOf(name), await statusOf(`before-${name}`)]).toEqual([400, 200]);
  });

  it('is not forbidden to a revocation of its links that waited', async () => {
    await call('PUT', '/object/files/shared', { token, body: 'bytes' });
    const path = '/object/sign/files/shared';
    const reply = await replaceUnder('shared', () => call('DELETE', path, { token }));
    expect(reply.json).toEqual({ message: 'Successfully revoked' });
    expect(await gateway.db.sql('select bucket_id, name from sluice.revoked_tokens')).toEqual([
      { bucket_id: 'files', name: 'shared' },
    ]);
  });

  it.each([
    ['removal of a file', 'tree', `sluice.delete_tree('service_role', 'files', 'tree')`, '1'],
    ['removal of a folder', 'tree/deep/file', `sluice.delete_tree('service_role', 'files', 'tree')`, '1'],
    ['move of a file', 'tree', `sluice.move_tree('service_role', 'files', 'tree', 'moved-tree', '{}')`, 'false'],
    ['move of a folder', 'tree/file', `sluice.move_tree('service_role', 'files', 'tree', 'moved-tree', '{}')`, 'false'],
  ])('is not forbidden to a %s of the tree that waited', async (_what, name, statement, answer) => {
    await gateway.db.sql('delete from storage.objects');
    await call('PUT', `/object/files/${name}`, { token, body: 'bytes' });
    expect(await replaceUnder(name, () => asGateway(`select ${statement}::text as answer`))).toEqual([{ answer }]);
    expect([await statusOf(name), await statusOf(`before-${name}`)]).toEqual([400, 200]);
  });
});
