-- Removes the file of exactly that name and all files under it, as the caller, in one transaction, and gives the names
-- of those that are gone, in byte order. Raises SL001 for a backend that is unknown.
create or replace function sluice.delete_backend_files(
  p_role text, p_bucket text, p_name text, p_from text, p_to text
) returns setof text
-- Nothing but seeking in the index of names is ever right here, however small the table was when the plan was made.
language plpgsql set search_path = '' set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
declare
  v_gone text[];
  v_gone_under text[];
  -- No name is longer than 1024 bytes, so nothing follows 257 times the last code point of four bytes.
  v_to text collate "C" := coalesce(p_to, repeat(chr(1114111), 257));
begin
  if not exists (select from storage.bucket_rules(p_bucket)) then
    raise exception 'Bucket not found' using errcode = 'SL001';
  end if;
  perform set_config('role', p_role, true);
  -- Apart: an index is sought for a name or for a range, and for either of them not at all.
  with gone as (delete from storage.objects o where o.bucket_id = p_bucket and o.name = p_name returning o.name)
  select array_agg(g.name) into v_gone from gone g;
  with gone as (
    delete from storage.objects o
    where o.bucket_id = p_bucket and o.name >= p_from and o.name < v_to
    returning o.name)
  select array_agg(g.name order by g.name) into v_gone_under from gone g;
  perform set_config('role', 'sluice_gateway', true);
  return query select unnest(v_gone || v_gone_under);
end
$$;
