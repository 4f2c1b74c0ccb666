-- A file by its public name, as the caller, and with p_count one view taken: of a file with n views left exactly n takers
-- get one. Nothing is taken of a file with a password unless p_verified_hash is the hash that the password was checked
-- against. Raises SL001 or SL002 for what is absent, hidden or over.
create or replace function sluice.view_file(p_role text, p_name text, p_count boolean, p_verified_hash text)
returns table (
  id uuid, bucket_id text, name text, version text, metadata jsonb, user_metadata jsonb, created_at timestamptz,
  updated_at timestamptz, delivery text, original_name text, password_hash text, is_limited boolean, counted boolean)
language plpgsql set search_path = '' as $$
declare
  v_object storage.objects;
  v_file sluice.files;
  v_counted boolean := false;
begin
  perform set_config('role', p_role, true);
  select o.* into v_object from storage.objects o
  where o.bucket_id = 'uploads' and o.name = p_name and o.version is not null;
  perform set_config('role', 'sluice_gateway', true);
  select f.* into v_file from sluice.files f where f.object_id = v_object.id and not sluice.is_over(f);
  if v_file.object_id is null then
    perform sluice.raise_not_found('uploads');
  end if;
  if p_count and v_file.password_hash is not distinct from p_verified_hash then
    update sluice.files f set views = f.views + 1, viewed_at = now()
    where f.object_id = v_object.id and not sluice.is_over(f);
    if not found then
      perform sluice.raise_not_found('uploads');
    end if;
    v_counted := true;
  end if;
  return query select v_object.id, v_object.bucket_id::text, v_object.name::text, v_object.version::text,
    v_object.metadata, v_object.user_metadata, v_object.created_at, v_object.updated_at,
    (select r.delivery from storage.bucket_rules('uploads') r), v_file.original_name, v_file.password_hash,
    num_nonnulls(v_file.max_views, v_file.expires_at, v_file.password_hash) > 0, v_counted;
end
$$;
