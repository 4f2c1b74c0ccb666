-- Removes the file of this name and everything below the folder of this name, as the caller: all that the caller sees
-- there, or nothing (SL006). A row that came while this waited for the one before it to go is removed in its turn: only what
-- stays, tried again, is forbidden. Raises SL001 and SL002. Returns how many rows went.
create or replace function sluice.delete_tree(p_role text, p_bucket text, p_path text) returns bigint
-- Nothing but seeking in the index of names is ever right here, however small the table was when the plan was made.
language plpgsql set search_path = '' set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
declare
  -- So few at a time that whatever was read to count them is still in memory when they go.
  at_once constant bigint := 5000;
  low text := p_path || '/';
  high text;
  seen bigint;
  gone bigint;
  removed bigint := 0;
  denied boolean;
begin
  perform sluice.hold_tree_names(p_bucket, array[p_path], true);
  perform set_config('role', p_role, true);
  for attempt in 1..3 loop
    delete from storage.objects o where o.bucket_id = p_bucket and o.name = p_path;
    get diagnostics removed = row_count;
    denied := removed = 0 and exists (select from storage.objects o where o.bucket_id = p_bucket and o.name = p_path);
    exit when not denied;
  end loop;
  while not denied and low <> p_path || '0' loop
    seen := at_once;
    high := (
      select o.name || chr(1) from storage.objects o -- the next possible name: chr(0) cannot occur
      where o.bucket_id = p_bucket and o.name >= low and o.name < p_path || '0'
      order by o.name offset at_once - 1 limit 1);
    if high is null then
      high := p_path || '0';
      select count(*) into seen from storage.objects o where o.bucket_id = p_bucket and o.name >= low and o.name < high;
    end if;
    for attempt in 1..3 loop
      delete from storage.objects o where o.bucket_id = p_bucket and o.name >= low and o.name < high;
      get diagnostics gone = row_count;
      removed := removed + gone;
      denied := (gone < seen or attempt > 1) and exists (
        select from storage.objects o where o.bucket_id = p_bucket and o.name >= low and o.name < high);
      exit when not denied;
    end loop;
    low := high;
  end loop;
  perform set_config('role', 'sluice_gateway', true);
  if denied then
    raise exception 'Access denied' using errcode = 'SL006';
  elsif removed = 0 then
    perform sluice.raise_not_found(p_bucket);
  end if;
  return removed;
end
$$;
