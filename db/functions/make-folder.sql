-- A new folder of the caller's with the given files, which leave the folders they were in. Raises SL002, naming the
-- files that do not exist, are another's or are not the caller's to change.
create or replace function sluice.make_folder(p_role text, p_owner uuid, p_name text, p_files bigint[]) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_folder sluice.folders;
  v_touched uuid[];
  v_missing text;
begin
  perform sluice.demand_as(p_role, array['folder-change'], p_owner::text);
  v_touched := array(select f.object_id from sluice.files f where f.id = any (p_files) and not sluice.is_over(f));
  perform set_config('role', p_role, true);
  with touched as (
    update storage.objects o set updated_at = now()
    where o.id = any (v_touched) and o.owner_id = p_owner::text returning o.id)
  select array_agg(t.id) into v_touched from touched t;
  perform set_config('role', 'sluice_gateway', true);
  select string_agg(w.id::text, ', ' order by w.position) into v_missing
  from unnest(p_files) with ordinality as w (id, position)
  where not exists (select from sluice.files f where f.id = w.id and f.object_id = any (v_touched));
  if v_missing is not null then
    raise exception 'files % not found', v_missing using errcode = 'SL002';
  end if;
  insert into sluice.folders (name, owner) values (p_name, p_owner) returning * into v_folder;
  update sluice.files f set folder_id = v_folder.id where f.object_id = any (v_touched);
  return sluice.render_folder(p_role, v_folder, false);
end
$$;
