import { resolve } from 'node:path';
import { ConfigError } from '../../src/config/config-error.ts';
import { RATE_LIMITS } from '../../src/config/rate-limits.ts';
import { describeSettings, type Environment, readConfig } from '../../src/config/read-config.ts';
import { SETTINGS } from '../../src/config/settings.ts';

const sources = {
  readFile: (path: string): string => {
    if (path.endsWith('keys.json')) return '{"keys":[]}';
    if (path.endsWith('list.json')) return '[]';
    throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
  },
  generatedSecret: () => 'generated-secret-of-thirty-two-bytes',
};
const read = (env: Environment) => readConfig(env, sources);

describe('readConfig', () => {
  it.each([
    ['HOST', 'my host'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '5e3'],
    ['PORT', 'http'],
    ['DATABASE_POOL_SIZE', '0'],
    ['DATABASE_PREPARE', 'maybe'],
    ['DATABASE_ROLES', 'anon,,service_role'],
    ['DATABASE_ROLES', 'anon; drop table'],
    ['S3_BUCKET', 'a/b'],
    ['S3_ENDPOINT', 'minio:9000'],
    ['S3_FORCE_PATH_STYLE', '2'],
    ['MAX_UPLOAD_SIZE', '50 gigabytes'],
    ['MAX_UPLOAD_SIZE', '6TiB'],
    ['MAX_UPLOAD_SIZE', '0'],
    ['MAX_UPLOAD_SIZE', '-1GB'],
    ['WORKERS', '0'],
    ['WORKERS', 'all'],
    ['CORS_ORIGINS', 'https://app.example.com/path'],
    ['CORS_ORIGINS', 'app.example.com'],
    ['STRICT_HTTP_STATUS', 'sometimes'],
    ['TRUST_PROXY', '10.0.0.1'],
    ['TRUST_PROXY', '11'],
    ['X_ACCEL_PREFIX', 'sluice-bytes'],
    ['X_ACCEL_PREFIX', '/sluice-bytes/'],
    ['X_ACCEL_PREFIX', '/sluice/../bytes'],
    ['X_ACCEL_PREFIX', '/a b'],
    ['PUBLIC_URL', 'files.example.com'],
    ['PUBLIC_URL', 'https://files.example.com/?a=b'],
    ['LOG_LEVEL', 'verbose'],
    ['PATH_TOKEN_LIFETIME', '24'],
    ['PATH_TOKEN_LIFETIME', '0s'],
    ['SWEEP_GRACE', '15 minutes'],
    ['SWEEP_INTERVAL', '30d'],
    ['UPLOAD_LEASE', '-2m'],
    ['RATE_LIMITS', 'login=10'],
    ['RATE_LIMITS', 'login=0/1m'],
    ['RATE_LIMITS', 'login=10/1 minute'],
    ['RATE_LIMITS', 'logins=10/1m'],
    ['RATE_LIMITS', 'toString=10/1m'],
    ['STAFF_SECOND_FACTOR', 'always'],
    ['BACKEND_DOMAIN', 'https://example.com'],
  ] as const)('refuses %s=%s in one sentence that names what it accepts', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(
      new ConfigError(`${name} is '${value}', but it accepts ${SETTINGS[name].accepts}.`),
    );
  });

  it('changes the rate limits that are named, and keeps the others', () => {
    const { rateLimits } = read({ RATE_LIMITS: 'login=5/30s, delete-all=2/12h' });
    expect(rateLimits).toEqual({
      ...read({}).rateLimits,
      login: { count: 5, windowMs: 30_000 },
      'delete-all': { count: 2, windowMs: 43_200_000 },
    });
    expect(read({}).rateLimits.login).toEqual({ count: 10, windowMs: 60_000 });
  });

  it.each([
    ['JWT_SECRET', 'tooshort'],
    ['DATABASE_URL', 'mysql://root:hunter2@host/db'],
    ['S3_SECRET_ACCESS_KEY', 'two words'],
  ])('refuses a malformed %s without repeating it', (name, value) => {
    const refusal = refusalOf({ [name]: value });
    expect(refusal).toMatch(new RegExp(`^${name} is a value that cannot be used, but it accepts .+\\.$`));
    expect(refusal).not.toContain(value);
  });

  it.each<[string, Environment, RegExp]>([
    ['S3_ENDPOINT without a bucket', { S3_ENDPOINT: 'http://localhost:9000' }, /^S3_ENDPOINT is set without S3_BUCKET/],
    [
      'an access key alone',
      { S3_BUCKET: 'files', S3_ACCESS_KEY_ID: 'me' },
      /^S3_ACCESS_KEY_ID is set without S3_SECRET_ACCESS_KEY/,
    ],
    [
      'a secret key alone',
      { S3_BUCKET: 'files', S3_SECRET_ACCESS_KEY: 'x' },
      /^S3_SECRET_ACCESS_KEY is set without S3_ACCESS_KEY_ID/,
    ],
    [
      'an admin URL alone',
      { DATABASE_ADMIN_URL: 'postgres://a@b/c' },
      /^DATABASE_ADMIN_URL is set without DATABASE_URL/,
    ],
    [
      'more connections than the embedded Postgres has',
      { WORKERS: '10', DATABASE_POOL_SIZE: '20' },
      /^DATABASE_POOL_SIZE is 20 for each of 10 processes, .* set it to 19 or less, or set DATABASE_URL/,
    ],
    [
      'a key file that is missing',
      { JWT_JWKS: './nowhere.json' },
      /^JWT_JWKS names the file '.\/nowhere.json', which cannot be read \(ENOENT\)/,
    ],
    [
      'a key file that holds something else',
      { JWT_JWKS: './list.json' },
      /^JWT_JWKS names the file '.\/list.json' that is not a JSON Web Key Set/,
    ],
    [
      'inline keys that are no key set',
      { JWT_JWKS: '{"keys": 1}' },
      /^JWT_JWKS is JSON that is not a JSON Web Key Set/,
    ],
  ])('refuses %s', (_what, env, message) => {
    expect(refusalOf(env)).toMatch(message);
  });

  it('makes no secret when something else is wrong', () => {
    const generatedSecret = jest.fn(() => '');
    expect(() => readConfig({ PORT: 'x' }, { ...sources, generatedSecret })).toThrow(ConfigError);
    expect(generatedSecret).not.toHaveBeenCalled();
  });

  it('needs nothing', () => {
    expect(read({})).toEqual({
      host: '127.0.0.1',
      port: 5000,
      dataDir: resolve('data'),
      clientTimeoutMs: 60_000,
      database: {
        url: null,
        adminUrl: null,
        poolSize: 20,
        prepare: true,
        timeoutMs: 30_000,
        roles: ['anon', 'authenticated', 'service_role'],
      },
      s3: null,
      jwt: { secret: 'generated-secret-of-thirty-two-bytes', jwks: null },
      maxUploadSizeBytes: 50 * 1024 ** 3,
      blobCacheBytes: 32 * 1024 ** 2,
      workers: 1,
      corsOrigins: ['*'],
      strictHttpStatus: false,
      trustProxy: 0,
      proxyPrefix: null,
      publicUrl: null,
      logLevel: 'info',
      pathTokenLifetimeMs: 86_400_000,
      sweepGraceMs: 900_000,
      sweepIntervalMs: 60_000,
      uploadLeaseMs: 120_000,
      uploadsAhead: 64,
      rateLimits: RATE_LIMITS.parse('login=10/1m'),
      staffSecondFactor: 'optional',
      backendDomain: null,
      warnings: [],
    });
  });

  it('takes an empty variable for an unset one', () => {
    expect(read({ PORT: '', DATABASE_URL: ' ', S3_BUCKET: '' })).toEqual(read({}));
  });

  it.each<[Environment, object]>([
    [{ MAX_UPLOAD_SIZE: '10MB' }, { maxUploadSizeBytes: 10_000_000 }],
    [{ MAX_UPLOAD_SIZE: '1.5 KiB' }, { maxUploadSizeBytes: 1536 }],
    [{ BLOB_CACHE_SIZE: '0' }, { blobCacheBytes: 0 }],
    [{ MAX_UPLOAD_SIZE: '4096' }, { maxUploadSizeBytes: 4096 }],
    [{ SWEEP_GRACE: '0s' }, { sweepGraceMs: 0 }],
    [{ SWEEP_INTERVAL: '500ms' }, { sweepIntervalMs: 500 }],
    [{ PATH_TOKEN_LIFETIME: '7d' }, { pathTokenLifetimeMs: 604_800_000 }],
    [
      { CORS_ORIGINS: 'https://a.example, http://localhost:3000' },
      { corsOrigins: ['https://a.example', 'http://localhost:3000'] },
    ],
    [{ PUBLIC_URL: 'https://files.example.com/store/' }, { publicUrl: 'https://files.example.com/store' }],
    [{ TRUST_PROXY: '2' }, { trustProxy: 2 }],
    [{ TRUST_PROXY: 'off' }, { trustProxy: 0 }],
    [{ BACKEND_DOMAIN: 'Files.Example.com' }, { backendDomain: 'files.example.com' }],
    [{ JWT_JWKS: 'keys.json' }, { jwt: { jwks: '{"keys":[]}', secret: 'generated-secret-of-thirty-two-bytes' } }],
    [
      { TRUST_PROXY: 'TRUE', STRICT_HTTP_STATUS: '1' },
      { trustProxy: 1, strictHttpStatus: true },
    ],
  ])('reads %j', (env, expected) => {
    expect(read(env)).toMatchObject(expected);
  });

  it('resolves WORKERS=auto to a number of processes', () => {
    expect(read({ WORKERS: 'auto' }).workers).toBeGreaterThanOrEqual(1);
  });

  it('puts the bucket into the path for any S3 server but AWS', () => {
    const endpoint = 'http://127.0.0.1:9000/';
    expect(read({ S3_BUCKET: 'files', S3_ENDPOINT: endpoint }).s3).toEqual({
      endpoint: 'http://127.0.0.1:9000',
      publicEndpoint: null,
      region: 'us-east-1',
      bucket: 'files',
      accessKeyId: null,
      secretAccessKey: null,
      forcePathStyle: true,
      timeoutMs: 60_000,
    });
    expect(read({ S3_BUCKET: 'files' }).s3?.forcePathStyle).toBe(false);
    expect(read({ S3_BUCKET: 'files', S3_ENDPOINT: endpoint, S3_FORCE_PATH_STYLE: 'false' }).s3?.forcePathStyle).toBe(
      false,
    );
  });

  it('migrates by the same URL unless told another', () => {
    const url = 'postgresql://sluice_gateway@db/files';
    expect(read({ DATABASE_URL: url }).database.adminUrl).toBe(url);
    expect(read({ DATABASE_URL: url, DATABASE_ADMIN_URL: 'postgres://root@db/files' }).database.adminUrl).toBe(
      'postgres://root@db/files',
    );
  });

  it('warns of a secret that is shorter than its hash', () => {
    expect(read({ JWT_SECRET: 'sixteen-bytes-ok' }).warnings).toEqual([
      expect.stringContaining('JWT_SECRET has 16 bytes'),
    ]);
    expect(read({ JWT_SECRET: 'x'.repeat(32) }).warnings).toEqual([]);
  });

  it('cannot be changed afterwards', () => {
    const config = read({ S3_BUCKET: 'files' });
    for (const part of [config, config.database, config.database.roles, config.s3, config.jwt, config.corsOrigins]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });
});

