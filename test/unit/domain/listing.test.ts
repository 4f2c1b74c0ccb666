import fc from 'fast-check';
import { decodeCursor, encodeCursor, nextName, rangeOfPrefix, rangesOfSearch } from '../../../src/domain/listing.ts';

const bytes = (text: string) => Buffer.from(text);
const isBelow = (a: string, b: string) => Buffer.compare(bytes(a), bytes(b)) < 0;
const inRange = (name: string, range: { from: string; to: string | null }) =>
  !isBelow(name, range.from) && (range.to === null || isBelow(name, range.to));
const wellFormed = () => fc.string({ unit: 'binary' }).filter(text => text.isWellFormed() && !text.includes('\u0000'));

describe('the range of a prefix', () => {
  it.each([
    ['a', 'b'],
    ['a/', 'a0'],
    ['', null],
    ['\u{10ffff}', null],
    ['a\u{10ffff}', 'b'],
    ['\ud7ff', '\ue000'],
  ])('of %j ends before %j', (prefix, to) => {
    expect(rangeOfPrefix(prefix)).toEqual({ from: prefix, to });
  });

  it('holds a name exactly when the name begins with the prefix, in byte order', () => {
    fc.assert(
      fc.property(wellFormed(), wellFormed(), (prefix, name) => {
        expect(inRange(name, rangeOfPrefix(prefix))).toBe(name.startsWith(prefix));
        expect(inRange(prefix + name, rangeOfPrefix(prefix))).toBe(true);
      }),
    );
  });
});

describe('the next name', () => {
  it('leaves no name in between', () => {
    fc.assert(
      fc.property(wellFormed(), wellFormed(), (name, other) => {
        expect(isBelow(name, other) && isBelow(other, nextName(name))).toBe(false);
      }),
    );
  });
});

describe('the ranges of a search', () => {
  it('hold every way to write its letters, in byte order and without overlap', () => {
    const ranges = rangesOfSearch('docs/', 'reP');
    for (const written of ['rep', 'REP', 'ReP', 'reports.txt', 'REPORT']) {
      expect(ranges.filter(range => inRange(`docs/${written}`, range))).toHaveLength(1);
    }
    expect(ranges.some(range => inRange('docs/rxp', range))).toBe(false);
    const starts = ranges.map(range => range.from);
    expect(starts).toEqual(starts.toSorted((a, b) => Buffer.compare(bytes(a), bytes(b))));
  });
});

describe('a cursor', () => {
  it.each([
    '',
    'not base64 of JSON',
    Buffer.from('{}').toString('base64url'),
    Buffer.from('["",false,"name","asc",null]').toString('base64url'),
    Buffer.from('["a",false,"owner","asc",null]').toString('base64url'),
    Buffer.from('["a",false,"created_at","asc",null]').toString('base64url'),
    Buffer.from('["a",false,"created_at","asc","yesterday"]').toString('base64url'),
    Buffer.from('["a",false,"created_at","asc","2020-01-01 (x)"]').toString('base64url'),
    Buffer.from('["a\\u0000",false,"name","asc",null]').toString('base64url'),
  ])('%j is refused', text => {
    expect(() => decodeCursor(text)).toThrow(expect.objectContaining({ code: 'invalid-parameter' }));
  });

  it('comes back as it was', () => {
    const cursor = {
      name: 'ü/ "x"',
      isFolder: false,
      column: 'created_at',
      order: 'desc',
      time: '2026-11-21 11:00:00.123456+00',
    } as const;
    expect(decodeCursor(encodeCursor(cursor))).toEqual(cursor);
  });
});
