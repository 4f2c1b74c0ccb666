-- The next p_limit versions that rows name, in order, with the number of rows that name each and the size they give:
-- null where a row gives none that a reader would believe, or where they do not agree. p_role reads, past every policy.
create or replace function sluice.page_named_versions(p_role text, p_after text, p_limit integer)
returns table (version text, named_by bigint, size bigint)
language plpgsql stable
-- Nothing but walking the index in order is ever right here, and statistics must not talk the planner out of it.
set search_path = '' set enable_hashagg = off set enable_sort = off set enable_bitmapscan = off set enable_seqscan = off as $$
begin
  perform set_config('role', p_role, true);
  return query
    select r.version, count(*),
      case when count(r.believed) = count(*) and min(r.believed) = max(r.believed) then min(r.believed) end
    from (
      select o.version, case
        when jsonb_typeof(o.metadata -> 'size') = 'number' and o.metadata ->> 'size' ~ '^[0-9]{1,15}$'
        then (o.metadata ->> 'size')::bigint end as believed
      from storage.objects o where o.version > p_after collate "C") r
    group by r.version order by r.version limit p_limit;
  perform set_config('role', 'sluice_gateway', true);
end
$$;
