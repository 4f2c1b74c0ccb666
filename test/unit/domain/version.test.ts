import { storeKeyOf } from '../../../src/domain/objects.ts';
import { makeVersion } from '../../../src/domain/version.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 12);

it('is a UUID of version 8', () => {
  expect(makeVersion(NOW_MS)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

it('has the time behind its first two digits, so that versions of one time lie together', () => {
  const digits = makeVersion(NOW_MS).replaceAll('-', '');
  expect(Number.parseInt(digits.slice(2, 12) + digits.slice(13, 15), 16)).toBe(NOW_MS);
});

it('spreads keys of one millisecond over the folders of a store', () => {
  const folders = Array.from({ length: 10_000 }, () => storeKeyOf(makeVersion(NOW_MS)).slice(0, 3));
  expect(new Set(folders).size).toBe(256);
});

it('never repeats within a millisecond', () => {
  expect(new Set(Array.from({ length: 10_000 }, () => makeVersion(NOW_MS))).size).toBe(10_000);
});
