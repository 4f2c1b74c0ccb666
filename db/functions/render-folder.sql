-- A folder as the gateway answers it; with p_with_files its files too, those that the caller sees.
create or replace function sluice.render_folder(p_role text, p_folder sluice.folders, p_with_files boolean) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_files jsonb;
begin
  if p_with_files then
    select coalesce(jsonb_agg(to_jsonb(d) order by d.created_at, d.id), '[]') into v_files
    from sluice.describe_files(
      p_role, array(select f.object_id from sluice.files f where f.folder_id = p_folder.id)) d;
  end if;
  return to_jsonb(p_folder) || jsonb_build_object(
    'account_id', sluice.account_id_of(p_folder.owner), 'files', v_files);
end
$$;
