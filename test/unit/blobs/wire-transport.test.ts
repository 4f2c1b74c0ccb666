import { makeWireTransport } from '../../../src/blobs/wire-transport.ts';

const timeouts = { connectMs: 1000, headersMs: 1000, bodyIdleMs: 1000, keepAliveMs: 1000 };

describe('a request on our own connections to S3', () => {
  it.each([
    ['a whole line break in a value', '/b/k', 'x\r\nx-amz-acl: public-read'],
    ['half of one', '/b/k', 'x\ny'],
    ['a null byte', '/b/k', 'x\u0000'],
    ['a letter beyond Latin-1', '/b/k', 'ł'],
    ['a line break in the path', '/b/k HTTP/1.1\r\nx: y', 'x'],
  ])('is not sent with %s', async (_case, path, value) => {
    const transport = makeWireTransport({ origin: new URL('http://127.0.0.1:9'), timeouts, keepMs: 1000 });
    const send = () =>
      transport.send({
        method: 'PUT',
        path,
        headers: ['host', '127.0.0.1', 'x-amz-meta-x', value],
        body: Buffer.from('bytes'),
        signal: undefined,
        place: { watch: () => {} },
      });
    expect(send).toThrow(TypeError);
    await transport.close();
  });
});
