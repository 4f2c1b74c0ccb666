/**
 * Once before all test files: a real Postgres with one migrated template database, and a real S3 server. In CI a missing
 * S3 server fails the run; elsewhere the S3 tests are skipped, loudly.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionTarget } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrate.ts';
import { startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.ts';
import { startMinio } from './minio.ts';
import { onTeardown } from './teardown.ts';
import { asAdmin, TEST_SERVER_VARIABLE, withDatabase } from './test-database.ts';

const PACKAGE_ROOT = join(__dirname, '..', '..');

export default async function globalSetup(): Promise<void> {
  const admin = await startPostgres();
  const template = 'sluice_template';
  await asAdmin(admin, `drop database if exists ${template} with (force)`);
  await asAdmin(admin, `create database ${template}`);
  await migrate(withDatabase(admin, template), PACKAGE_ROOT);
  process.env[TEST_SERVER_VARIABLE] = JSON.stringify({ admin, template });

  const s3 = await startMinio();
  if ('reason' in s3) {
    if (process.env.CI === 'true') throw new Error(`the S3 tests cannot run: ${s3.reason}`);
    process.stderr.write(`\nNO S3 SERVER, S3 TESTS ARE SKIPPED: ${s3.reason}\n`);
    return;
  }
  onTeardown(() => s3.stop());
  process.env.TEST_S3_ENDPOINT = s3.endpoint;
  process.env.TEST_S3_REGION = s3.region;
  process.env.TEST_S3_ACCESS_KEY_ID = s3.accessKeyId;
  process.env.TEST_S3_SECRET_ACCESS_KEY = s3.secretAccessKey;
}

async function startPostgres(): Promise<ConnectionTarget> {
  const url = process.env.TEST_DATABASE_URL;
  if (url !== undefined && url !== '') return { connectionString: url };
  const directory = await mkdtemp(join(tmpdir(), 'sluice-test-postgres-'));
  const postgres = await startEmbeddedPostgres({ directory, durable: false });
  onTeardown(async () => {
    await postgres.stop();
    const { rm } = await import('node:fs/promises');
    await rm(directory, { recursive: true, force: true });
  });
  return postgres.target;
}
