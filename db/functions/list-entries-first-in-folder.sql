-- The first name that lies in a folder, of p_size names at most (null: of all) from p_low upward, or from p_high downward
-- where p_descending; null where none does. Looks at nothing beyond it. Part of storage.list_entries.
create or replace function storage.first_in_folder(
  p_bucket text, p_low text, p_high text, p_base integer, p_descending boolean, p_size bigint
) returns text language plpgsql stable
-- Nothing but walking the index in order is ever right here, and statistics must not talk the planner out of it.
set search_path = '' set enable_sort = off set enable_bitmapscan = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan as $$
begin
  if p_descending then
    return (
      select s.name from (
        select o.name from storage.objects o
        where o.bucket_id = p_bucket and o.name >= p_low collate "C" and o.name < p_high collate "C"
        order by o.name desc limit p_size) s
      where strpos(substr(s.name, p_base + 1), '/') > 0 order by s.name desc limit 1);
  end if;
  return (
    select s.name from (
      select o.name from storage.objects o
      where o.bucket_id = p_bucket and o.name >= p_low collate "C" and o.name < p_high collate "C"
      order by o.name limit p_size) s
    where strpos(substr(s.name, p_base + 1), '/') > 0 order by s.name limit 1);
end
$$;
