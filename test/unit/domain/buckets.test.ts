import { parseFileSizeLimit, parseMimePatterns } from '../../../src/domain/buckets.ts';

describe('a file size limit', () => {
  it.each([-1, 1.5, Number.NaN, '1xb', '1e3', '0x10', 'kb', '', '1 000kb', '-1kb', '9'.repeat(30)])(
    'refuses %p',
    limit => {
      expect(() => parseFileSizeLimit(limit, 1e12)).toThrow(expect.objectContaining({ code: 'invalid-parameter' }));
    },
  );

  it.each(['2gb', 1e9 + 1, 1e18, 1e300, '999999999999gb'])('refuses %p as more than the server accepts', limit => {
    expect(() => parseFileSizeLimit(limit, 1e9)).toThrow(expect.objectContaining({ code: 'limit-too-large' }));
  });

  it.each([
    [0, 0],
    [1000, 1000],
    ['1kb', 1000],
    ['1000', 1000],
    ['0', 0],
    ['2GB', 2e9],
    ['2.5 mb', 2.5e6],
    ['7B', 7],
  ])('reads %p as %p bytes', (limit, bytes) => {
    expect(parseFileSizeLimit(limit, 1e12)).toBe(bytes);
  });
});

describe('the list of allowed MIME types', () => {
  it.each([['image'], ['image/'], ['/png'], ['image/png/x'], ['*/png'], ['a b/c'], ['image/png\n']])(
    'refuses %j',
    pattern => {
      expect(() => parseMimePatterns([pattern])).toThrow(expect.objectContaining({ code: 'invalid-mime-type' }));
    },
  );

  it('refuses more than 1000 characters in all', () => {
    expect(() => parseMimePatterns(Array(200).fill('image/png'))).toThrow(
      expect.objectContaining({ code: 'invalid-mime-type' }),
    );
  });

  it('accepts types, wildcards and a charset', () => {
    const patterns = ['*', '*/*', 'image/*', 'image/png', 'text/plain;charset=utf-8', 'application/vnd.api+json'];
    expect(parseMimePatterns(patterns)).toBe(patterns);
  });
});
