-- Removes the file of exactly that name and all files under it, as the caller, in one transaction, and gives the names
-- of those that are gone, in byte order. Raises SL001 for a backend that is unknown.
create or replace function sluice.delete_backend_files(
  p_role text, p_bucket text, p_name text, p_from text, p_to text
) returns setof text
language plpgsql set search_path = '' as $$
declare
  v_gone text[];
begin
  if not exists (select from storage.bucket_rules(p_bucket)) then
    raise exception 'Bucket not found' using errcode = 'SL001';
  end if;
  perform set_config('role', p_role, true);
  with gone as (
    delete from storage.objects o
    where o.bucket_id = p_bucket
      and (o.name = p_name or (o.name >= p_from and (p_to is null or o.name < p_to)))
    returning o.name)
  select array_agg(g.name order by g.name) into v_gone from gone g;
  perform set_config('role', 'sluice_gateway', true);
  return query select unnest(v_gone);
end
$$;
