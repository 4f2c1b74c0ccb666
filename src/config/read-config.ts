/**
 * Makes the settings of a gateway from the environment, or says in one sentence why it cannot. The only reader of the
 * environment; files come through the functions given.
 */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import type { Config } from './config.ts';
import { ConfigError } from './config-error.ts';
import type { Setting } from './setting.ts';
import { SETTINGS, type SettingName, type SettingValue } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ConfigSources {
  /** The text of a file; throws when it cannot be read. Used for JWT_JWKS. */
  readFile(path: string): string;
  /** The secret kept in the data folder, made when there is none. Asked only when JWT_SECRET is not set. */
  generatedSecret(dataDir: string): string;
}

/** RFC 7518 §3.2 wants a key of at least the size of the hash. */
const RECOMMENDED_SECRET_BYTES = 32;

/** Frozen and complete. Throws ConfigError for the first variable that is malformed or contradicts another. */
export function readConfig(env: Environment, sources: ConfigSources): Config {
  const read = <Name extends SettingName>(name: Name) => readSetting(env, name);
  const dataDir = resolve(read('DATA_DIR'));
  const processes = read('WORKERS');
  const workers = processes === 'auto' ? availableParallelism() : processes;
  const secret = read('JWT_SECRET');
  return Object.freeze<Config>({
    host: read('HOST'),
    port: read('PORT'),
    dataDir,
    database: readDatabase(env, workers),
    s3: readS3(env),
    clientTimeoutMs: read('CLIENT_TIMEOUT'),
    maxUploadSizeBytes: read('MAX_UPLOAD_SIZE'),
    blobCacheBytes: read('BLOB_CACHE_SIZE'),
    workers,
    corsOrigins: read('CORS_ORIGINS'),
    strictHttpStatus: read('STRICT_HTTP_STATUS'),
    trustProxy: read('TRUST_PROXY'),
    proxyPrefix: read('X_ACCEL_PREFIX'),
    publicUrl: read('PUBLIC_URL'),
    logLevel: read('LOG_LEVEL'),
    pathTokenLifetimeMs: read('PATH_TOKEN_LIFETIME'),
    sweepGraceMs: read('SWEEP_GRACE'),
    sweepIntervalMs: read('SWEEP_INTERVAL'),
    uploadLeaseMs: read('UPLOAD_LEASE'),
    uploadsAhead: read('UPLOADS_AHEAD'),
    rateLimits: read('RATE_LIMITS'),
    staffSecondFactor: read('STAFF_SECOND_FACTOR'),
    backendDomain: read('BACKEND_DOMAIN')?.toLowerCase() ?? null,
    warnings: secretWarnings(secret),
    // Last: a secret is made only once everything else is known to be right.
    jwt: Object.freeze({
      jwks: readJwks(read('JWT_JWKS'), sources),
      secret: secret ?? sources.generatedSecret(dataDir),
    }),
  });
}

/** One row of `sluice config`. */
export interface SettingRow {
  readonly name: SettingName;
  /** As text, secrets masked; null when nothing is set and nothing holds by default. */
  readonly value: string | null;
  readonly source: 'environment' | 'default';
  readonly meaning: string;
  readonly accepts: string;
  /** The default as text, or what absence means. */
  readonly fallback: string;
}

/** Every setting with its present value. Malformed values are shown as they are; `readConfig` judges them. */
export function describeSettings(env: Environment): SettingRow[] {
  return (Object.entries(SETTINGS) as [SettingName, Setting][]).map(([name, setting]) => {
    const text = textOf(env, name);
    return {
      name,
      value: text === null ? setting.fallback : mask(text, setting.secret),
      source: text === null ? 'default' : 'environment',
      meaning: setting.meaning,
      accepts: setting.accepts,
      fallback: setting.fallback ?? setting.absence ?? '',
    };
  });
}

/** Whether failures are shown with their stack; answered even when the settings are malformed. */
export function isDebugging(env: Environment): boolean {
  return textOf(env, 'LOG_LEVEL')?.toLowerCase() === 'debug';
}

/** The value of one setting by itself, for commands that need no more. Throws ConfigError. */
export function readSetting<Name extends SettingName>(env: Environment, name: Name): SettingValue<Name> {
  const setting: Setting = SETTINGS[name];
  const text = textOf(env, name) ?? setting.fallback;
  if (text === null) return null as SettingValue<Name>;
  const value = setting.parse(text);
  if (value === null) {
    const shown = setting.secret === 'no' ? ` '${mask(text, 'password')}'` : ' a value that cannot be used';
    throw new ConfigError(`${name} is${shown}, but it accepts ${setting.accepts}.`);
  }
  return value as SettingValue<Name>;
}

