-- One folder, for whom the caller's policies show the permit. Raises SL020, and what storage.demand raises.
create or replace function sluice.read_folder(p_role text, p_folder bigint, p_permit text, p_with_files boolean)
returns jsonb
language plpgsql set search_path = '' as $$
begin
  return sluice.render_folder(p_role, sluice.find_folder(p_role, p_folder, p_permit), p_with_files);
end
$$;
