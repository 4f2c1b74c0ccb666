import {
  displayNameOf,
  extensionOf,
  parseDisplayName,
  parseExtension,
  stemOfName,
  withExtension,
} from '../../../src/domain/public-names.ts';

describe('extensionOf', () => {
  it.each([
    ['x.txt', 'png', 'png'],
    ['x.txt', null, 'txt'],
    ['a.tar.gz', null, 'tar.gz'],
    ['a.tar.gz', 'gz', 'tar.gz'],
    ['App.APK', 'zip', 'apk'],
    ['picture.svg', 'xml', 'svg'],
    ['notes.old.md', null, 'old.md'],
    ['.profile', null, 'bin'],
    ['noextension', null, 'bin'],
    ['strange.x y', null, 'bin'],
    [`long.${'x'.repeat(33)}`, null, 'bin'],
    [null, null, 'bin'],
    [null, 'png', 'png'],
    ['../../etc.d/passwd', null, 'bin'],
  ])('of %j, whose bytes say %j, is %s', (name, detected, extension) => {
    expect(extensionOf(name, detected)).toBe(extension);
  });
});

describe('parseExtension', () => {
  it.each(['', ' ', '.', '..', 'a b', 'a..b', 'ä', 'x'.repeat(33), '%00'])('refuses %j', text => {
    expect(() => parseExtension(text)).toThrow(expect.objectContaining({ code: 'invalid-parameter' }));
  });

  it.each([
    ['.png', 'png'],
    ['png', 'png'],
    ['png.', 'png'],
    [' tar.gz ', 'tar.gz'],
    ['.tar.gz.', 'tar.gz'],
    ['p/n\\g', 'png'],
  ])('reads %j as %s', (text, extension) => {
    expect(parseExtension(text)).toBe(extension);
  });
});

describe('withExtension', () => {
  it.each([
    ['abcdefghij.png', 'txt', 'abcdefghij.txt'],
    ['abcdefghij.tar.gz', 'zip', 'abcdefghij.zip'],
    ['abcdefghij', 'txt', 'abcdefghij.txt'],
    ['.profile.sh', 'txt', '.profile.txt'],
    ['v1.2/notes.txt', 'md', 'v1.2/notes.md'],
  ])('keeps the stem of %s', (name, extension, changed) => {
    expect(withExtension(name, extension)).toBe(changed);
  });
});

describe('names', () => {
  it('refuses a display name beyond 256 characters', () => {
    expect(() => parseDisplayName('x'.repeat(257))).toThrow(expect.objectContaining({ code: 'invalid-parameter' }));
    expect(parseDisplayName(` ${'x'.repeat(256)} `)).toHaveLength(256);
  });

  it('counts characters, and cuts none in half', () => {
    expect(parseDisplayName('😀'.repeat(256))).toBe('😀'.repeat(256));
    expect(displayNameOf(`a${'😀'.repeat(300)}`)).toBe(`a${'😀'.repeat(255)}`);
  });

  it('takes a blank display name for none', () => {
    expect([parseDisplayName('  '), displayNameOf(' '), displayNameOf(null)]).toEqual([null, null, null]);
  });

  it('shortens what a new file was called', () => {
    expect(displayNameOf('x'.repeat(300))).toHaveLength(256);
  });

  it.each([
    ['cat.tar.gz', 'cat'],
    ['.profile', '.profile'],
    ['cat', 'cat'],
  ])('takes the stem of %s', (name, stem) => {
    expect(stemOfName(name)).toBe(stem);
  });
});
