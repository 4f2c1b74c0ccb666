import { decodeRawSegment, makeRouteMatcher, type RoutePattern } from '../../../src/contract/route-matcher.ts';
import { SluiceError } from '../../../src/domain/errors.ts';

function route(method: string, path: string, options: Partial<RoutePattern<string>> = {}): RoutePattern<string> {
  const wildcard = path.endsWith('/{wildcard}') ? 'wildcard' : null;
  return { method, path, wildcard, slashOptional: false, target: `${method} ${path}`, ...options };
}

const match = makeRouteMatcher([
  route('GET', '/bucket/', { slashOptional: true }),
  route('GET', '/bucket/{bucketId}'),
  route('POST', '/bucket/{bucketId}/empty'),
  route('GET', '/object/{bucketName}/{wildcard}'),
  route('GET', '/object/sign/{bucketName}/{wildcard}'),
  route('GET', '/object/info/{bucketName}/{wildcard}'),
  route('GET', '/object/info/public/{bucketName}/{wildcard}'),
  route('POST', '/object/{bucketName}/{wildcard}'),
  route('POST', '/object/move'),
  route('DELETE', '/object/{bucketName}'),
  route('DELETE', '/object/sign/{bucketName}'),
  route('HEAD', '/object/info/{bucketName}/{wildcard}'),
]);

describe('the route matcher', () => {
  it.each([
    ['an unknown path', 'GET', '/nothing'],
    ['the root', 'GET', '/'],
    ['an empty path', 'GET', ''],
    ['a path without its leading slash', 'GET', 'bucket'],
    ['a method that the path does not have', 'PUT', '/bucket/avatars'],
    ['a method that no path has', 'PATCH', '/bucket'],
    ['a literal in another case', 'GET', '/Bucket'],
    ['a percent-encoded literal', 'GET', '/%62ucket'],
    ['a trailing slash that is not declared', 'GET', '/bucket/avatars/'],
    ['two trailing slashes where one is optional', 'GET', '/bucket//'],
    ['an empty parameter', 'POST', '/bucket//empty'],
    ['an empty bucket before a name', 'GET', '/object//cat.png'],
    ['a bucket without the slash of its object', 'GET', '/object/avatars'],
    ['a segment too many', 'POST', '/bucket/avatars/empty/now'],
    ['a double leading slash', 'GET', '//bucket'],
    ['a HEAD of what has no GET', 'HEAD', '/object/move'],
  ])('finds nothing for %s', (_case, method, path) => {
    expect(match(method, path)).toBeNull();
  });

  it.each([
    ['GET', '/bucket', 'GET /bucket/', {}],
    ['GET', '/bucket/', 'GET /bucket/', {}],
    ['GET', '/bucket/avatars', 'GET /bucket/{bucketId}', { bucketId: 'avatars' }],
    ['POST', '/bucket/a%2Fb/empty', 'POST /bucket/{bucketId}/empty', { bucketId: 'a%2Fb' }],
    ['GET', '/object/b/k', 'GET /object/{bucketName}/{wildcard}', { bucketName: 'b', wildcard: 'k' }],
    ['GET', '/object/b/', 'GET /object/{bucketName}/{wildcard}', { bucketName: 'b', wildcard: '' }],
    ['GET', '/object/b//', 'GET /object/{bucketName}/{wildcard}', { bucketName: 'b', wildcard: '/' }],
    ['GET', '/object/b/a//b', 'GET /object/{bucketName}/{wildcard}', { bucketName: 'b', wildcard: 'a//b' }],
    ['GET', '/object/b/a/', 'GET /object/{bucketName}/{wildcard}', { bucketName: 'b', wildcard: 'a/' }],
    ['GET', '/object/b/../../x', 'GET /object/{bucketName}/{wildcard}', { bucketName: 'b', wildcard: '../../x' }],
    ['GET', '/object/b/./x', 'GET /object/{bucketName}/{wildcard}', { bucketName: 'b', wildcard: './x' }],
    ['GET', '/object/sign/b/k', 'GET /object/sign/{bucketName}/{wildcard}', { bucketName: 'b', wildcard: 'k' }],
    ['GET', '/object/sign/b', 'GET /object/{bucketName}/{wildcard}', { bucketName: 'sign', wildcard: 'b' }],
    ['GET', '/object/signs/b', 'GET /object/{bucketName}/{wildcard}', { bucketName: 'signs', wildcard: 'b' }],
    ['GET', '/object/info/b/k', 'GET /object/info/{bucketName}/{wildcard}', { bucketName: 'b', wildcard: 'k' }],
    [
      'GET',
      '/object/info/public/b/k',
      'GET /object/info/public/{bucketName}/{wildcard}',
      { bucketName: 'b', wildcard: 'k' },
    ],
    [
      'GET',
      '/object/info/public/k',
      'GET /object/info/{bucketName}/{wildcard}',
      { bucketName: 'public', wildcard: 'k' },
    ],
    ['POST', '/object/move', 'POST /object/move', {}],
    ['POST', '/object/move/k', 'POST /object/{bucketName}/{wildcard}', { bucketName: 'move', wildcard: 'k' }],
    ['POST', '/object/sign/b/k', 'POST /object/{bucketName}/{wildcard}', { bucketName: 'sign', wildcard: 'b/k' }],
    ['DELETE', '/object/sign', 'DELETE /object/{bucketName}', { bucketName: 'sign' }],
    ['DELETE', '/object/sign/b', 'DELETE /object/sign/{bucketName}', { bucketName: 'b' }],
    ['HEAD', '/object/info/b/k', 'HEAD /object/info/{bucketName}/{wildcard}', { bucketName: 'b', wildcard: 'k' }],
    ['HEAD', '/bucket/b', 'GET /bucket/{bucketId}', { bucketId: 'b' }],
  ])('%s %s is %s', (method, path, target, params) => {
    const found = match(method, path);
    expect(found?.target).toBe(target);
    expect(Object.fromEntries((found?.names ?? []).map((name, index) => [name, found?.values[index]]))).toEqual(params);
  });

  it('refuses to be built of two routes that mean the same', () => {
    const same = [route('GET', '/bucket/{bucketId}'), route('GET', '/bucket/{name}')];
    expect(() => makeRouteMatcher(same)).toThrow('means the same as another route');
    const rest = [route('GET', '/object/{a}/{wildcard}'), route('GET', '/object/{b}/{wildcard}')];
    expect(() => makeRouteMatcher(rest)).toThrow('means the same as another route');
  });
});

describe('decoding a raw path value', () => {
  it.each(['%', 'a%2', '%zz', '%ff', '%c3%28', '%ED%A0%80'])('refuses the broken encoding %s', raw => {
    const decoding = () => decodeRawSegment(raw);
    expect(decoding).toThrow(SluiceError);
    expect(decoding).toThrow(expect.objectContaining({ code: 'invalid-parameter', facts: { part: 'path' } }));
  });

  it.each([
    ['plain.txt', 'plain.txt'],
    ['a%2Fb', 'a/b'],
    ['a%252Fb', 'a%2Fb'],
    ['a+b', 'a+b'],
    ['%20x%20', ' x '],
    ['%E2%82%AC', '€'],
    ['%00', '\u0000'],
    ['..%2F..%2Fetc', '../../etc'],
  ])('decodes %j once', (raw, decoded) => {
    expect(decodeRawSegment(raw)).toBe(decoded);
  });
});
