-- Quarantined blobs become dead, with the sweeper's whole grace before them: the p_versions at once, or (null) up to
-- p_limit whose time has come. A row that names one after all is the sweeper's to find. Returns which.
create or replace function sluice.end_quarantine(p_versions text[], p_limit bigint) returns setof text
language plpgsql set search_path = '' as $$
begin
  return query
    update sluice.blobs b set state = 'dead', dead_at = now(), quarantined_until = null
    where b.version = any (coalesce(p_versions, array(
        select e.version from sluice.blobs e
        where e.state = 'quarantined' and e.quarantined_until < now()
        order by e.quarantined_until limit p_limit for update skip locked)))
      and b.state = 'quarantined'
    returning b.version;
end
$$;
