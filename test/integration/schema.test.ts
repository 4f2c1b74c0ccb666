import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrate } from '../../src/database/migrate.ts';
import { describeSchema } from '../support/schema-snapshot.ts';
import { asAdmin, cloneTestDatabase, type TestDatabase, testServer, withDatabase } from '../support/test-database.ts';

const PACKAGE_ROOT = join(__dirname, '..', '..');
const SNAPSHOT = join(PACKAGE_ROOT, 'db', 'schema.snapshot.sql');

describe('the schema', () => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await cloneTestDatabase();
  });
  afterAll(() => db.drop());

  it('is what the committed snapshot says', async () => {
    const text = await describeSchema(db);
    if (process.env.WRITE_SCHEMA_SNAPSHOT === 'true') await writeFile(SNAPSHOT, text);
    expect(text).toBe(await readFile(SNAPSHOT, 'utf8'));
  });

  it('is left alone by a second migration', async () => {
    expect(await migrate(db.target, PACKAGE_ROOT)).toEqual({ applied: [] });
  });

  it('is reached once by twenty migrators that start together on an empty database', async () => {
    const { admin } = testServer();
    const name = `sluice_migrate_${process.pid}`;
    await asAdmin(admin, `create database ${name}`);
    try {
      const target = withDatabase(admin, name);
      const results = await Promise.all(Array.from({ length: 20 }, () => migrate(target, PACKAGE_ROOT)));
      expect(results.filter(result => result.applied.length > 0)).toHaveLength(1);
    } finally {
      await asAdmin(admin, `drop database ${name} with (force)`);
    }
  });

  it('refuses a database that a newer version has migrated, and leaves its functions alone', async () => {
    const future = "insert into sluice.migrations (name, hash) values ('9999_future.sql', 'x')";
    await db.sql(`${future}; update sluice.migrations set hash = 'y' where name = 'functions and grants'`);
    await expect(migrate(db.target, PACKAGE_ROOT)).rejects.toThrow('by a newer version of Sluice (9999_future.sql)');
    const [kept] = await db.sql("select hash from sluice.migrations where name = 'functions and grants'");
    expect(kept).toEqual({ hash: 'y' });
    await db.sql("delete from sluice.migrations where name = '9999_future.sql'");
  });

  it('refuses a migration that was changed after it had been applied', async () => {
    await db.sql(`update sluice.migrations set hash = 'another' where name = '0001_storage_tables.sql'`);
    await expect(migrate(db.target, PACKAGE_ROOT)).rejects.toThrow('0001_storage_tables.sql was changed after');
  });

  it('is not forced on a database whose schema "storage" belongs to somebody else', async () => {
    const { admin } = testServer();
    const name = `sluice_foreign_${process.pid}`;
    await asAdmin(admin, `create database ${name}`);
    try {
      const target = withDatabase(admin, name);
      await asAdmin(target, 'create schema storage');
      await expect(migrate(target, PACKAGE_ROOT)).rejects.toThrow('give Sluice a database of its own');
    } finally {
      await asAdmin(admin, `drop database ${name} with (force)`);
    }
  });
});
