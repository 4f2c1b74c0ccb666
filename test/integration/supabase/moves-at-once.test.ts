/** Moves that meet: each wants the place of another. */
import { addBucket } from '../../support/bucket-fixtures.ts';
import { type Call, makeCall } from '../../support/call.ts';
import { type Gateway, SERVICE_TOKEN, startGateway } from '../../support/gateway.ts';
import { deadlocksIn, meetAtGate } from '../../support/waits.ts';

const token = SERVICE_TOKEN;

describe('moves at once', () => {
  let gateway: Gateway;
  let calls: readonly Call[];
  let stop: () => Promise<unknown>;

  beforeAll(async () => {
    gateway = await startGateway();
    const other = await startGateway({ beside: gateway });
    calls = [makeCall(gateway.url), makeCall(other.url)];
    stop = () => other.stop().finally(() => gateway.stop());
    await addBucket(gateway, 'files');
    await addBucket(gateway, 'more');
  });
  afterAll(() => stop());

  const call = (turn: number, ...request: Parameters<Call>) =>
    calls[turn % 2]?.(...request) ?? Promise.reject(new Error('no gateway'));
  const put = (name: string, turn = 0) =>
    call(turn, 'PUT', `/object/files/${name}`, { token, body: `${name}’s bytes` });
  const read = async (name: string) => (await call(0, 'GET', `/object/${name}`, { token })).text;
  const move = (source: string, target: string, turn = 0) => {
    const [bucketId, sourceKey] = source.split('/');
    const [destinationBucket, destinationKey] = target.split('/');
    const json = { bucketId, sourceKey, destinationBucket, destinationKey };
    return call(turn, 'POST', '/object/move', { token, json });
  };

  it.each([
    ['within a bucket', 'files/one', 'files/other'],
    ['from bucket to bucket', 'files/one', 'more/other'],
  ])('of two objects to each other’s places are refused, and both stay, %s', async (_, one, other) => {
    await put('one');
    await put('other');
    await move('files/other', other);
    const before = await deadlocksIn(gateway.db);
    const replies = await meetAtGate(gateway.db, 2, () => [move(one, other, 0), move(other, one, 1)]);
    expect(replies.map(({ json }) => (json as { statusCode?: string }).statusCode)).toEqual(['409', '409']);
    expect([await read(one), await read(other)]).toEqual(['one’s bytes', 'other’s bytes']);
    expect(await deadlocksIn(gateway.db)).toBe(before);
  });

  it('and uploads of the same names never wait for each other', async () => {
    const before = await deadlocksIn(gateway.db);
    const replies = await Promise.all(
      Array.from({ length: 60 }, (_, turn) => [
        move('files/a', 'files/b', turn),
        move('files/b', 'files/a', turn + 1),
        put('a', turn),
        put('b', turn),
      ]).flat(),
    );
    const said = replies.map(({ status, json }) => (json as { statusCode?: string }).statusCode ?? String(status));
    expect(said.filter(status => !['200', '404', '409'].includes(status))).toEqual([]);
    expect(await deadlocksIn(gateway.db)).toBe(before);
  });
});
