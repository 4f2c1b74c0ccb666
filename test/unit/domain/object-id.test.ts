import { makeObjectId } from '../../../src/domain/object-id.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 12);

it('is a UUID of version 7', () => {
  expect(makeObjectId(NOW_MS)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

it('begins with the time, so that later ids come later', () => {
  const [earlier, later] = [makeObjectId(NOW_MS), makeObjectId(NOW_MS + 1)];
  expect(Number.parseInt(earlier.replace('-', '').slice(0, 12), 16)).toBe(NOW_MS);
  expect(earlier < later).toBe(true);
});

it('never repeats within a millisecond', () => {
  expect(new Set(Array.from({ length: 10_000 }, () => makeObjectId(NOW_MS))).size).toBe(10_000);
});
