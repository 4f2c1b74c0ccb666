-- A folder, once the caller's policies show the permit for its owner. Raises SL020 where there is none, and what
-- storage.demand raises.
create or replace function sluice.find_folder(p_role text, p_folder bigint, p_permit text) returns sluice.folders
language plpgsql set search_path = '' as $$
declare
  v_folder sluice.folders;
begin
  select d.* into v_folder from sluice.folders d where d.id = p_folder;
  if not found then
    raise exception 'folder not found' using errcode = 'SL020';
  end if;
  perform sluice.demand_as(p_role, array[p_permit], v_folder.owner::text);
  return v_folder;
end
$$;