/** What the embedded Postgres has for gateways, of the 200 it takes (embedded/server-process.ts). */
const EMBEDDED_CONNECTIONS = 190;

function readDatabase(env: Environment, workers: number): Config['database'] {
  const url = readSetting(env, 'DATABASE_URL');
  const adminUrl = readSetting(env, 'DATABASE_ADMIN_URL');
  if (url === null && adminUrl !== null) {
    throw new ConfigError(
      'DATABASE_ADMIN_URL is set without DATABASE_URL; set both, or neither for the embedded Postgres.',
    );
  }
  const poolSize = readSetting(env, 'DATABASE_POOL_SIZE');
  if (url === null && workers * poolSize > EMBEDDED_CONNECTIONS) {
    throw new ConfigError(
      `DATABASE_POOL_SIZE is ${poolSize} for each of ${workers} processes, but the embedded Postgres has ` +
        `${EMBEDDED_CONNECTIONS} connections; set it to ${Math.floor(EMBEDDED_CONNECTIONS / workers)} or less, or set DATABASE_URL.`,
    );
  }
  return Object.freeze({
    url,
    adminUrl: adminUrl ?? url,
    poolSize,
    prepare: readSetting(env, 'DATABASE_PREPARE'),
    timeoutMs: readSetting(env, 'DATABASE_TIMEOUT'),
    roles: readSetting(env, 'DATABASE_ROLES'),
  });
}

function readS3(env: Environment): Config['s3'] {
  const bucket = readSetting(env, 'S3_BUCKET');
  const endpoint = readSetting(env, 'S3_ENDPOINT');
  const accessKeyId = readSetting(env, 'S3_ACCESS_KEY_ID');
  const secretAccessKey = readSetting(env, 'S3_SECRET_ACCESS_KEY');
  const region = readSetting(env, 'S3_REGION');
  const forcePathStyle = readSetting(env, 'S3_FORCE_PATH_STYLE') ?? endpoint !== null;
  if (bucket === null) {
    if (endpoint === null) return null;
    throw new ConfigError('S3_ENDPOINT is set without S3_BUCKET; name the bucket that is to keep the bytes.');
  }
  if ((accessKeyId === null) !== (secretAccessKey === null)) {
    const [present, missing] = ['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'];
    const isFirst = accessKeyId !== null;
    throw new ConfigError(
      `${isFirst ? present : missing} is set without ${isFirst ? missing : present}; set both, or neither.`,
    );
  }
  const publicEndpoint = readSetting(env, 'S3_PUBLIC_ENDPOINT');
  return Object.freeze({
    endpoint,
    publicEndpoint,
    region,
    bucket,
    accessKeyId,
    secretAccessKey,
    forcePathStyle,
    timeoutMs: readSetting(env, 'S3_TIMEOUT'),
  });
}

function readJwks(given: string | null, sources: ConfigSources): string | null {
  if (given === null) return null;
  const isInline = given.trimStart().startsWith('{');
  let text = given;
  if (!isInline) {
    try {
      text = sources.readFile(resolve(given));
    } catch (error) {
      throw new ConfigError(
        `JWT_JWKS names the file '${given}', which cannot be read (${(error as { code?: string }).code ?? error}).`,
      );
    }
  }
  if (!isKeySet(text)) {
    const where = isInline ? 'is JSON' : `names the file '${given}'`;
    throw new ConfigError(`JWT_JWKS ${where} that is not a JSON Web Key Set: an object with a list 'keys'.`);
  }
  return text;
}

function isKeySet(text: string): boolean {
  try {
    const keys = (JSON.parse(text) as { keys?: unknown } | null)?.keys;
    return Array.isArray(keys) && keys.every(key => typeof key === 'object' && key !== null);
  } catch {
    return false;
  }
}

function secretWarnings(secret: string | null): readonly string[] {
  if (secret === null || Buffer.byteLength(secret) >= RECOMMENDED_SECRET_BYTES) return Object.freeze([]);
  return Object.freeze([
    `JWT_SECRET has ${Buffer.byteLength(secret)} bytes; HS256 wants at least ${RECOMMENDED_SECRET_BYTES} (RFC 7518 section 3.2).`,
  ]);
}

/** An empty variable is an unset one: that is how Compose files and shells write "not given". */
function textOf(env: Environment, name: SettingName): string | null {
  const text = env[name]?.trim();
  return text === undefined || text === '' ? null : text;
}

function mask(text: string, secret: Setting['secret']): string {
  if (secret === 'whole' || (secret === 'in-place' && text.startsWith('{'))) return '********';
  return secret === 'password'
    ? text.replace(/(:\/\/[^/@:]*):.*@/, '$1:********@').replace(/password=[^&]*/gi, 'password=********')
    : text;
}
