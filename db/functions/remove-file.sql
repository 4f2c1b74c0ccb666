-- Removes one of the caller's own files, and gives what was removed. Raises SL002 where it is absent, over, another's, or
-- not the caller's to see; SL006 (visible, but a policy forbids the removal).
create or replace function sluice.remove_file(p_role text, p_file bigint) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_object uuid := (select f.object_id from sluice.files f where f.id = p_file);
  v_file jsonb := (select to_jsonb(d) from sluice.describe_files(p_role, array[v_object]) d);
  v_own boolean;
  v_removed boolean;
begin
  perform set_config('role', p_role, true);
  v_own := v_file ->> 'owner_id' = auth.uid()::text;
  delete from storage.objects o where v_own and o.id = v_object;
  v_removed := found;
  -- Whoever else has just removed it leaves nothing to forbid.
  v_own := v_own and exists (select from storage.objects o where o.id = v_object);
  perform set_config('role', 'sluice_gateway', true);
  if not v_removed and v_own is not true then
    raise exception 'file not found' using errcode = 'SL002';
  elsif not v_removed then
    raise exception 'Access denied' using errcode = 'SL006';
  end if;
  return v_file;
end
$$;
