-- A folder that its owner has made public, with the owner's name and the files that the caller sees. Raises SL020 for one
-- that is not public, as if there were none.
create or replace function sluice.read_public_folder(p_role text, p_folder bigint) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_folder sluice.folders;
begin
  select d.* into v_folder from sluice.folders d where d.id = p_folder and d.public;
  if not found then
    raise exception 'folder not found' using errcode = 'SL020';
  end if;
  perform sluice.demand_as(p_role, array['folder-view'], v_folder.owner::text);
  return sluice.render_folder(p_role, v_folder, true) || jsonb_build_object(
    'owner_name', (select a.username from sluice.accounts a where a.id = v_folder.owner));
end
$$;
