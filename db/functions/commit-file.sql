-- Second half of an upload into the bucket `uploads`: as sluice.commit_upload, and the file's record is filled in the same
-- transaction. p_record has the columns of sluice.files under their names. Raises SL020 when the folder is gone or another
-- user's. No row where a sweeper took the blob.
create or replace function sluice.commit_file(
  p_role text, p_bucket text, p_name text, p_id uuid, p_version text, p_owner_id text,
  p_size bigint, p_mime text, p_metadata jsonb, p_user_metadata jsonb, p_upsert boolean, p_max_size bigint,
  p_store_key text, p_md5 text, p_record jsonb
) returns table (id uuid, file_id bigint)
language plpgsql set search_path = '' as $$
declare
  v_id uuid := sluice.commit_upload(
    p_role, p_bucket, p_name, p_id, p_version, p_owner_id, p_size, p_mime, p_metadata, p_user_metadata, p_upsert,
    p_max_size, p_store_key, p_md5);
  v_folder bigint := (p_record ->> 'folder_id')::bigint;
begin
  if v_id is null then
    return;
  end if;
  if v_folder is not null then
    update sluice.folders d set updated_at = now() where d.id = v_folder and d.owner::text = p_owner_id;
    if not found then
      raise exception 'folder not found' using errcode = 'SL020';
    end if;
  end if;
  return query
    update sluice.files f
    set display_name = r.display_name, original_name = r.original_name, expires_at = r.expires_at,
        max_views = r.max_views, embed = coalesce(r.embed, false), format = coalesce(r.format, 'RANDOM'),
        password_hash = r.password_hash, folder_id = v_folder
    from jsonb_to_record(p_record) as r (
      display_name text, original_name text, expires_at timestamptz, max_views bigint, embed boolean, format text,
      password_hash text)
    where f.object_id = v_id
    returning f.object_id, f.id;
end
$$;
