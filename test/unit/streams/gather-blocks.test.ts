import { makeBlockPool } from '../../../src/streams/block-pool.ts';
import { gatherBlocks } from '../../../src/streams/gather-blocks.ts';

const BLOCK_BYTES = 4;

async function* batchesOf(...batches: string[][]): AsyncGenerator<Buffer[]> {
  for (const batch of batches) yield batch.map(piece => Buffer.from(piece));
}

function gather(batches: AsyncIterable<Buffer[]>, launch: (bytes: Buffer, index: number) => Promise<unknown>) {
  const stop = jest.fn();
  const memory = makeBlockPool({ blockBytes: BLOCK_BYTES, mostShared: 2 });
  return { stop, done: gatherBlocks({ batches, memory, blocks: 2, launch, stop }) };
}

it('fails as a launch fails, once the others are done with their memory, and stops the batches', async () => {
  const others: string[] = [];
  const { stop, done } = gather(batchesOf(['abcdefgh']), async (bytes, index) => {
    if (index === 0) throw new Error('the place is full');
    await new Promise(resolve => setImmediate(resolve));
    others.push(bytes.toString());
  });
  await expect(done).rejects.toThrow('the place is full');
  expect(others).toEqual(['efgh']);
  expect(stop).toHaveBeenCalledTimes(1);
});

it('fails as the batches fail, once every launch is over', async () => {
  async function* broken() {
    yield [Buffer.from('abcd')];
    throw new Error('the sender is gone');
  }
  let isOver = false;
  const { done } = gather(broken(), async () => {
    await new Promise(resolve => setImmediate(resolve));
    isOver = true;
  });
  await expect(done).rejects.toThrow('the sender is gone');
  expect(isOver).toBe(true);
});

it.each([
  { batches: [], blocks: [] },
  { batches: [['ab']], blocks: ['ab'] },
  { batches: [['ab', 'cd']], blocks: ['abcd'] },
  { batches: [['a', 'bcdef'], ['ghijklmno']], blocks: ['abcd', 'efgh', 'ijkl', 'mno'] },
])('makes of $batches the blocks $blocks', async ({ batches, blocks }) => {
  const launched: string[] = [];
  await gather(batchesOf(...batches), async (bytes, index) => {
    await new Promise(resolve => setImmediate(resolve));
    launched[index] = bytes.toString();
  }).done;
  expect(launched).toEqual(blocks);
});

it('holds no more blocks than it may, and uses each again', async () => {
  const memories = new Set<ArrayBufferLike>();
  let underWay = 0;
  let most = 0;
  await gather(batchesOf(['0123456789'.repeat(10)]), async bytes => {
    memories.add(bytes.buffer);
    underWay += 1;
    most = Math.max(most, underWay);
    await new Promise(resolve => setImmediate(resolve));
    underWay -= 1;
  }).done;
  expect(most).toBe(2);
  expect(memories.size).toBe(2);
});

it('gives shared memory back to the next one, and no more of it than the pool may have', async () => {
  const memory = makeBlockPool({ blockBytes: BLOCK_BYTES, mostShared: 1 });
  const [shared, beyond] = [memory.take(), memory.take()];
  expect(shared.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(beyond.buffer).toBeInstanceOf(ArrayBuffer);
  memory.giveBack(beyond);
  memory.giveBack(shared);
  expect(memory.take()).toBe(shared);
});
