import { parseBucketName, parseObjectName } from '../../../src/domain/names.ts';

describe('the name of a bucket', () => {
  it.each([
    ['', 'is empty'],
    ['a/b', 'holds a slash'],
    [' a', 'begins with a blank'],
    ['a ', 'ends with a blank'],
    ['a'.repeat(101), 'has 101 characters'],
    ['ü', 'holds a letter beyond ASCII'],
    ['a\nb', 'holds a line break'],
    ['sign', 'is a path segment of the API'],
    ['list-v2', 'is a path segment of the API'],
    ['.', 'is resolved by clients before they ask'],
    ['..', 'is resolved by clients before they ask'],
    ['a--table-s3', 'ends as the ecosystem reserves it'],
  ])('%p is refused: it %s', name => {
    expect(() => parseBucketName(name)).toThrow(expect.objectContaining({ code: 'invalid-bucket-name' }));
  });

  it.each([
    'a',
    'A_1',
    "it's (ok) & $@=;:+,?.*!-",
    '__proto__',
    'a'.repeat(100),
    'signs',
    '...',
    'a--table-s3-',
    '--table-s',
  ])('%p is accepted', name => {
    expect(parseBucketName(name)).toBe(name);
  });
});

describe('the name of an object', () => {
  it.each([
    ['', 'is empty'],
    ['a'.repeat(1025), 'has 1025 bytes'],
    ['ü'.repeat(513), 'has 1026 bytes'],
    ['a\u0000b', 'holds NUL'],
    ['a\nb', 'holds a line break'],
    ['a\u007f', 'holds DEL'],
    ['a\u0085', 'holds a C1 control character'],
    ['a\ud800', 'holds a lone surrogate'],
  ])('%j is refused: it %s', name => {
    expect(() => parseObjectName(name)).toThrow(expect.objectContaining({ code: 'invalid-object-name' }));
  });

  it.each(['a', '/a', 'a/', 'a//b', '../../etc/passwd', '.', 'ü', '🦥', '%2F', 'a\\b', '#?&"<>|', 'ü'.repeat(512)])(
    '%p is accepted as it is',
    name => {
      expect(parseObjectName(name)).toBe(name);
    },
  );
});
