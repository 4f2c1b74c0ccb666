import { parseAnswerHead } from '../../../src/blobs/wire-head.ts';

const parse = (lines: string[], method = 'GET') => parseAnswerHead(lines.join('\r\n'), method);

describe('the head of an answer', () => {
  it.each([
    ['nothing', ['']],
    ['another version', ['HTTP/1.0 200 OK']],
    ['another protocol', ['ICAP/1.0 200 OK']],
    ['no status', ['HTTP/1.1  OK']],
    ['a status of four digits', ['HTTP/1.1 2000 OK']],
    ['a broken line', ['HTTP/1.1 200 OK', 'x: y\nz: w']],
    ['a broken status line', ['HTTP/1.1 200 O\rK']],
    ['a header without a name', ['HTTP/1.1 200 OK', ': x']],
    ['a header with a space in its name', ['HTTP/1.1 200 OK', 'content-length : 3']],
    ['a folded header', ['HTTP/1.1 200 OK', 'x: y', ' z']],
    ['a negative length', ['HTTP/1.1 200 OK', 'content-length: -3']],
    ['two lengths', ['HTTP/1.1 200 OK', 'content-length: 3', 'content-length: 4']],
    ['a length beyond numbers', ['HTTP/1.1 200 OK', 'content-length: 9999999999999999']],
  ])('is refused with %s', (_case, lines) => {
    expect(() => parse(lines)).toThrow(expect.objectContaining({ failure: 'failed' }));
  });

  it('has its headers by lower-case name, without the space around them', () => {
    const lines = ['HTTP/1.1 206 etag:no', 'ETag: \t"x" ', 'X-A: 1', 'Not-X-A: etag: 3', 'x-a: 2', 'Empty:', 'Last: É'];
    const head = parse(lines);
    expect(head.status).toBe(206);
    const values = ['etag', 'x-a', 'not-x-a', 'empty', 'last', 'a'].map(name => head.header(name));
    expect(values).toEqual(['"x"', '1, 2', 'etag: 3', '', 'É', undefined]);
  });

  it.each([
    ['its length', ['HTTP/1.1 200 OK', 'Content-Length: 12'], 'GET', 12, true],
    ['nothing to HEAD', ['HTTP/1.1 200 OK', 'Content-Length: 12'], 'HEAD', 0, true],
    ['nothing to a 204', ['HTTP/1.1 204 No Content'], 'GET', 0, true],
    ['nothing to an interim answer', ['HTTP/1.1 100 Continue'], 'PUT', 0, true],
    ['chunks', ['HTTP/1.1 200 OK', 'transfer-encoding: chunked', 'content-length: 3'], 'GET', null, false],
    ['the end of the connection', ['HTTP/1.1 200'], 'GET', null, false],
    ['its length, for the last time', ['HTTP/1.1 200 OK', 'Content-Length: 1', 'Connection: Close'], 'GET', 1, false],
  ])('says that the body is %s', (_case, lines, method, bodyBytes, keepsConnection) => {
    expect(parse(lines, method)).toMatchObject({ bodyBytes, keepsConnection });
  });
});
