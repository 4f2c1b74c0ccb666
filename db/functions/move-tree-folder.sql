-- The part of move_tree that renames everything below the folder of this name, as the caller. denied: a policy keeps some
-- of it where it is, and nothing may stay as this has left it.
create or replace function sluice.move_tree_folder(
  p_role text, p_bucket text, p_source text, p_target text, out moved bigint, out denied boolean
)
-- Nothing but seeking in the index of names is ever right here, however small the table was when the plan was made.
language plpgsql set search_path = '' set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
declare
  -- So few at a time that whatever was read to count them is still in memory when they move.
  at_once constant bigint := 5000;
  low text := p_source || '/';
  high text;
  seen bigint;
  renamed bigint;
begin
  moved := 0;
  denied := false;
  perform set_config('role', p_role, true);
  while not denied and low <> p_source || '0' loop
    seen := at_once;
    high := (
      select o.name || chr(1) from storage.objects o -- the next possible name: chr(0) cannot occur
      where o.bucket_id = p_bucket and o.name >= low and o.name < p_source || '0'
      order by o.name offset at_once - 1 limit 1);
    if high is null then
      high := p_source || '0';
      select count(*) into seen from storage.objects o where o.bucket_id = p_bucket and o.name >= low and o.name < high;
    end if;
    for attempt in 1..3 loop
      update storage.objects o set name = p_target || right(o.name, -length(p_source)), updated_at = now()
      where o.bucket_id = p_bucket and o.name >= low and o.name < high;
      get diagnostics renamed = row_count;
      moved := moved + renamed;
      denied := (renamed < seen or attempt > 1) and exists (
        select from storage.objects o where o.bucket_id = p_bucket and o.name >= low and o.name < high);
      exit when not denied;
    end loop;
    low := high;
  end loop;
  perform set_config('role', 'sluice_gateway', true);
end
$$;
