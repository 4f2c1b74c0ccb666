/**
 * Every environment variable that Sluice reads, once: its meaning, what it accepts and what holds without it. The start,
 * `sluice config` and the check of the README all read this table.
 */
import { DEFAULT_RATE_LIMITS, RATE_LIMITS } from './rate-limits.ts';
import {
  BOOLEAN,
  countOrBoolean,
  duration,
  type Kind,
  listOf,
  matching,
  oneOf,
  type Setting,
  size,
  webUrl,
  wholeNumber,
  word,
} from './setting.ts';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Node's timers cannot wait longer than 2^31 - 1 ms. */
const LONGEST_TIMER_MS = 24 * DAY_MS;

export const SETTINGS = {
  HOST: setting('The address to listen on', word('an address or host name, such as 127.0.0.1 or 0.0.0.0'), '127.0.0.1'),
  PORT: setting('The port to listen on; 0 takes a free one', wholeNumber(0, 65_535), '5000'),
  DATA_DIR: setting(
    'The folder of the embedded Postgres, of local blobs and of generated secrets',
    matching(/^[^\0]+$/, 'the path of a folder'),
    './data',
  ),
  DATABASE_URL: {
    ...optional('Where Postgres is, as the login of requests', databaseUrl(), 'the embedded Postgres'),
    secret: 'password',
  },
  DATABASE_ADMIN_URL: {
    ...optional('Where Postgres is, as the login that migrates', databaseUrl(), 'the same as DATABASE_URL'),
    secret: 'password',
  },
  DATABASE_POOL_SIZE: setting('Database connections per process', wholeNumber(1, 1_000), '20'),
  DATABASE_PREPARE: setting('Named prepared statements; false for some poolers in transaction mode', BOOLEAN, 'true'),
  DATABASE_TIMEOUT: setting('How long Postgres may take over one statement', duration(100, HOUR_MS), '30s'),
  DATABASE_ROLES: setting(
    'The database roles that a token may name',
    listOf('names of database roles, separated by commas', item =>
      /^(?!(?:none|sluice_\w+)$)[a-z_][a-z0-9_$]{0,62}$/i.test(item),
    ),
    'anon,authenticated,service_role',
  ),
  S3_BUCKET: optional(
    'The bucket that keeps the bytes; setting it selects S3',
    matching(/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/i, 'the name of an S3 bucket, of 3 to 63 characters'),
    'bytes are kept in DATA_DIR',
  ),
  S3_ENDPOINT: optional('Where the S3 server is', webUrl('an http or https URL without user and password'), 'AWS'),
  S3_PUBLIC_ENDPOINT: optional(
    'Where clients reach the S3 server, for buckets whose delivery is redirect',
    webUrl('an http or https URL without user and password'),
    'the same as S3_ENDPOINT',
  ),
  S3_REGION: setting('The region of the S3 bucket', word('the name of a region'), 'us-east-1'),
  S3_ACCESS_KEY_ID: optional(
    'The access key of the S3 server',
    word('an access key'),
    "the AWS SDK's own credential chain",
  ),
  S3_SECRET_ACCESS_KEY: {
    ...optional('The secret key of the S3 server', word('a secret key'), "the AWS SDK's own credential chain"),
    secret: 'whole',
  },
  S3_FORCE_PATH_STYLE: optional(
    'Put the bucket into the path of S3 URLs',
    BOOLEAN,
    'true with S3_ENDPOINT, else false',
  ),
  S3_TIMEOUT: setting('How long the S3 server may move no byte and give no answer', duration(100, HOUR_MS), '60s'),
  JWT_SECRET: {
    ...optional(
      'The secret that signs tokens and links (HS256)',
      { accepts: 'at least 16 bytes of text, better 32', parse: text => (Buffer.byteLength(text) >= 16 ? text : null) },
      'generated once into DATA_DIR',
    ),
    secret: 'whole',
  },
  JWT_JWKS: {
    ...optional(
      'Public keys of a foreign issuer of tokens (RS, ES, EdDSA): JSON, or the path of a file',
      matching(/^[^\0]+$/, 'a JSON Web Key Set, or the path of a file that holds one'),
      'only HS256 tokens are accepted',
    ),
    secret: 'in-place', // keys of type `oct` are secrets
  },
  CLIENT_TIMEOUT: setting(
    'How long a client may send or take next to nothing while it is its turn',
    duration(100, HOUR_MS),
    '60s',
  ),
  MAX_UPLOAD_SIZE: setting(
    'The largest object that may be uploaded',
    size(1, { bytes: 5 * 1024 ** 4, text: '5TiB' }),
    '50GiB',
  ),
  BLOB_CACHE_SIZE: setting(
    'Memory of each process for the bytes of small objects (up to 64 KiB) that were read before; who may read them is asked each time',
    size(0, { bytes: 64 * 1024 ** 3, text: '64GiB' }),
    '32MiB',
  ),
  WORKERS: setting(
    'Processes that serve; auto is one per core',
    {
      accepts: 'auto or a whole number from 1 to 256',
      parse: (text): 'auto' | number | null =>
        text.toLowerCase() === 'auto' ? 'auto' : wholeNumber(1, 256).parse(text),
    },
    '1',
  ),
  CORS_ORIGINS: setting(
    'Origins whose pages may call',
    listOf('* or origins such as https://app.example.com, separated by commas', isOrigin),
    '*',
  ),
  STRICT_HTTP_STATUS: setting('True HTTP statuses in the bucket API instead of 400', BOOLEAN, 'false'),
  TRUST_PROXY: setting(
    'How many proxies in front to believe: a client is at the address that the outermost of them noted in X-Forwarded-For',
    countOrBoolean(10),
    'false',
  ),
  X_ACCEL_PREFIX: optional(
    'The internal location of an nginx in front that sends the bytes, by X-Accel-Redirect',
    matching(/^(?:\/[\w.~-]*[\w~-])+$/, 'a path without a slash at its end, such as /sluice-bytes'),
    'the gateway sends them',
  ),
  PUBLIC_URL: optional(
    'The URL by which clients reach the gateway',
    webUrl('an http or https URL without query, user and password'),
    'the address that is listened on',
  ),
  LOG_LEVEL: setting('The least severe log lines to write', oneOf(['error', 'warn', 'info', 'debug']), 'info'),
  PATH_TOKEN_LIFETIME: setting('How long a path token holds', duration(SECOND_MS, 365 * DAY_MS), '24h'),
  SWEEP_GRACE: setting(
    'How long bytes outlive their row, so that running downloads finish',
    duration(0, 365 * DAY_MS),
    '15m',
  ),
  SWEEP_INTERVAL: setting('How often the sweeper wakes', duration(10, LONGEST_TIMER_MS), '1m'),
  UPLOAD_LEASE: setting('How long a silent upload is taken for alive', duration(100, LONGEST_TIMER_MS), '2m'),
  UPLOADS_AHEAD: setting(
    'How many small uploads (up to 64 KiB) a busy process expects ahead of time; those of callers whose last one was accepted need one round trip instead of two. 0: every upload is asked for first',
    wholeNumber(0, 10_000),
    '64',
  ),
  RATE_LIMITS: setting(
    'How often: a user asks for each operation of the user file API, and wrong passwords are given for an account, by an address, or for a file by an address',
    RATE_LIMITS,
    DEFAULT_RATE_LIMITS,
  ),
  STAFF_SECOND_FACTOR: setting(
    'Whether staff endpoints need a second factor',
    oneOf(['optional', 'required']),
    'optional',
  ),
  BACKEND_DOMAIN: optional(
    'The domain whose first label names the backend of the file API',
    matching(/^(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$/i, 'a domain name, such as files.example.com'),
    'the default backend serves every host',
  ),
} satisfies Readonly<Record<string, Setting>>;

export type SettingName = keyof typeof SETTINGS;

/** The value of a setting: null is possible only where there is no fallback. */
export type SettingValue<Name extends SettingName> = (typeof SETTINGS)[Name] extends { readonly fallback: string }
  ? NonNullable<ReturnType<(typeof SETTINGS)[Name]['parse']>>
  : ReturnType<(typeof SETTINGS)[Name]['parse']>;

function setting<Value>(meaning: string, kind: Kind<Value>, fallback: string) {
  return { ...kind, meaning, fallback, absence: null, secret: 'no' as Setting['secret'] };
}

function optional<Value>(meaning: string, kind: Kind<Value>, absence: string) {
  return { ...kind, meaning, fallback: null, absence, secret: 'no' as Setting['secret'] };
}

function databaseUrl(): Kind<string> {
  return matching(/^postgres(ql)?:\/\/\S+$/i, 'a URL such as postgresql://user:password@host:5432/database');
}

function isOrigin(item: string): boolean {
  return item === '*' || (/^https?:\/\//.test(item) && URL.canParse(item) && new URL(item).origin === item);
}
