-- Removes a folder; its files stay, in none. Raises SL020, and what storage.demand raises.
create or replace function sluice.remove_folder(p_role text, p_folder bigint) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_folder sluice.folders := sluice.find_folder(p_role, p_folder, 'folder-change');
begin
  -- Whoever changes a file holds it and then wants its folder; in the other order both would wait.
  perform from sluice.files f where f.folder_id = p_folder order by f.id for update;
  delete from sluice.folders d where d.id = p_folder;
  if not found then
    raise exception 'folder not found' using errcode = 'SL020';
  end if;
  return sluice.render_folder(p_role, v_folder, false);
end
$$;
