import { makeBoundedCache } from '../../../src/identity/bounded-cache.ts';

function filled(maxEntries: number, maxKeyCharacters: number, ...tokens: string[]) {
  const cache = makeBoundedCache<string>({ maxEntries, maxKeyCharacters });
  for (const token of tokens) cache.set(token, `value of ${token}`, 100);
  return cache;
}

it('forgets a value at its expiry', () => {
  const cache = filled(10, 100, 'a');
  expect(cache.get('a', 99)).toBe('value of a');
  expect(cache.get('a', 100)).toBeUndefined();
  expect(cache.size).toBe(0);
});

it('knows no token by its beginning', () => {
  expect(filled(10, 100, 'abc').get('ab', 0)).toBeUndefined();
});

it('displaces the entry unused for longest when it holds too many', () => {
  const cache = filled(2, 100, 'a', 'b');
  cache.get('a', 0);
  cache.set('c', 'value of c', 100);
  expect(['a', 'b', 'c'].map(token => cache.get(token, 0))).toEqual(['value of a', undefined, 'value of c']);
});

it('displaces as many entries as a long token needs', () => {
  const cache = filled(10, 6, 'aa', 'bb', 'cc', 'dddd');
  expect(['aa', 'bb', 'cc', 'dddd'].map(token => cache.get(token, 0) !== undefined)).toEqual([
    false,
    false,
    true,
    true,
  ]);
});

it('does not keep a token beyond the whole bound, and displaces nothing for it', () => {
  const cache = filled(10, 6, 'aa', 'ddddddd');
  expect([cache.get('aa', 0), cache.get('ddddddd', 0)]).toEqual(['value of aa', undefined]);
});

it('counts a token once that is kept twice', () => {
  const cache = filled(10, 6, 'aaa', 'aaa', 'aaa', 'bbb');
  expect([cache.size, cache.get('aaa', 0)]).toEqual([2, 'value of aaa']);
});

it('stays within its bounds whatever is put in', () => {
  const cache = filled(100, 10_000, ...Array.from({ length: 5000 }, (_, index) => `${index}`.repeat(1 + (index % 70))));
  expect(cache.size).toBeLessThanOrEqual(100);
});
