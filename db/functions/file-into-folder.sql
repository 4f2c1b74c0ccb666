-- Puts a file into a folder, out of the one it was in, or with p_into false takes it out of this one. The folder is judged
-- before the file. Raises SL020, what storage.demand raises, SL002 (no such file), SL003 (not the caller's), SL021
-- (already in, or not in).
create or replace function sluice.file_into_folder(
  p_role text, p_folder bigint, p_file bigint, p_into boolean, p_with_files boolean
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_folder sluice.folders := sluice.find_folder(p_role, p_folder, 'folder-change');
  v_file sluice.files := sluice.touch_file(p_role, p_file);
begin
  if p_into = (v_file.folder_id is not distinct from p_folder) then
    raise exception 'file is % folder', case when p_into then 'already in' else 'not in' end
      using errcode = 'SL021';
  end if;
  update sluice.folders d set updated_at = now()
  where d.id = any (array[p_folder, v_file.folder_id]);
  -- Its row is locked from here on, unless somebody else has just removed it.
  select d.* into v_folder from sluice.folders d where d.id = p_folder;
  if not found then
    raise exception 'folder not found' using errcode = 'SL020';
  end if;
  update sluice.files f set folder_id = case when p_into then p_folder end where f.id = p_file;
  return sluice.render_folder(p_role, v_folder, p_with_files);
end
$$;
