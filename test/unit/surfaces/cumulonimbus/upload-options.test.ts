import type { SluiceError } from '../../../../src/domain/errors.ts';
import { parseUploadOptions, recordOfUpload } from '../../../../src/surfaces/cumulonimbus/upload-options.ts';

const NOW = new Date('2026-11-21T12:00:00.000Z');
const parse = (headers: Record<string, string | string[]>) => parseUploadOptions(headers, NOW);

function refusalOf(headers: Record<string, string>): unknown {
  try {
    return parse(headers);
  } catch (error) {
    const { code, message, facts } = error as SluiceError;
    return [code, message, facts.header];
  }
}

describe('refuses', () => {
  it.each([
    ['expires-at', 'date=yesterday', 'invalid date'],
    ['expires-at', 'date=2026-13-01', 'invalid date'],
    ['expires-at', 'date=+275760-09-13', 'invalid date'],
    ['expires-at', '9000y', 'invalid date'],
    ['expires-at', 'soon', 'failed to parse human time'],
    ['expires-at', '1 fortnight', 'failed to parse human time'],
    ['expires-at', '-1d', 'failed to parse human time'],
    ['expires-at', '0s', 'expiry must be in the future'],
    ['expires-at', 'date=2026-11-21T12:00:00Z', 'expiry must be in the future'],
    ['content-range', 'bytes 0-6/100', 'a file is uploaded whole, without Content-Range'],
    ['max-views', 'many', 'invalid max views (not a number)'],
    ['max-views', '1.5', 'invalid max views (not a number)'],
    ['max-views', '1e3', 'invalid max views (not a number)'],
    ['max-views', '-1', 'invalid max views (negative)'],
    ['x-zipline-folder', 'mine', 'folder id must be a number'],
    ['x-zipline-folder', '9'.repeat(30), 'folder id must be a number'],
    ['x-zipline-filename', 'a/', 'invalid filename'],
    ['x-zipline-filename', '.', 'invalid filename'],
    ['x-zipline-filename', 'a/..', 'invalid filename'],
    ['x-zipline-filename', 'a%0Ab', 'invalid filename'],
    ['format', 'GFYCAT', 'invalid format'],
    ['password', 'x'.repeat(1025), 'password is too long'],
  ])('%s: %s', (header, value, message) => {
    expect(refusalOf({ [header]: value })).toEqual(['invalid-parameter', message, header]);
  });
});

it('has a default for each header that is absent or blank', () => {
  const plain = {
    format: 'RANDOM',
    fileName: null,
    expiresAt: null,
    maxViews: null,
    password: null,
    embed: false,
    keepOriginalName: false,
    folderId: null,
    plainReply: false,
  };
  expect(parse({})).toEqual(plain);
  expect(parse({ 'expires-at': '', 'max-views': ' ', password: '', embed: 'false', 'max-views ': '3' })).toEqual(plain);
});

it.each([
  ['1d', '2026-11-22T12:00:00.000Z'],
  ['30m', '2026-11-21T12:30:00.000Z'],
  ['1.5 hours', '2026-11-21T13:30:00.000Z'],
  ['2 Weeks', '2026-12-05T12:00:00.000Z'],
  ['100ms', '2026-11-21T12:00:00.100Z'],
  ['date=2026-12-24T18:00', '2026-12-24T18:00:00.000Z'],
  ['date=2026-12-24', '2026-12-24T00:00:00.000Z'],
  ['date=2026-12-24T18:00:00+01:00', '2026-12-24T17:00:00.000Z'],
])('expires at %s', (text, expected) => {
  expect(parse({ 'expires-at': text }).expiresAt?.toISOString()).toBe(expected);
});

it('takes zero views for unlimited, and a number for what it says', () => {
  expect(parse({ 'max-views': '0' }).maxViews).toBeNull();
  expect(parse({ 'max-views': '3' }).maxViews).toBe(3);
});

it('reads the others as they come', () => {
  expect(
    parse({
      format: 'uuid',
      'x-zipline-filename': '../caf%C3%A9',
      password: 'secret',
      embed: 'true',
      'original-name': '1',
      'x-zipline-folder': '12',
      'no-json': 'true',
    }),
  ).toMatchObject({
    format: 'UUID',
    fileName: 'café',
    password: 'secret',
    embed: true,
    keepOriginalName: true,
    folderId: 12,
    plainReply: true,
  });
});

describe('what is kept of an upload', () => {
  it.each([
    ['its name, as what its owner calls it', {}, { displayName: 'a.png', originalName: null }],
    ['its name, also for the public, where asked', { 'original-name': 'true' }, { originalName: 'a.png' }],
    [
      'its limits',
      { 'max-views': '3', 'expires-at': '1d' },
      { maxViews: 3, expiresAt: new Date('2026-11-22T12:00:00Z') },
    ],
    ['the hash in place of the password', { password: 'secret' }, { passwordHash: 'hash' }],
  ])('is %s', (_what, headers, kept) => {
    const record = recordOfUpload(parse(headers), ' a.png ', 'hash');
    expect(record).toMatchObject(kept);
    expect(JSON.stringify(record)).not.toContain('secret');
  });
});
