import { BlobStoreError } from '../../src/blobs/blob-store.ts';
import { S3Refusal } from '../../src/blobs/s3-failure.ts';
import type { Config } from '../../src/config/config.ts';
import { explainListening, explainPostgres, explainStore } from '../../src/start-failure.ts';

const failing = (code: string, message = '') => Object.assign(new Error(message), { code });
const messageOf = (error: unknown) => (error instanceof Error ? error.message : error);

describe('a Postgres that cannot be used', () => {
  const at = { setting: 'DATABASE_URL', place: 'db:5432' };

  it.each([
    // As where a name has two addresses: no message at all.
    [failing('ECONNREFUSED'), 'Postgres does not answer at db:5432 (ECONNREFUSED); start it, or set DATABASE_URL to'],
    [failing('ENOTFOUND'), 'does not answer at db:5432 (ENOTFOUND)'],
    [
      failing('28P01', 'password failed'),
      'refuses the login of DATABASE_URL (password failed); correct user and password',
    ],
    [failing('3D000', 'no database "x"'), 'does not have the database of DATABASE_URL (no database "x"); create it'],
    [failing('42501', 'denied'), 'may not migrate (denied); set DATABASE_ADMIN_URL to one that may create roles'],
  ])('is told by its setting (%p)', (error, sentence) => {
    expect(messageOf(explainPostgres(error, at))).toContain(sentence);
  });

  it('is told in its own words where no setting is to blame', () => {
    const error = failing('42601', 'syntax error');
    expect(explainPostgres(error, at)).toBe(error);
  });
});

describe('an S3 that cannot be used', () => {
  const s3 = { endpoint: 'http://s3:9000', region: 'us-east-1', bucket: 'files' } as NonNullable<Config['s3']>;
  const byCause = (cause: unknown) => new BlobStoreError('failed', 'S3 failed', cause);

  it.each([
    [failing('ECONNREFUSED'), 'S3 does not answer at http://s3:9000 (ECONNREFUSED); start it, or set S3_ENDPOINT to'],
    [new S3Refusal(403, ''), 'refuses these keys for the bucket files (403); correct S3_ACCESS_KEY_ID and'],
    [
      Object.assign(new Error(), { name: 'CredentialsProviderError' }),
      'There are no keys for S3; set S3_ACCESS_KEY_ID',
    ],
    [new S3Refusal(301, 'PermanentRedirect'), 'cannot be used on S3 at http://s3:9000 (S3 failed); check S3_BUCKET'],
  ])('is told by its setting (%p)', (cause, sentence) => {
    expect(messageOf(explainStore(byCause(cause), s3))).toContain(sentence);
  });

  it('names the region where there is no endpoint', () => {
    const error = explainStore(byCause(new S3Refusal(403, 'AccessDenied')), { ...s3, endpoint: null });
    expect(messageOf(error)).toContain('S3 at AWS, us-east-1 refuses');
  });

  it('is told in its own words where bytes are kept on disk, or the failure is none of the store’s', () => {
    const error = byCause(failing('ENOSPC'));
    const other = new Error('something else');
    expect([explainStore(error, null), explainStore(other, s3)]).toEqual([error, other]);
  });
});

describe('an address that cannot be listened on', () => {
  it.each([
    ['EADDRINUSE', 'h:80 is in use by another program; set PORT to a free one.'],
    ['EADDRNOTAVAIL', 'h is no address of this machine; set HOST to one, such as 127.0.0.1 or 0.0.0.0.'],
    ['EACCES', 'Only root may listen on port 80; set PORT to one above 1023.'],
    ['EMFILE', 'as it came'],
  ])('is told by its setting (%s)', (code, sentence) => {
    expect(messageOf(explainListening(failing(code, 'as it came'), { host: 'h', port: 80 }))).toBe(sentence);
  });
});
