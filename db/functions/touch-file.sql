-- Before a file's record is changed: changes its object's time as the caller, so that the update policy judges. Gives the
-- record, locked. Raises SL002 (no such file, or over), SL003 (another's, whatever the policies let the caller do with it
-- elsewhere, or not the caller's to change).
create or replace function sluice.touch_file(p_role text, p_file bigint) returns sluice.files
language plpgsql set search_path = '' as $$
declare
  v_file sluice.files;
  v_touched bigint;
begin
  select f.* into v_file from sluice.files f where f.id = p_file and not sluice.is_over(f);
  if not found then
    raise exception 'file not found' using errcode = 'SL002';
  end if;
  perform set_config('role', p_role, true);
  update storage.objects o set updated_at = now() where o.id = v_file.object_id and o.owner_id = auth.uid()::text;
  get diagnostics v_touched = row_count;
  perform set_config('role', 'sluice_gateway', true);
  select f.* into v_file from sluice.files f where f.id = p_file and not sluice.is_over(f) for update;
  if not found then
    raise exception 'file not found' using errcode = 'SL002'; -- also where it has just been removed
  elsif v_touched = 0 then
    raise exception 'Access denied' using errcode = 'SL003';
  end if;
  return v_file;
end
$$;
