-- Removes files of p_owner, of the account with p_uid (SL014), or with neither of anybody: those named, or with p_names
-- null all of one user's. What is absent, hidden or another's is left out; gives how many went. Raises SL006 where a
-- policy forbids every removal of what the caller sees.
create or replace function sluice.remove_uploads(p_role text, p_owner text, p_uid text, p_names text[]) returns bigint
language plpgsql set search_path = '' set plan_cache_mode = force_custom_plan as $$
declare
  v_owner text := sluice.owner_asked(p_owner, p_uid);
  v_over uuid[] := sluice.files_over();
  v_removed bigint;
  v_forbidden boolean;
begin
  if v_owner is null and p_names is null then
    raise exception 'nobody''s files are named' using errcode = 'null_value_not_allowed';
  end if;
  -- A file that gets the name of another that goes is removed in its turn: only what stays, tried again, is forbidden.
  for attempt in 1 .. 3 loop
    perform set_config('role', p_role, true);
    delete from storage.objects o
    where o.bucket_id = 'uploads' and (v_owner is null or o.owner_id = v_owner)
      and (p_names is null or o.name = any (p_names)) and o.id <> all (v_over);
    get diagnostics v_removed = row_count;
    v_forbidden := v_removed = 0 and exists (
      select from storage.objects o
      where o.bucket_id = 'uploads' and (v_owner is null or o.owner_id = v_owner)
        and (p_names is null or o.name = any (p_names)) and o.id <> all (v_over));
    perform set_config('role', 'sluice_gateway', true);
    exit when not v_forbidden;
  end loop;
  if v_forbidden then
    raise exception 'Access denied' using errcode = 'SL006';
  end if;
  return v_removed;
end
$$;
