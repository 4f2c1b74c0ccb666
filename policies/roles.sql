-- The database roles of a Sluice installation. Re-runnable; applied before every migration run.
-- `anon`, `authenticated` and `service_role` are the roles that tokens name; `sluice_gateway` is the login of the
-- gateway and may do nothing by itself but keep the ledger; `sluice_owner` owns the schemas and never logs in.
-- Roles belong to the whole server, so that several migrators may race for them from different databases.

do $$
declare
  wanted record;
begin
  for wanted in
    select * from (values
      ('anon', 'nologin noinherit'),
      ('authenticated', 'nologin noinherit'),
      ('service_role', 'nologin noinherit bypassrls'),
      ('sluice_owner', 'nologin noinherit'),
      ('sluice_gateway', 'login noinherit')
    ) as role (name, attributes)
    where not exists (select from pg_roles where rolname = role.name)
  loop
    begin
      execute format('create role %I %s', wanted.name, wanted.attributes);
    exception
      when duplicate_object or unique_violation then null;
      when insufficient_privilege then
        -- Only a superuser, or a role that has it, may hand out BYPASSRLS; grants.sql then writes a policy instead.
        if wanted.name <> 'service_role' then raise; end if;
        create role service_role nologin noinherit;
    end;
  end loop;
end
$$;

-- From Postgres 16 on whoever creates a role is a member of it, but only to hand it out: to become it (SET), as every holder
-- here does, is a right of its own. Granting a membership twice at the same instant from two databases fails with "tuple
-- concurrently updated".
do $$
declare
  to_become constant text := case when current_setting('server_version_num')::integer >= 160000 then 'set' else 'member' end;
  membership record;
begin
  for membership in
    select * from (values
      ('anon', 'sluice_gateway'), ('authenticated', 'sluice_gateway'), ('service_role', 'sluice_gateway'),
      ('sluice_owner', current_user::text), ('sluice_gateway', current_user::text)
    ) as pair (role, holder)
    where pair.role <> pair.holder and not pg_has_role(pair.holder, pair.role, to_become)
  loop
    begin
      execute format('grant %I to %I', membership.role, membership.holder);
    exception when others then
      if not pg_has_role(membership.holder, membership.role, to_become) then raise; end if;
    end;
  end loop;
end
$$;

-- Every statement of the gateway is short: compiling one costs more than running it, and one that is not done in half a
-- minute never will be. Its instants are read as ISO 8601. Settings of the role, not start-up options of a connection, which poolers refuse.
alter role sluice_gateway set jit = off;
alter role sluice_gateway set statement_timeout = '30s';
alter role sluice_gateway set datestyle = 'ISO';