it.each(['PUBLIC_URL', 'S3_ENDPOINT', 'S3_PUBLIC_ENDPOINT'])('refuses credentials in %s without showing them', name => {
  const refusal = refusalOf({ [name]: 'https://me:hunter2@files.example.com', S3_BUCKET: 'files' });
  expect(refusal).toMatch(new RegExp(`^${name} is 'https://me:\\*+@files.example.com', but it accepts`));
});

describe('describeSettings', () => {
  it('shows no secret', () => {
    const rows = describeSettings({
      JWT_SECRET: 'hunter2hunter2hunter2',
      JWT_JWKS: '{"keys":[{"kty":"oct","k":"hunter2hunter2hunter2"}]}',
      S3_SECRET_ACCESS_KEY: 'hunter2',
      DATABASE_URL: 'postgresql://me:hun/ter2@p:a@host:5432/db',
      DATABASE_ADMIN_URL: 'postgresql:///db?host=/run&password=hunter2',
    });
    expect(JSON.stringify(rows)).not.toMatch(/hun\/?ter2/);
    expect(rows.find(row => row.name === 'DATABASE_URL')?.value).toBe('postgresql://me:********@host:5432/db');
  });

  it('shows the path of a key set', () => {
    expect(describeSettings({ JWT_JWKS: './keys.json' }).find(row => row.name === 'JWT_JWKS')?.value).toBe(
      './keys.json',
    );
  });

  it('tells of every setting what it means, where its value is from and what holds without it', () => {
    const rows = describeSettings({ PORT: '80' });
    expect(rows.map(row => row.name)).toEqual(Object.keys(SETTINGS));
    for (const row of rows) expect([row.meaning, row.accepts, row.fallback]).not.toContain('');
    expect(rows.find(row => row.name === 'PORT')).toMatchObject({
      value: '80',
      source: 'environment',
      fallback: '5000',
    });
    expect(rows.find(row => row.name === 'HOST')).toMatchObject({ value: '127.0.0.1', source: 'default' });
    expect(rows.find(row => row.name === 'S3_BUCKET')).toMatchObject({ value: null, source: 'default' });
  });
});

function refusalOf(env: Environment): string {
  try {
    read(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'not refused';
}
