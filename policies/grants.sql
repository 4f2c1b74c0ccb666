-- Who may touch what. Re-runnable; applied after every migration run, as the owner of the schemas.
-- Rights here are the outer fence only: with row level security enabled and no policy written, nobody but
-- `service_role` sees or changes a row.

grant usage on schema storage to anon, authenticated, service_role, sluice_gateway;
grant usage on schema sluice to sluice_gateway, service_role;

-- The ecosystem grants ALL, which includes TRUNCATE, and TRUNCATE knows no policy; so it is left out here.
grant select, insert, update, delete on storage.buckets, storage.objects to anon, authenticated, service_role;
-- What policies hide; ids alone.
grant select on storage.files_over to anon, authenticated, service_role;
-- What a public bucket does not give; ids alone.
grant select on storage.files_guarded to service_role;
-- Which permits a caller sees is for the policies; none is seen without one.
grant select on storage.permits to anon, authenticated, service_role;
grant truncate on storage.buckets, storage.objects to service_role;

-- The gateway keeps the ledger and has no right on any object table.
grant select, insert, update, delete on all tables in schema sluice to sluice_gateway;
grant usage on all sequences in schema sluice to sluice_gateway;

-- Redeeming a link happens as `service_role` and looks up revocations in the same statement.
grant select on sluice.revoked_tokens to service_role;

alter table storage.buckets enable row level security;
alter table storage.objects enable row level security;
alter table storage.permits enable row level security;

-- Functions are callable by everybody unless said otherwise; ours say otherwise.
revoke execute on all functions in schema sluice from public;
grant execute on all functions in schema sluice to sluice_gateway;
revoke execute on function sluice.mark_unnamed_blobs() from sluice_gateway;
revoke execute on function sluice.keep_file_record() from sluice_gateway;
revoke execute on function storage.bucket_rules(text) from public;
grant execute on function storage.bucket_rules(text) to anon, authenticated, service_role, sluice_gateway;
revoke execute on function storage.public_object(text, text) from public;
grant execute on function storage.public_object(text, text) to anon, authenticated, service_role;
revoke execute on function storage.bucket_holds_objects(text) from public;
grant execute on function storage.bucket_holds_objects(text) to sluice_gateway;

-- Where the server does not let us hand out BYPASSRLS, a policy gives `service_role` the same reach.
do $$
begin
  if not (select rolbypassrls from pg_roles where rolname = 'service_role') then
    drop policy if exists service_role_reaches_every_bucket on storage.buckets;
    drop policy if exists service_role_reaches_every_object on storage.objects;
    drop policy if exists service_role_has_every_permit on storage.permits;
    -- The service sees and changes every bucket.
    create policy service_role_reaches_every_bucket on storage.buckets to service_role using (true) with check (true);
    -- The service sees and changes every object.
    create policy service_role_reaches_every_object on storage.objects to service_role using (true) with check (true);
    -- The service has every permit.
    create policy service_role_has_every_permit on storage.permits for select to service_role using (true);
  end if;
end
$$;

-- A database shared with another product keeps that product's own rights on `auth`.
do $$
begin
  if (select nspowner = 'sluice_owner'::regrole from pg_namespace where nspname = 'auth') then
    grant usage on schema auth to anon, authenticated, service_role, sluice_gateway;
  end if;
end
$$;
