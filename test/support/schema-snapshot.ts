/**
 * The schema as text, from the catalog: tables, columns, constraints, indexes, triggers, functions, policies and rights.
 * Committed as db/schema.snapshot.sql, so that a change of migrations, functions or grants shows in review as what it
 * does to the database. No dump tool is needed, which the embedded Postgres does not bring.
 */
import type { TestDatabase } from './test-database.ts';

const SECTIONS: readonly (readonly [title: string, query: string])[] = [
  [
    'tables',
    `
    select format(E'%s.%s.%s %s%s%s%s', n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
      case when co.collname <> 'default' then ' collate ' || co.collname else '' end,
      case when a.attnotnull then ' not null' else '' end,
      case when d.adbin is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid) else '' end) as line
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_collation co on co.oid = a.attcollation
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where n.nspname in ('storage', 'sluice', 'auth') and c.relkind = 'r'
    order by n.nspname, c.relname, a.attnum`,
  ],
  [
    'constraints',
    `
    select format('%s: %s %s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid)) as line
    from pg_constraint c join pg_namespace n on n.oid = c.connamespace
    where n.nspname in ('storage', 'sluice', 'auth') and c.conrelid <> 0 and c.contype <> 'n'
    order by c.conrelid::regclass::text, c.conname`,
  ],
  [
    'indexes',
    `
    select indexdef as line from pg_indexes where schemaname in ('storage', 'sluice', 'auth') order by 1`,
  ],
  [
    'triggers',
    `
    select pg_get_triggerdef(t.oid) as line from pg_trigger t
    join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
    where not t.tgisinternal and n.nspname in ('storage', 'sluice', 'auth') order by 1`,
  ],
  [
    'row level security and policies',
    `
    select format('%s: row level security %s%s', c.oid::regclass, case when c.relrowsecurity then 'on' else 'off' end,
      coalesce((select string_agg(format(E'\\n  %s for %s', p.polname, p.polcmd), '' order by p.polname)
        from pg_policy p where p.polrelid = c.oid), '')) as line
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('storage', 'sluice', 'auth') and c.relkind = 'r' order by c.oid::regclass::text`,
  ],
  [
    'rights',
    `
    select format('%s %s: %s', kind, name, rights) as line from (
      select 'table' as kind, c.oid::regclass::text as name, c.relacl::text[] as acl from pg_class c
      join pg_namespace n on n.oid = c.relnamespace where n.nspname in ('storage', 'sluice', 'auth') and c.relkind = 'r'
      union all select 'schema', n.nspname, n.nspacl::text[] from pg_namespace n
      where n.nspname in ('storage', 'sluice', 'auth')
      union all select 'function', p.oid::regprocedure::text, p.proacl::text[] from pg_proc p
      join pg_namespace n on n.oid = p.pronamespace where n.nspname in ('storage', 'sluice', 'auth')) held,
    lateral (select coalesce(string_agg(split_part(item, '/', 1), ', ' order by item), 'default') as rights
      from unnest(acl) as item where item not like 'sluice_owner=%') as listed
    order by kind, name`,
  ],
  [
    'functions',
    `
    select format('%s returns %s%s%s%s', p.oid::regprocedure, pg_get_function_result(p.oid),
      case p.provolatile when 'i' then ' immutable' when 's' then ' stable' else '' end,
      case when p.prosecdef then ' SECURITY DEFINER' else '' end,
      coalesce(' set ' || array_to_string(p.proconfig, ', '), '')) as line
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('storage', 'sluice', 'auth') order by p.oid::regprocedure::text`,
  ],
];

/** The text; the same for every supported version of Postgres. */
export async function describeSchema(db: TestDatabase): Promise<string> {
  const parts = [
    '-- What migrations, functions and grants add up to. Written by `WRITE_SCHEMA_SNAPSHOT=true npx jest integration/schema`; compared in the tests.',
  ];
  for (const [title, query] of SECTIONS) {
    const rows = await db.sql<{ line: string }>(query);
    parts.push(`\n-- ${title}\n${rows.map(row => row.line.trimEnd()).join('\n')}`);
  }
  return `${parts.join('\n')}\n`;
}
