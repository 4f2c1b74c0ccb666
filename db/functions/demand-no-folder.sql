-- A folder that the caller sees has its name taken, as a file would (23505).
create or replace function sluice.demand_no_folder(p_role text, p_bucket text, p_name text) returns void
language plpgsql set search_path = '' as $$
declare
  present boolean;
begin
  perform set_config('role', p_role, true);
  present := exists (
    select from storage.objects o
    where o.bucket_id = p_bucket and o.name >= p_name || '/' and o.name < p_name || '0');
  perform set_config('role', 'sluice_gateway', true);
  if present then
    raise exception 'There is a folder of that name' using errcode = 'unique_violation', constraint = 'bucketid_objname';
  end if;
end
$$;
