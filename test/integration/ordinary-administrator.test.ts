/** A server whose administrator is no superuser, as those that are rented are: the role may create roles and databases. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { ConnectionTarget } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrate.ts';
import { openRooms } from '../../src/database/open-rooms.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.ts';
import { type Gateway, PACKAGE_ROOT, SERVICE_TOKEN, startGateway, tokenFor } from '../support/gateway.ts';
import { asAdmin } from '../support/test-database.ts';

const ADMINISTRATOR = 'ordinary administrator';

describe('an administrator who may create roles and databases, and is no superuser', () => {
  let folder: string;
  let postgres: EmbeddedPostgres;
  let target: ConnectionTarget;
  let gateway: Gateway | null = null;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-ordinary-'));
    postgres = await startEmbeddedPostgres({ directory: join(folder, 'postgres'), durable: false });
    await asAdmin(postgres.target, `create role "${ADMINISTRATOR}" login createrole createdb`);
    const login = (database: string) => ({ connectionString: postgres.url({ user: ADMINISTRATOR, database }) });
    await asAdmin(login('postgres'), 'create database objects');
    target = login('objects');
  });

  afterAll(async () => {
    await gateway?.stop();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function sql<Row extends Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({ ...postgres.target, database: 'objects' });
    await client.connect();
    try {
      return (await client.query<Row>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  it('migrates an empty database, and makes the rooms that accounts live in', async () => {
    expect((await migrate(target, PACKAGE_ROOT)).applied).not.toEqual([]);
    expect(await migrate(target, PACKAGE_ROOT)).toEqual({ applied: [] });
    const rooms = await openRooms(target, { packageRoot: PACKAGE_ROOT, backend: 'one' });
    expect(rooms.buckets).toEqual(['home', 'uploads', 'backend-one']);
  });

  it('is as good a login of the gateway as any: bytes come and go, and the policies bind everybody', async () => {
    gateway = await startGateway({ database: { target, sql, drop: async () => {} } });
    const { url, app } = gateway;
    const call = async (method: string, path: string, token: string, body?: string) => {
      const headers = {
        authorization: `Bearer ${token}`,
        'content-type': path.startsWith('/bucket') ? 'application/json' : 'text/plain',
      };
      const reply = await fetch(`${url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
      return { status: reply.status, text: await reply.text() };
    };
    expect(await call('POST', '/bucket', SERVICE_TOKEN, '{"name":"notes"}')).toMatchObject({ status: 200 });
    expect(await call('POST', '/object/notes/a', SERVICE_TOKEN, 'bytes')).toMatchObject({ status: 200 });
    expect(await call('GET', '/object/notes/a', SERVICE_TOKEN)).toEqual({ status: 200, text: 'bytes' });
    expect(await call('GET', '/object/notes/a', tokenFor('authenticated', 'eve'))).toMatchObject({ status: 400 });
    expect(await call('DELETE', '/object/notes/a', SERVICE_TOKEN)).toMatchObject({ status: 200 });
    expect(await app.sweeper.run()).toMatchObject({ swept: 1, error: null });
  });
});
