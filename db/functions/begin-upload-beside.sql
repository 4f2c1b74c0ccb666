-- As sluice.begin_upload for a new name beside whatever is there: the first of `name.ext`, `name (1).ext`, `name (2).ext` …
-- that is free, as a file and as a folder; after a hundred, one that is made from the version. Returns it, and at which
-- attempt it was found.
create or replace function sluice.begin_upload_beside(
  p_role text, p_bucket text, p_stem text, p_extension text, p_id uuid, p_version text, p_owner_id text,
  p_size bigint, p_mime text, p_metadata jsonb, p_user_metadata jsonb, p_max_size bigint,
  p_store_key text, p_lease interval, out name text, out attempt integer, out allowed bigint
) language plpgsql set search_path = '' as $$
declare
  taken text;
begin
  for n in 0 .. 101 loop
    attempt := n;
    name := sluice.name_beside(p_stem, p_extension, n, p_version);
    begin
      perform sluice.demand_no_folder(p_role, p_bucket, name);
      allowed := sluice.begin_upload(p_role, p_bucket, name, p_id, p_version, p_owner_id,
        p_size, p_mime, p_metadata, p_user_metadata, false, p_max_size, p_store_key, p_lease, null, null);
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
