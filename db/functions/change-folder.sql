-- Makes a folder public or private. Raises SL020, and what storage.demand raises.
create or replace function sluice.change_folder(p_role text, p_folder bigint, p_public boolean, p_with_files boolean)
returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_folder sluice.folders := sluice.find_folder(p_role, p_folder, 'folder-change');
begin
  update sluice.folders d set public = p_public, updated_at = now() where d.id = p_folder returning d.* into v_folder;
  if not found then
    raise exception 'folder not found' using errcode = 'SL020';
  end if;
  return sluice.render_folder(p_role, v_folder, p_with_files);
end
$$;
