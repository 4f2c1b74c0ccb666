/**
 * The outer fence: what each database role may do before any policy is asked. Judged over the catalogs, so that a table,
 * function or schema added later is judged as well.
 */
import { cloneTestDatabase, type TestDatabase } from '../support/test-database.ts';

const SCHEMAS = `('storage', 'sluice', 'auth')`;
const TABLE_RIGHTS = ['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger'];

let db: TestDatabase;
beforeAll(async () => {
  db = await cloneTestDatabase();
});
afterAll(() => db.drop());

/** The rights that a role holds on the tables of a schema, each as `table right`; a right on one column counts. */
async function rightsOf(role: string, schema: string): Promise<string[]> {
  const rows = await db.sql<{ held: string }>(
    `select c.relname || ' ' || word as held
     from pg_class c, unnest($3::text[]) as word
     where c.relnamespace = $2::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
       and (has_table_privilege($1, c.oid, word)
         or word in ('select', 'insert', 'update', 'references') and has_any_column_privilege($1, c.oid, word))
     order by c.relname, array_position($3, word)`,
    [role, schema, TABLE_RIGHTS],
  );
  return rows.map(({ held }) => held);
}

const ROWS = ['buckets', 'objects'].flatMap(table =>
  ['select', 'insert', 'update', 'delete'].map(it => `${table} ${it}`),
);

it('the login of the gateway has no right on any object table', async () => {
  expect(await rightsOf('sluice_gateway', 'storage')).toEqual([]);
  expect(await rightsOf('sluice_gateway', 'auth')).toEqual([]);
});

it('the login of the gateway inherits nothing from the roles it may take on', async () => {
  const [attributes] = await db.sql(
    `select rolinherit, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication from pg_roles
     where rolname = 'sluice_gateway'`,
  );
  expect(new Set(Object.values(attributes ?? {}))).toEqual(new Set([false]));
  const direct = await db.sql<{ role: string }>(
    `select roleid::regrole::text as role from pg_auth_members where member = 'sluice_gateway'::regrole order by 1`,
  );
  expect(direct.map(({ role }) => role)).toEqual(['anon', 'authenticated', 'service_role']);
});

it.each(['sluice_owner', 'postgres'])('the login of the gateway cannot become %s', async role => {
  const [present] = await db.sql('select from pg_roles where rolname = $1', [role]);
  const target = present === undefined ? 'pg_database_owner' : role;
  await db.sql('begin');
  try {
    await db.sql('set local session authorization sluice_gateway');
    await expect(db.sql(`set local role ${target}`)).rejects.toMatchObject({ code: '42501' });
  } finally {
    await db.sql('rollback');
  }
});

it.each([
  ['reads objects', 'select from storage.objects'],
  ['adds an object', `insert into storage.objects (bucket_id, name) values ('b', 'n')`],
  ['empties objects', 'truncate storage.objects'],
  ['turns policies off', 'alter table storage.objects disable row level security'],
  ['writes a policy', 'create policy mine on storage.objects using (true)'],
  ['replaces a function', `create function storage.foldername(t text) returns text[] language sql as 'select null'`],
  ['makes a table in a schema of ours', 'create table sluice.mine ()'],
])('the login of the gateway is refused where it %s', async (_, statement) => {
  await db.sql('begin');
  try {
    await db.sql('set local session authorization sluice_gateway');
    await expect(db.sql(statement)).rejects.toMatchObject({ code: '42501' });
  } finally {
    await db.sql('rollback');
  }
});

it.each(['anon', 'authenticated'])(
  '%s may be judged by policies on rows, and hold no right that knows no policy',
  async role => {
    expect((await rightsOf(role, 'storage')).sort()).toEqual([...ROWS, 'files_over select', 'permits select'].sort());
    expect(await rightsOf(role, 'sluice')).toEqual([]);
    expect(await rightsOf(role, 'auth')).toEqual([]);
  },
);

it('service_role may also truncate, and reads the revocations and nothing else of the private side', async () => {
  expect((await rightsOf('service_role', 'storage')).sort()).toEqual(
    [
      ...ROWS,
      'buckets truncate',
      'objects truncate',
      'files_guarded select',
      'files_over select',
      'permits select',
    ].sort(),
  );
  expect(await rightsOf('service_role', 'sluice')).toEqual(['revoked_tokens select']);
});

it('nobody but the owner creates anything in our schemas', async () => {
  const creators = await db.sql<{ creator: string }>(
    `select distinct r.rolname || ' in ' || n.nspname as creator from pg_roles r, pg_namespace n
     where n.nspname in ${SCHEMAS} and has_schema_privilege(r.oid, n.oid, 'create')
       and r.rolname <> 'sluice_owner' and not r.rolsuper
       and not (pg_has_role(r.oid, 'sluice_owner', 'member') and r.rolcreaterole)`,
  );
  expect(creators).toEqual([]);
});

it('everything in our schemas belongs to the owner, who cannot log in', async () => {
  const owners = await db.sql(
    `select distinct owner::regrole::text as owner from (
       select nspowner as owner from pg_namespace where nspname in ${SCHEMAS}
       union all select relowner from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname in ${SCHEMAS}
       union all select proowner from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname in ${SCHEMAS}
     ) as owned`,
  );
  expect(owners).toEqual([{ owner: 'sluice_owner' }]);
  expect(await db.sql(`select rolcanlogin, rolsuper from pg_roles where rolname = 'sluice_owner'`)).toEqual([
    { rolcanlogin: false, rolsuper: false },
  ]);
});

it('the private side is closed to ordinary roles, functions included', async () => {
  const open = await db.sql(
    `select p.oid::regprocedure::text as name, role from pg_proc p, unnest('{anon,authenticated,service_role}'::text[]) as role
     where p.pronamespace = 'sluice'::regnamespace and has_function_privilege(role, p.oid, 'execute')`,
  );
  expect(open).toEqual([]);
  const inside = await db.sql(
    `select role from unnest('{anon,authenticated}'::text[]) as role where has_schema_privilege(role, 'sluice', 'usage')`,
  );
  expect(inside).toEqual([]);
});

it('row level security is on for every table of the public contract', async () => {
  const unguarded = await db.sql(
    `select relname from pg_class where relnamespace = 'storage'::regnamespace and relkind in ('r', 'p')
       and not relrowsecurity`,
  );
  expect(unguarded).toEqual([]);
});

it('no name is longer than Postgres keeps, in the catalogs as in the text', async () => {
  const [longest] = await db.sql<{ longest: number }>(
    `select max(octet_length(name)) as longest from (
       select conname::text as name from pg_constraint union all select proname from pg_proc
       union all select polname from pg_policy union all select relname from pg_class union all select tgname from pg_trigger
     ) as names`,
  );
  expect(longest?.longest).toBeLessThan(63);
});
