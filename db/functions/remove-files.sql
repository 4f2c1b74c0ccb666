-- Removes one file of the caller's, or with p_file null all of them, and gives what was removed. Raises SL002 where the
-- one is absent, over, or not the caller's to see; SL006 (visible, but a policy forbids the removal).
create or replace function sluice.remove_files(p_role text, p_owner text, p_file bigint) returns setof jsonb
language plpgsql set search_path = '' as $$
declare
  v_ids uuid[];
  v_removed uuid[];
  v_files jsonb[];
begin
  perform set_config('role', p_role, true);
  v_ids := array(select o.id from storage.objects o
    where p_file is null and o.bucket_id = 'uploads' and o.owner_id = p_owner);
  perform set_config('role', 'sluice_gateway', true);
  if p_file is not null then
    v_ids := array(select f.object_id from sluice.files f where f.id = p_file);
  end if;
  v_files := array(select to_jsonb(d) from sluice.describe_files(p_role, v_ids) d);
  if p_file is not null and cardinality(v_files) = 0 then
    raise exception 'file not found' using errcode = 'SL002';
  end if;
  perform set_config('role', p_role, true);
  with gone as (delete from storage.objects o where o.id = any (v_ids) returning o.id)
  select array_agg(g.id) into v_removed from gone g;
  perform set_config('role', 'sluice_gateway', true);
  if p_file is not null and v_removed is null then
    raise exception 'Access denied' using errcode = 'SL006';
  end if;
  return query select f from unnest(v_files) f where (f ->> 'object_id')::uuid = any (v_removed);
end
$$;
