-- As sluice.commit_upload for the placeholder that keeps a folder of the storage tree, where that and those it lies in are
-- no files (SL008).
create or replace function sluice.commit_folder(
  p_role text, p_bucket text, p_name text, p_id uuid, p_version text, p_owner_id text,
  p_size bigint, p_mime text, p_metadata jsonb, p_user_metadata jsonb, p_upsert boolean, p_max_size bigint,
  p_store_key text, p_md5 text
) returns uuid
language plpgsql set search_path = '' as $$
begin
  perform sluice.hold_tree_names(p_bucket, array[regexp_replace(p_name, '/[^/]*$', '')], false);
  perform sluice.demand_no_file(p_role, p_bucket, p_name);
  return sluice.commit_upload(p_role, p_bucket, p_name, p_id, p_version, p_owner_id,
    p_size, p_mime, p_metadata, p_user_metadata, p_upsert, p_max_size, p_store_key, p_md5);
end
$$;
