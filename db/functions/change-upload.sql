-- Changes what p_change names of one file: `display_name`, or `name` and `mimetype` together. The object's row is changed
-- as the caller, so that the update policy judges, also where only the record changes. Raises what sluice.find_upload
-- raises, SL003 (visible, but a policy forbids the change), SL005 (a type that the bucket does not allow), and 23505 (another
-- file has the name). A file that gets the name
-- while this looks is changed in its turn: only what stays, tried again, is forbidden.
create or replace function sluice.change_upload(p_role text, p_owner text, p_uid text, p_name text, p_change jsonb)
returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_owner text := sluice.owner_asked(p_owner, p_uid);
  v_object storage.objects;
  v_file jsonb;
begin
  for attempt in 1 .. 3 loop
    perform set_config('role', p_role, true);
    update storage.objects o
    set updated_at = now(), name = coalesce(p_change ->> 'name', o.name),
        metadata = case when p_change ? 'mimetype'
          then o.metadata || jsonb_build_object('mimetype', p_change -> 'mimetype') else o.metadata end
    where o.bucket_id = 'uploads' and o.name = p_name and (v_owner is null or o.owner_id = v_owner)
    returning o.* into v_object;
    perform set_config('role', 'sluice_gateway', true);
    exit when v_object.id is not null;
    perform sluice.find_upload(p_role, p_owner, p_uid, p_name);
  end loop;
  if v_object.id is null then
    raise exception 'Access denied' using errcode = 'SL003';
  end if;
  if p_change ? 'mimetype' then
    -- The bytes stay as they are, and so does their number.
    perform sluice.check_rules('uploads', v_object.name, null, v_object.metadata ->> 'mimetype', null);
  end if;
  update sluice.files f set display_name = p_change ->> 'display_name'
  where f.object_id = v_object.id and p_change ? 'display_name';
  v_file := sluice.describe_upload(v_object);
  if v_file is null then
    raise exception 'File not found' using errcode = 'SL002';
  end if;
  return v_file;
end
$$;
