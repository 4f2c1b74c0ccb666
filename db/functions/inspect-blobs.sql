-- What ledger and rows say of these versions at one instant: the function is stable, so both of its queries see the
-- same snapshot. One record a row that names a version, at most 100 a version and the ones whose size is not the
-- ledger's first; one record without a row where none does. p_role looks at the rows, past every policy. What a note of
-- removed rows names counts as dead already.
create or replace function sluice.inspect_blobs(p_role text, p_versions text[], p_grace interval, p_late interval)
returns table (
  version text, state text, size bigint, md5 text, is_leased boolean, is_stuck boolean, is_quarantined boolean,
  bucket_id text, name text, metadata jsonb)
language plpgsql stable set search_path = '' as $$
declare
  entries sluice.blobs[];
  stuck text[];
  noted text[];
begin
  entries := array(select b from sluice.blobs b where b.version = any (p_versions));
  noted := array(
    select v from sluice.removals n cross join unnest(n.versions) v where v = any (p_versions));
  stuck := array(select e.version from unnest(entries) e where sluice.is_stuck(e, p_grace, p_late));
  perform set_config('role', p_role, true);
  return query
    select v, case when r.name is null and e.state = 'live' and v = any (noted) then 'dead' else e.state end, e.size, e.md5, e.state = 'pending' and e.lease_until >= now(), e.version = any (stuck),
      e.state = 'quarantined',
      r.bucket_id, r.name, r.metadata
    from unnest(p_versions) v
    left join unnest(entries) e on e.version = v
    left join lateral (
      select o.bucket_id, o.name, o.metadata from storage.objects o where o.version = v
      order by o.metadata -> 'size' is not distinct from to_jsonb(e.size), o.id limit 100) r on true;
  perform set_config('role', 'sluice_gateway', true);
end
$$;
