import { makeBoundedCache } from '../../../src/identity/bounded-cache.ts';

function filled(maxEntries: number, maxKeyCharacters: number, ...tokens: string[]) {
  const cache = makeBoundedCache<string>({ maxEntries, maxKeyCharacters });
  for (const token of tokens) cache.set(token, `value of ${token}`, 100);
  return { cache, kept: (...asked: string[]) => asked.filter(token => cache.get(token, 0) === `value of ${token}`) };
}

it('forgets a value at its expiry', () => {
  const { cache } = filled(10, 100, 'a');
  expect(cache.get('a', 99)).toBe('value of a');
  expect(cache.get('a', 100)).toBeUndefined();
});

it('knows no token by its beginning', () => {
  expect(filled(10, 100, 'abc').cache.get('ab', 0)).toBeUndefined();
});

it('replaces the value and the expiry of a token that is kept again', () => {
  const { cache } = filled(4, 100, 'a', 'b', 'c');
  cache.set('a', 'old generation', 200);
  cache.set('c', 'young generation', 200);
  expect([cache.get('a', 150), cache.get('c', 150)]).toEqual(['old generation', 'young generation']);
});

it('displaces the older half when it holds too many', () => {
  expect(filled(4, 100, 'a', 'b', 'c', 'd', 'e').kept('a', 'b', 'c', 'd', 'e')).toEqual(['c', 'd', 'e']);
});

it('displaces the older half when the tokens are too long together', () => {
  expect(filled(100, 8, 'aa', 'bb', 'cc', 'dd', 'ee').kept('aa', 'bb', 'cc', 'dd', 'ee')).toEqual(['cc', 'dd', 'ee']);
});

it('keeps what is in use while others come and go', () => {
  const { cache, kept } = filled(10, 1000, 'used');
  for (let index = 0; index < 100; index += 1) {
    cache.set(`other ${index}`, 'x', 100);
    expect(kept('used')).toEqual(['used']);
  }
});

it('does not keep a token longer than half of the bound, and displaces nothing for it', () => {
  expect(filled(10, 8, 'aa', 'bbbbb').kept('aa', 'bbbbb')).toEqual(['aa']);
});

it('stays within its bounds whatever is put in and asked for', () => {
  const { cache } = filled(100, 10_000);
  const tokens = Array.from({ length: 5000 }, (_, index) => `${index}`.repeat(1 + (index % 70)));
  for (const [index, token] of tokens.entries()) {
    cache.set(token, 'x', 100);
    cache.get(tokens[index - 60] ?? '', 0);
    expect(cache.size).toBeLessThanOrEqual(100);
  }
});
