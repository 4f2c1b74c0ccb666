/**
 * What a start says when an engine cannot be reached or refuses, or nobody may listen there: a sentence that names the
 * setting to look at, instead of the code of a socket. Errors that no setting is to blame for come back as they are.
 */
import { BlobStoreError } from './blobs/blob-store.ts';
import { readS3Error } from './blobs/s3-failure.ts';
import { systemCode } from './blobs/system-code.ts';
import type { Config } from './config/config.ts';

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT', // no such socket
  'EACCES',
]);

/** An error of connecting to Postgres or of migrating it, by the URL of `setting`; `place` is in that URL. */
export function explainPostgres(error: unknown, { setting, place }: { setting: string; place: string }): unknown {
  const code = systemCode(error) ?? '';
  const said = error instanceof Error ? error.message : '';
  if (UNREACHABLE.has(code)) {
    return blame(error, `Postgres does not answer at ${place} (${code}); start it, or set ${setting} to where it is.`);
  }
  switch (code) {
    case '28P01': // invalid_password
    case '28000': // invalid_authorization_specification
      return blame(error, `Postgres at ${place} refuses the login of ${setting} (${said}); correct user and password.`);
    case '3D000': // invalid_catalog_name
      return blame(
        error,
        `Postgres at ${place} does not have the database of ${setting} (${said}); create it, or name another.`,
      );
    case '42501': // insufficient_privilege
      return blame(
        error,
        `The login of ${setting} may not migrate (${said}); set DATABASE_ADMIN_URL to one that may create roles and schemas.`,
      );
    default:
      return error;
  }
}

/** An error of making the store ready. */
export function explainStore(error: unknown, s3: Config['s3']): unknown {
  if (s3 === null || !(error instanceof BlobStoreError)) return error;
  const place = s3.endpoint ?? `AWS, ${s3.region}`;
  const { status, codes } = readS3Error(error.cause);
  const unreachable = codes.find(code => UNREACHABLE.has(code));
  if (unreachable !== undefined) {
    return blame(
      error,
      `S3 does not answer at ${place} (${unreachable}); start it, or set S3_ENDPOINT to where it is.`,
    );
  }
  if (codes.includes('CredentialsProviderError')) {
    return blame(error, 'There are no keys for S3; set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY.');
  }
  if (status === 401 || status === 403) {
    return blame(
      error,
      `S3 at ${place} refuses these keys for the bucket ${s3.bucket} (${status}); ` +
        'correct S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or let them use and create it.',
    );
  }
  return blame(
    error,
    `The bucket ${s3.bucket} cannot be used on S3 at ${place} (${error.message}); check S3_BUCKET, S3_ENDPOINT and S3_REGION.`,
  );
}

/** An error of listening. */
export function explainListening(error: unknown, { host, port }: Pick<Config, 'host' | 'port'>): unknown {
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return blame(error, `${host}:${port} is in use by another program; set PORT to a free one.`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return blame(error, `${host} is no address of this machine; set HOST to one, such as 127.0.0.1 or 0.0.0.0.`);
    case 'EACCES':
      return blame(error, `Only root may listen on port ${port}; set PORT to one above 1023.`);
    default:
      return error;
  }
}

function blame(cause: unknown, sentence: string): Error {
  return new Error(sentence, { cause });
}
