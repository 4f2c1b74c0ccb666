-- Removes the file of this name and everything below the folder of this name, as the caller: all that the caller sees
-- there, or nothing (SL006). Raises SL001 and SL002. Returns how many rows went.
create or replace function sluice.delete_tree(p_role text, p_bucket text, p_path text) returns bigint
-- Nothing but seeking in the index of names is ever right here, however small the table was when the plan was made.
language plpgsql set search_path = '' set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  files bigint;
  inside bigint;
  visible bigint;
  denied boolean;
begin
  perform set_config('role', p_role, true);
  select count(*) into visible from storage.objects o
  where o.bucket_id = p_bucket and o.name >= p_path || '/' and o.name < p_path || '0';
  visible := visible + (select count(*) from storage.objects o where o.bucket_id = p_bucket and o.name = p_path);
  delete from storage.objects o where o.bucket_id = p_bucket and o.name = p_path;
  get diagnostics files = row_count;
  delete from storage.objects o
  where o.bucket_id = p_bucket and o.name >= p_path || '/' and o.name < p_path || '0';
  get diagnostics inside = row_count;
  denied := files + inside < visible and (
    exists (select from storage.objects o where o.bucket_id = p_bucket and o.name = p_path)
    or exists (
      select from storage.objects o
      where o.bucket_id = p_bucket and o.name >= p_path || '/' and o.name < p_path || '0'));
  perform set_config('role', 'sluice_gateway', true);
  if denied then
    raise exception 'Access denied' using errcode = 'SL006';
  elsif files + inside = 0 then
    perform sluice.raise_not_found(p_bucket);
  end if;
  return files + inside;
end
$$;
