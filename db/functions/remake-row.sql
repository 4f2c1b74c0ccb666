-- Makes a row for bytes that no row names, from what is stored beside them, with a live ledger entry and, where it is
-- missing, a private bucket. Returns what came of it: `remade`; `named` where a row names the bytes by now; `held` where
-- they were removed on purpose, or an upload or a sweeper has them in hand; `taken` where the name has a row.
-- p_file says of a file of `uploads` what its record is to say.
-- A row that this function made from older bytes gives way, and those are quarantined. It is known by its entry, which was created after its bytes
-- went live; in every other life it is the other way round.
create or replace function sluice.remake_row(
  p_role text, p_version text, p_store_key text, p_bucket text, p_name text, p_owner_id text,
  p_size bigint, p_md5 text, p_metadata jsonb, p_user_metadata jsonb, p_file jsonb, p_stored_at timestamptz,
  p_quarantine interval
) returns text
language plpgsql set search_path = '' as $$
declare
  entry record;
  present text;
  v_id uuid;
  named boolean;
  made boolean := false;
  stored_at timestamptz := least(p_stored_at, now() - interval '1 millisecond');
  v_owner uuid := case when p_owner_id ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then p_owner_id::uuid end;
begin
  select b.* into entry from sluice.blobs b where b.version = p_version for update;
  if found and entry.state not in ('live', 'quarantined') then
    return 'held';
  end if;

  perform set_config('role', p_role, true);
  named := exists (select from storage.objects o where o.version = p_version);
  if not named then
    insert into storage.buckets (id, name, public) values (p_bucket, p_bucket, false) on conflict do nothing;
    insert into storage.objects
      (bucket_id, name, version, owner, owner_id, metadata, user_metadata, created_at, updated_at, last_accessed_at)
    values (p_bucket, p_name, p_version, v_owner, p_owner_id, p_metadata, p_user_metadata, stored_at, stored_at, stored_at)
    on conflict (bucket_id, name) do nothing;
    made := found;
    if not made then
      select o.version into present from storage.objects o where o.bucket_id = p_bucket and o.name = p_name for update;
    end if;
  end if;
  perform set_config('role', 'sluice_gateway', true);

  if named then
    return 'named';
  end if;
  if not made then
    perform from sluice.blobs b
    where b.version = present and b.state = 'live' and b.live_at < b.created_at and b.live_at < stored_at;
    if not found then
      return 'taken';
    end if;
    perform set_config('role', p_role, true);
    update storage.objects o
    set version = p_version, owner = v_owner, owner_id = p_owner_id, metadata = p_metadata,
        user_metadata = p_user_metadata, created_at = stored_at
    where o.bucket_id = p_bucket and o.name = p_name and o.version = present;
    perform set_config('role', 'sluice_gateway', true);
    update sluice.blobs b set state = 'quarantined', dead_at = null, quarantined_until = now() + p_quarantine
    where b.version = present and b.state = 'dead';
  end if;

  if p_file is not null then
    perform set_config('role', p_role, true);
    select o.id into v_id from storage.objects o where o.bucket_id = p_bucket and o.name = p_name;
    perform set_config('role', 'sluice_gateway', true);
    update sluice.files f
    set display_name = p_file ->> 'displayName', original_name = p_file ->> 'originalName',
        expires_at = (p_file ->> 'expiresAt')::timestamptz, max_views = (p_file ->> 'maxViews')::bigint,
        -- No password has this hash.
        password_hash = case when (p_file ->> 'isLocked')::boolean then 'lost' end
    where f.object_id = v_id;
  end if;
  insert into sluice.blobs (version, store_key, state, size, md5, live_at)
  values (p_version, p_store_key, 'live', p_size, p_md5, stored_at)
  on conflict (version) do update
    set state = 'live', size = excluded.size, md5 = excluded.md5, live_at = excluded.live_at, created_at = now(),
        dead_at = null, lease_until = null, claimed_until = null, quarantined_until = null;
  return 'remade';
end
$$;
