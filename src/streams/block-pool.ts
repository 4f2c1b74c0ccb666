/**
 * Memory for `gather-blocks.ts` that the thread which hashes can read as well. Shared memory is not counted by the garbage
 * collector. That is welcome, since 24 MiB of counted blocks make it mark the whole heap again for every 45 MiB that pass;
 * but what it does not count it does not hurry to free, so a bounded number of shared blocks is kept for good. Beyond
 * those, blocks are ordinary memory, which works as well and costs a copy for the thread.
 */
import type { BlockMemory } from './gather-blocks.ts';

/** Allocates nothing before the first block is taken. */
export function makeBlockPool({ blockBytes, mostShared }: { blockBytes: number; mostShared: number }): BlockMemory {
  const idle: Buffer[] = [];
  let shared = 0;
  return {
    blockBytes,
    take() {
      const used = idle.pop();
      if (used !== undefined) return used;
      if (shared === mostShared) return Buffer.allocUnsafeSlow(blockBytes);
      shared += 1;
      return Buffer.from(new SharedArrayBuffer(blockBytes));
    },
    giveBack(block) {
      if (block.buffer instanceof SharedArrayBuffer) idle.push(block);
    },
  };
}
