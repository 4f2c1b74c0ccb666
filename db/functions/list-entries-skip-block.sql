-- How many files in a row, at most p_size, begin the stretch from p_low to p_high, and the last one's name; it stops
-- before the first name that lies in a folder. Part of storage.list_entries.
create or replace function storage.skip_block(
  p_bucket text, p_low text, p_high text, p_base integer, p_delimited boolean, p_descending boolean, p_size bigint,
  out files bigint, out last_name text, out ran_into_folder boolean
) language plpgsql stable
-- Nothing but walking the index in order is ever right here, and statistics must not talk the planner out of it.
set search_path = '' set enable_sort = off set enable_bitmapscan = off set enable_seqscan = off as $$
begin
  if p_descending then
    with stretch as materialized (
      select o.name, p_delimited and strpos(substr(o.name, p_base + 1), '/') > 0 as in_folder from storage.objects o
      where o.bucket_id = p_bucket and o.name >= p_low collate "C" and o.name < p_high collate "C"
      order by o.name desc limit p_size),
    folder as (select max(s.name) as name from stretch s where s.in_folder)
    select count(*), min(s.name), exists (select from folder f where f.name is not null)
    into files, last_name, ran_into_folder
    from stretch s where s.name > coalesce((select f.name from folder f), '') ;
  else
    with stretch as materialized (
      select o.name, p_delimited and strpos(substr(o.name, p_base + 1), '/') > 0 as in_folder from storage.objects o
      where o.bucket_id = p_bucket and o.name >= p_low collate "C" and o.name < p_high collate "C"
      order by o.name limit p_size),
    folder as (select min(s.name) as name from stretch s where s.in_folder)
    select count(*), max(s.name), exists (select from folder f where f.name is not null)
    into files, last_name, ran_into_folder
    from stretch s where s.name < coalesce((select f.name from folder f), p_high collate "C");
  end if;
end
$$;
