-- As sluice.commit_upload for what sluice.begin_upload_beside began: where the name has been taken meanwhile, as a file or
-- as a folder, the next free one. Raises SL008 where one of its folders has become a file. No id where a sweeper took the blob.
create or replace function sluice.commit_upload_beside(
  p_role text, p_bucket text, p_stem text, p_extension text, p_attempt integer, p_id uuid, p_version text,
  p_owner_id text, p_size bigint, p_mime text, p_metadata jsonb, p_user_metadata jsonb, p_max_size bigint,
  p_store_key text, p_md5 text, out id uuid, out name text
) language plpgsql set search_path = '' as $$
declare
  taken text;
begin
  for n in p_attempt .. 101 loop
    name := sluice.name_beside(p_stem, p_extension, n, p_version);
    begin
      perform sluice.hold_tree_names(p_bucket, array[name], true);
      perform sluice.demand_no_file(p_role, p_bucket, name);
      perform sluice.demand_no_folder(p_role, p_bucket, name);
      id := sluice.commit_upload(p_role, p_bucket, name, p_id, p_version, p_owner_id,
        p_size, p_mime, p_metadata, p_user_metadata, false, p_max_size, p_store_key, p_md5);
      return;
    exception when unique_violation then
      get stacked diagnostics taken = constraint_name;
      if taken <> 'bucketid_objname' or n > 100 then
        raise;
      end if;
    end;
  end loop;
end
$$;
