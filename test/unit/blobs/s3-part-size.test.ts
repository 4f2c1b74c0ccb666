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
    const partBytes = partSizeFor({ bytes: sizeBytes, declared: true }, 8 * MIB);
    expect(partBytes).toBe(expected);
    expect(Math.ceil(sizeBytes / partBytes)).toBeLessThanOrEqual(10_000);
  });

  it('has a limit where the length is only what might come', () => {
    expect(partSizeFor({ bytes: 5 * 1024 * 1024 * MIB, declared: false }, 8 * MIB)).toBe(64 * MIB);
    expect(partSizeFor({ bytes: 50 * 1024 * MIB, declared: false }, 8 * MIB)).toBe(8 * MIB);
  });
});
