-- Writes one row of storage.objects as the caller, so that the caller's policies judge it. A new name is inserted; with
-- p_upsert an existing row is switched to the new version and keeps its id. Without it a taken name raises 23505.
-- A plain insert returns nothing from the table, because RETURNING would ask for a SELECT policy as well.
create or replace function sluice.put_row(
  p_role text, p_bucket text, p_name text, p_id uuid, p_version text, p_owner_id text,
  p_metadata jsonb, p_user_metadata jsonb, p_upsert boolean,
  out id uuid, out created_at timestamptz, out updated_at timestamptz, out last_accessed_at timestamptz
) language plpgsql set search_path = '' as $$
declare
  v_owner uuid := case when p_owner_id ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then p_owner_id::uuid end;
begin
  perform set_config('role', p_role, true);
  if p_upsert then
    insert into storage.objects as o (id, bucket_id, name, version, owner, owner_id, metadata, user_metadata)
    values (p_id, p_bucket, p_name, p_version, v_owner, p_owner_id, p_metadata, p_user_metadata)
    on conflict (bucket_id, name) do update
      set version = excluded.version, owner = excluded.owner, owner_id = excluded.owner_id,
          metadata = excluded.metadata, user_metadata = excluded.user_metadata
    returning o.id, o.created_at, o.updated_at, o.last_accessed_at
    into put_row.id, put_row.created_at, put_row.updated_at, put_row.last_accessed_at;
  else
    insert into storage.objects (id, bucket_id, name, version, owner, owner_id, metadata, user_metadata)
    values (p_id, p_bucket, p_name, p_version, v_owner, p_owner_id, p_metadata, p_user_metadata);
    if found then
      put_row.id := p_id;
    end if;
    put_row.created_at := now();
    put_row.updated_at := now();
    put_row.last_accessed_at := now();
  end if;
  perform set_config('role', 'sluice_gateway', true);
  if put_row.id is null then
    -- A trigger of the application swallowed the row; no row is never success.
    raise exception 'The row was not written' using errcode = 'insufficient_privilege';
  end if;
end
$$;
