/** Copies that meet: each wants what another holds. */
import { addBucket } from '../../support/bucket-fixtures.ts';
import { type Call, makeCall } from '../../support/call.ts';
import { type Gateway, SERVICE_TOKEN, startGateway } from '../../support/gateway.ts';
import { deadlocksIn, meetAtGate } from '../../support/waits.ts';

const token = SERVICE_TOKEN;

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
  it('of two objects onto each other end without a deadlock, and with the bytes of one', async () => {
    await put('one');
    await put('other');
    const before = await deadlocksIn(gateway.db);
    // Whoever has read its source has come to the gate, or waits for the other.
    const replies = await meetAtGate(gateway.db, 2, () => [replace('one', 'other'), replace('other', 'one')]);
    expect(replies.map(reply => reply.status)).toEqual([200, 200]);
    expect(await deadlocksIn(gateway.db)).toBe(before);
    expect(await read('one')).toBe(await read('other'));
  });

  it('and uploads of the same names end without a deadlock', async () => {
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) await put(name);
    const before = await deadlocksIn(gateway.db);
    const replies = await Promise.all(
      Array.from({ length: 120 }, (_, n) => {
        const [source = 'a', target = 'b'] = [names[n % 4], names[(n + 1 + (n % 3)) % 4]];
        return n % 2 === 0 ? put(source) : replace(source, target);
      }),
    );
    expect(new Set(replies.map(reply => reply.status))).toEqual(new Set([200]));
    expect(await deadlocksIn(gateway.db)).toBe(before);
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
