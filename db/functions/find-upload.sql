-- One file of p_owner, of the account with p_uid (SL014), or of anybody. Raises SL002 for one that is absent, hidden, over
-- or another's than asked.
create or replace function sluice.find_upload(p_role text, p_owner text, p_uid text, p_name text) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_owner text := sluice.owner_asked(p_owner, p_uid);
  v_object storage.objects;
  v_file jsonb;
begin
  perform set_config('role', p_role, true);
  select o.* into v_object from storage.objects o
  where o.bucket_id = 'uploads' and o.name = p_name and (v_owner is null or o.owner_id = v_owner);
  perform set_config('role', 'sluice_gateway', true);
  v_file := sluice.describe_upload(v_object);
  if v_file is null then
    raise exception 'File not found' using errcode = 'SL002';
  end if;
  return v_file;
end
$$;
