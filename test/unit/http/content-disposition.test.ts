import { attachmentHeader } from '../../../src/http/content-disposition.ts';

describe('an attachment header', () => {
  it.each([
    ['a plain name', 'a.txt', 'attachment; filename=a.txt'],
    ['spaces and quotes', 'a "b".txt', 'attachment; filename="a \\"b\\".txt"'],
    ['other scripts', 'é日.txt', 'attachment; filename="??.txt"; filename*=UTF-8\'\'%C3%A9%E6%97%A5.txt'],
    ['the last segment of a path', 'folder/sub/a.txt', 'attachment; filename=a.txt'],
    ['a path that ends in a slash', 'folder/', 'attachment; filename=folder'],
    ['percent signs', '%41.txt', "attachment; filename=%41.txt; filename*=UTF-8''%2541.txt"],
  ])('carries %s', (_what, name, header) => {
    expect(attachmentHeader(name)).toBe(header);
  });

  it.each(['a\r\nX-Evil: 1', 'a\nb', '\u0000', '\u007f', '\ud800', '\u2028', '', '/', '"', '\\', '😀'])(
    'is one legal header for %j',
    name => {
      expect(attachmentHeader(name)).toMatch(/^attachment; filename=[\x20-\x7e]+$/);
    },
  );
});
