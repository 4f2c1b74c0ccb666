/**
 * Functions that run with more rights than their caller: which there are, who may call them, and that nobody learns or
 * does more by calling them directly over SQL than over HTTP.
 */
import { cloneTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** All of them, with the roles that may call each besides the owner. */
const DEFINERS: Readonly<Record<string, readonly string[]>> = {
  'sluice.keep_file_record()': [],
  'sluice.mark_unnamed_blobs()': [],
  'storage.bucket_holds_objects(text)': ['sluice_gateway'],
  'storage.bucket_rules(text)': ['anon', 'authenticated', 'service_role', 'sluice_gateway'],
  'storage.public_object(text,text)': ['anon', 'authenticated', 'service_role'],
};
const ROLES = ['anon', 'authenticated', 'service_role', 'sluice_gateway'];
const ORDINARY = ['anon', 'authenticated'];

let db: TestDatabase;
beforeAll(async () => {
  db = await cloneTestDatabase();
  await db.sql(`insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types, owner_id) values
    ('secret', 'secret', false, 99, '{text/plain}', 'alice'), ('open', 'open', true, null, null, 'alice')`);
  await db.sql(`insert into storage.objects (bucket_id, name, version) values
    ('secret', 'plan.txt', 'v1'), ('open', 'poem.txt', 'v2'), ('open', 'other.txt', 'v3')`);
  await db.sql(
    `insert into sluice.blobs (version, store_key, state) values ('v1', 'k1', 'live'), ('v9', 'k9', 'live')`,
  );
});
afterAll(() => db.drop());

/** What a role gets for a statement: its rows, or the SQLSTATE of the refusal. Changes nothing for good. */
async function as(role: string, statement: string): Promise<unknown> {
  await db.sql('begin');
  try {
    await db.sql(`set local role ${role}`);
    return await db.sql(statement);
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await db.sql('rollback');
  }
}

it('are these and no others', async () => {
  const found = await db.sql<{ name: string }>(
    `select p.oid::regprocedure::text as name from pg_proc p
     where p.prosecdef and p.pronamespace in ('storage'::regnamespace, 'sluice'::regnamespace, 'auth'::regnamespace)`,
  );
  expect(found.map(({ name }) => name).sort()).toEqual(Object.keys(DEFINERS));
});

it('pin their search path and belong to the owner of the schemas, who never logs in', async () => {
  const found = await db.sql(
    `select distinct p.proconfig::text as settings, p.proowner::regrole::text as owner, r.rolcanlogin as logs_in
     from pg_proc p join pg_roles r on r.oid = p.proowner where p.oid = any ($1::regprocedure[])`,
    [Object.keys(DEFINERS)],
  );
  expect(found).toEqual([{ settings: '{"search_path=\\"\\""}', owner: 'sluice_owner', logs_in: false }]);
});

it.each(Object.entries(DEFINERS))('%s is for those alone who need it', async (name, allowed) => {
  const found = await db.sql<{ role: string }>(
    `select role from unnest($2::text[]) as role where has_function_privilege(role, $1, 'execute')`,
    [name, ROLES],
  );
  expect(found.map(({ role }) => role).sort()).toEqual(allowed);
});

describe.each(ORDINARY)('bucket_rules tells %s', role => {
  it.each(['%', '', 'SECRET', 'secret ', 'nothing', "secret' or true --"])(
    'nothing for the guess "%s"',
    async guess => {
      expect(await as(role, `select * from storage.bucket_rules(${literal(guess)})`)).toEqual([]);
    },
  );

  it('nothing without a name', async () => {
    expect(await as(role, 'select * from storage.bucket_rules(null)')).toEqual([]);
  });

  it('limits and visibility for an exact id, and neither owner nor times', async () => {
    expect(await as(role, `select * from storage.bucket_rules('secret')`)).toEqual([
      { public: false, file_size_limit: '99', allowed_mime_types: ['text/plain'], delivery: 'proxy' },
    ]);
    expect(await as(role, `select * from storage.buckets`)).toEqual([]);
  });
});

describe.each(ORDINARY)('public_object shows %s', role => {
  it.each([
    ['nothing of a private bucket', `'secret', 'plan.txt'`],
    ['nothing for a pattern', `'open', '%'`],
    ['nothing without a name', `'open', null`],
    ['nothing without a bucket', `null, 'poem.txt'`],
  ])('%s', async (_, parameters) => {
    expect(await as(role, `select * from storage.public_object(${parameters})`)).toEqual([]);
  });

  it('one object of a public bucket by its exact name, which changes nothing of what the table shows', async () => {
    expect(await as(role, `select bucket_id, name from storage.public_object('open', 'poem.txt')`)).toEqual([
      { bucket_id: 'open', name: 'poem.txt' },
    ]);
    expect(await as(role, 'select * from storage.objects')).toEqual([]);
  });
});

describe.each([...ORDINARY, 'service_role'])('bucket_holds_objects refuses %s', role => {
  it('whether the bucket holds anything or not', async () => {
    expect(await as(role, `select storage.bucket_holds_objects('secret')`)).toBe('42501');
    expect(await as(role, `select storage.bucket_holds_objects('nothing')`)).toBe('42501');
  });
});

it('bucket_holds_objects tells the gateway yes or no of one bucket, and nothing else', async () => {
  expect(await as('sluice_gateway', `select storage.bucket_holds_objects('secret') as held`)).toEqual([{ held: true }]);
  expect(await as('sluice_gateway', `select storage.bucket_holds_objects('%') as held`)).toEqual([{ held: false }]);
});

const TRIGGERS = ['sluice.mark_unnamed_blobs', 'sluice.keep_file_record'];

describe.each(TRIGGERS.flatMap(name => ROLES.map(role => [name, role] as const)))('%s refuses %s', (name, role) => {
  it('a direct call', async () => {
    expect(await as(role, `select ${name}()`)).toBe('42501');
  });

  it('a trigger on a table of its own, which would name what to forget', async () => {
    await db.sql(`create table public.bait (id uuid, bucket_id text, version text); grant all on public.bait to ${role};
      alter table public.bait owner to ${role}`);
    try {
      const trap = `create trigger trap after delete on public.bait referencing old table as removed
        for each statement execute function ${name}()`;
      expect(await as(role, trap)).toBe('42501');
    } finally {
      await db.sql('drop table public.bait');
    }
  });
});

it('mark_unnamed_blobs marks only bytes that no row names, even when every row of a table is removed at once', async () => {
  await db.sql('begin');
  await db.sql(`update storage.objects set version = 'v9' where name = 'plan.txt'`);
  expect(await db.sql('select version, state from sluice.blobs order by 1')).toEqual([
    { version: 'v1', state: 'dead' },
    { version: 'v9', state: 'live' },
  ]);
  await db.sql('truncate storage.objects');
  expect(await db.sql('select distinct state from sluice.blobs')).toEqual([{ state: 'dead' }]);
  await db.sql('rollback');
});

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
