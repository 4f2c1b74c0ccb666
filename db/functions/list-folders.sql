-- The caller's own folders, the one changed last first.
create or replace function sluice.list_folders(p_role text, p_owner uuid, p_with_files boolean) returns setof jsonb
language plpgsql set search_path = '' as $$
begin
  perform sluice.demand_as(p_role, array['folder-read'], p_owner::text);
  return query
    select sluice.render_folder(p_role, d, p_with_files) from sluice.folders d
    where d.owner = p_owner order by d.updated_at desc, d.id desc;
end
$$;
