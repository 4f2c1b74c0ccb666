import { redact, redactText } from '../../../src/observe/redact.ts';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ';

describe('a text', () => {
  it.each([
    ['a token in a query', `/object/sign/b/a.txt?token=${JWT}`, JWT],
    ['a token that is no JWT', '/download?token=s3cr3t-value&x=1', 's3cr3t-value'],
    ['a token anywhere', `no key for ${JWT} here`, JWT],
    ['a token in a path', `/files/${JWT}/a.txt`, JWT],
    ['a token cut in half', `Bearer ${JWT.slice(0, 40)}`, JWT.slice(0, 40)],
    ['a bearer header', 'authorization: Bearer abc.def', 'abc.def'],
    ['a basic header', 'got Basic dXNlcjpwYXNzd29yZA== from it', 'dXNlcjpwYXNzd29yZA'],
    ['a bare token header', 'Authorization: abcdef123', 'abcdef123'],
    ['a cookie', 'cookie: session=abcdef123', 'abcdef123'],
    ['a key', '{"apikey":"abcdef123"}', 'abcdef123'],
    ['a signed S3 URL', 'GET http://s3/b/k?X-Amz-Credential=AKIA123&X-Amz-Signature=deadbeef', 'deadbeef'],
    ['its credential', 'GET http://s3/b/k?X-Amz-Credential=AKIA123&X-Amz-Signature=deadbeef', 'AKIA123'],
    ['its session token', '/k?X-Amz-Security-Token=FwoGZXIvYXdz&a=1', 'FwoGZXIvYXdz'],
    ['a signature of S3', 'AWS4-HMAC-SHA256 Credential=AKIA123/x, Signature=deadbeef', 'deadbeef'],
    ['a database URL', 'cannot reach postgres://me:hunter2@db:5432/x', 'hunter2'],
    ['a password', 'connect failed, password=hunter2', 'hunter2'],
  ])('loses %s', (_what, text, secret) => {
    expect(redactText(text)).not.toContain(secret);
    expect(redactText(text)).toContain('[redacted]');
  });

  it.each([
    '/object/public/bucket/folder/a%20b.txt?download=a.txt',
    'The resource already exists',
    'https://example.com/a/b?width=100&height=200',
    'new row violates row-level security policy for table "objects"',
  ])('without a secret stays as it is: %s', text => {
    expect(redactText(text)).toBe(text);
  });

  it('keeps what surrounds a secret', () => {
    expect(redactText('/a?x=1&token=abc&y=2')).toBe('/a?x=1&token=[redacted]&y=2');
  });

  it('is cut at 8 KiB', () => {
    expect(redactText('a'.repeat(1_000_000)).length).toBeLessThan(8200);
  });

  it.each([
    ['token words', 'token'.repeat(2000)],
    ['JWT beginnings', 'eyJ'.repeat(3000)],
    ['slashes', '//'.repeat(4000)],
    ['bearers', 'bearer '.repeat(1000)],
    ['assignments', 'token= '.repeat(1000)],
    ['dots', `${'.'.repeat(8000)}token`],
  ])('takes no longer for being hostile: %s', (_what, text) => {
    const started = process.cpuUsage();
    for (let round = 0; round < 20; round += 1) redactText(text);
    const { user, system } = process.cpuUsage(started);
    expect((user + system) / 1000 / 20).toBeLessThan(25);
  });
});

describe('a value', () => {
  it.each([
    'authorization',
    'Cookie',
    'set-cookie',
    'apikey',
    'x-api-key',
    'accessToken',
    'password',
    'jwtSecret',
    'totp',
  ])('named %s is not shown', name => {
    expect(JSON.stringify(redact({ [name]: 'abc', nested: { [name]: ['abc'] } }))).not.toContain('abc');
  });

  it('shows an error with its own facts and the chain of its causes, free of secrets', () => {
    const root = new Error(`connect to postgres://me:hunter2@db failed`);
    const error = Object.assign(new Error('cannot read', { cause: root }), {
      code: 'unavailable',
      facts: { token: 'abc' },
    });
    const shown = redact({ error }) as { error: Record<string, unknown> };
    expect(shown.error).toMatchObject({
      name: 'Error',
      message: 'cannot read',
      code: 'unavailable',
      facts: { token: '[redacted]' },
      stack: expect.stringContaining('redact.test'),
      cause: { message: 'connect to postgres://[redacted]@db failed' },
    });
    expect(JSON.stringify(shown)).not.toContain('hunter2');
  });

  it('that refers to itself, or is deep, or long, comes to an end', () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    const error = new Error('loop');
    error.cause = error;
    const text = JSON.stringify(redact({ loop, error, long: Array.from({ length: 10_000 }, () => 1) }));
    expect(text.length).toBeLessThan(30_000);
  });

  it('that JSON cannot say is shown all the same', () => {
    expect(
      redact({ big: 10n, bytes: Buffer.from('secret'), map: new Map([['a', 1]]), at: new Date(0), f: () => 1 }),
    ).toEqual({
      big: '10',
      bytes: '[6 bytes]',
      map: { a: 1 },
      at: new Date(0),
      f: undefined,
    });
  });

  it('cannot change the prototype of the copy', () => {
    const copy = redact(JSON.parse('{"__proto__":{"polluted":true}}')) as { polluted?: boolean };
    expect(copy.polluted).toBeUndefined();
  });
});
