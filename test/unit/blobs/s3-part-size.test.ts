import { partSizeFor } from '../../../src/blobs/s3-multipart.ts';

const MIB = 1024 ** 2;

describe('the size of a part', () => {
  it.each([
    [1, 8 * MIB],
    [50 * 1024 * MIB, 8 * MIB],
    [80_000 * MIB, 8 * MIB],
    [80_000 * MIB + 1, 8 * MIB + 1],
    [5 * 1024 * 1024 * MIB, 549_755_814],
  ])('lets %d bytes fit into ten thousand parts', (sizeBytes, expected) => {
    const partBytes = partSizeFor(sizeBytes, 8 * MIB);
    expect(partBytes).toBe(expected);
    expect(Math.ceil(sizeBytes / partBytes)).toBeLessThanOrEqual(10_000);
  });
});
