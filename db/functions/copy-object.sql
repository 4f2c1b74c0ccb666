-- Adds a second row that names the same bytes: reads the source as the caller, holds the blob so that a simultaneous
-- delete cannot lose it, writes the target as the caller, with the file's record in the bucket `uploads`. p_metadata is merged over the source's; p_user_metadata
-- replaces it unless null. A copy that replaces takes its target's row first and then both objects' bytes in the order of
-- their versions, as whatever writes rows does: two that replace each other's sources would else wait for each other.
-- Raises SL001, SL002 (no such object), SL004, SL005, 23505 (target taken), 42501.
create or replace function sluice.copy_object(
  p_role text, p_source_bucket text, p_source_name text, p_bucket text, p_name text, p_id uuid, p_owner_id text,
  p_metadata jsonb, p_user_metadata jsonb, p_upsert boolean, p_max_size bigint
) returns table (
  id uuid, version text, metadata jsonb, user_metadata jsonb,
  created_at timestamptz, updated_at timestamptz, last_accessed_at timestamptz)
language plpgsql set search_path = '' as $$
declare
  source record;
  written record;
  visible boolean := false;
  held boolean := false;
  replaced text;
begin
  -- The row may be overwritten between reading it and holding its blob; then its next version is read.
  for attempt in 1..5 loop
    perform set_config('role', p_role, true);
    if p_upsert then
      -- What policies do not let the caller change is not found here, and refused below.
      select o.version into replaced from storage.objects o
      where o.bucket_id = p_bucket and o.name = p_name for no key update;
    end if;
    select o.id, o.version, o.metadata, o.user_metadata into source
    from storage.objects o
    where o.bucket_id = p_source_bucket and o.name = p_source_name and o.version is not null;
    visible := found;
    perform set_config('role', 'sluice_gateway', true);
    exit when not visible;
    if replaced < source.version then
      perform from sluice.blobs b where b.version = replaced for no key update;
    end if;
    perform from sluice.blobs b where b.version = source.version and b.state = 'live' for share;
    held := found;
    exit when held;
  end loop;
  if not visible then
    perform sluice.raise_not_found(p_source_bucket);
  elsif not held then
    -- Overwritten faster than it could be held: nothing has happened, and the whole batch is tried again.
    raise exception 'The object is being overwritten' using errcode = 'serialization_failure';
  end if;
  source.metadata := source.metadata || coalesce(p_metadata, '{}');
  if p_user_metadata is not null then
    source.user_metadata := p_user_metadata;
  end if;
  perform sluice.check_rules(
    p_bucket, p_name, (source.metadata ->> 'size')::bigint, source.metadata ->> 'mimetype', p_max_size);
  written := sluice.put_row(
    p_role, p_bucket, p_name, p_id, source.version, p_owner_id, source.metadata, source.user_metadata, p_upsert);
  if p_source_bucket = 'uploads' and p_bucket = 'uploads' then
    perform sluice.copy_file_record(source.id, written.id);
  end if;
  return query select written.id, source.version, source.metadata, source.user_metadata,
    written.created_at, written.updated_at, written.last_accessed_at;
end
$$;
