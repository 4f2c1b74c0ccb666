/** A file that is replaced while its move into another bucket waits for it. */
import { addBucket } from '../../support/bucket-fixtures.ts';
import { type Call, makeCall } from '../../support/call.ts';
import { type Gateway, SERVICE_TOKEN, startGateway } from '../../support/gateway.ts';
import { untilWaiting } from '../../support/waits.ts';

const token = SERVICE_TOKEN;

describe('a file that is replaced while its move into a bucket with rules waits', () => {
  let gateway: Gateway;
  let call: Call;

  beforeAll(async () => {
    gateway = await startGateway();
    call = makeCall(gateway.url);
    await addBucket(gateway, 'files');
    await addBucket(gateway, 'strict');
    await gateway.db.sql(
      `update storage.buckets set allowed_mime_types = '{text/plain}', file_size_limit = 10 where id = 'strict'`,
    );
  });
  afterAll(() => gateway.stop());

  it.each([
    ['of a type that is not allowed there', { mimetype: 'text/html' }, 415],
    ['larger than is allowed there', { size: 11 }, 413],
    ['as the rules there allow', { size: 7 }, 200],
  ])('is judged as what it has become, %s', async (_, facts, status) => {
    await gateway.db.sql('delete from storage.objects');
    await call('PUT', '/object/files/a', { token, body: 'bytes', headers: { 'content-type': 'text/plain' } });
    await gateway.db.sql('begin');
    await gateway.db.sql('update storage.objects set metadata = metadata || $1', [JSON.stringify(facts)]);
    const json = { bucketId: 'files', sourceKey: 'a', destinationBucket: 'strict', destinationKey: 'b' };
    const asked = call('POST', '/object/move', { token, json });
    await untilWaiting(gateway.db, 1);
    await gateway.db.sql('commit');
    const reply = await asked;
    expect(reply.status === 200 ? 200 : Number((reply.json as { statusCode: string }).statusCode)).toBe(status);
    expect(await gateway.db.sql('select bucket_id from storage.objects')).toEqual([
      { bucket_id: status === 200 ? 'strict' : 'files' },
    ]);
  });
});
