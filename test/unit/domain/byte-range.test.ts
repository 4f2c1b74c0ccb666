import { parseRange } from '../../../src/domain/byte-range.ts';

const HUGE = '9'.repeat(400);

describe('a Range header', () => {
  it.each([
    ['begins at the end', 'bytes=10-', 10],
    ['begins behind the end', 'bytes=11-20', 10],
    ['begins beyond every number', `bytes=${HUGE}-`, 10],
    ['asks for the last zero bytes', 'bytes=-0', 10],
    ['asks an empty object for its first byte', 'bytes=0-0', 0],
    ['asks an empty object for everything from its start', 'bytes=0-', 0],
    ['asks an empty object for its last zero bytes', 'bytes=-0', 0],
  ])('is unsatisfiable when it %s', (_what, header, sizeBytes) => {
    expect(parseRange(header, sizeBytes)).toEqual({ kind: 'unsatisfiable' });
  });

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['without a unit', '0-3'],
    ['in another unit', 'lines=0-3'],
    ['without numbers', 'bytes=-'],
    ['without a range', 'bytes='],
    ['without a dash', 'bytes=3'],
    ['backwards', 'bytes=3-2'],
    ['backwards and behind the end', 'bytes=30-20'],
    ['negative', 'bytes=--3'],
    ['hexadecimal', 'bytes=0x0-0x3'],
    ['fractional', 'bytes=0.5-3'],
    ['in exponents', 'bytes=1e0-3'],
    ['signed', 'bytes=+0-3'],
    ['spaced inside', 'bytes=0 - 3'],
    ['spaced around the equals sign', 'bytes = 0-3'],
    ['two ranges', 'bytes=0-1,3-4'],
    ['a range and an empty element', 'bytes=0-1,'],
    ['in digits of another script', 'bytes=٠-٣'],
  ])('is ignored when it is %s', (_what, header) => {
    expect(parseRange(header, 10)).toEqual({ kind: 'whole' });
  });

  it.each([
    ['first to last', 'bytes=0-3', 10, 0, 3],
    ['one byte', 'bytes=9-9', 10, 9, 9],
    ['open-ended', 'bytes=4-', 10, 4, 9],
    ['the whole, asked for as a range', 'bytes=0-9', 10, 0, 9],
    ['cut at the end', 'bytes=8-20', 10, 8, 9],
    ['cut at the end from beyond every number', `bytes=8-${HUGE}`, 10, 8, 9],
    ['the last bytes', 'bytes=-3', 10, 7, 9],
    ['more last bytes than there are', 'bytes=-30', 10, 0, 9],
    ['more last bytes than any number', `bytes=-${HUGE}`, 10, 0, 9],
    ['in any case', 'BYTES=0-3', 10, 0, 3],
    ['with spaces around', '  bytes=0-3 ', 10, 0, 3],
    ['with leading zeros', 'bytes=000-003', 10, 0, 3],
    ['far into a big object', 'bytes=5497558138879-', 5_497_558_138_880, 5_497_558_138_879, 5_497_558_138_879],
  ])('selects a part: %s', (_what, header, sizeBytes, start, end) => {
    expect(parseRange(header, sizeBytes)).toEqual({ kind: 'part', start, end });
  });

  it('gives the whole of an empty object when the last bytes are asked for', () => {
    expect(parseRange('bytes=-5', 0)).toEqual({ kind: 'whole' });
  });
});
