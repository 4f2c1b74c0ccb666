-- Live entries that no row names become quarantined for p_quarantine, or dead where it is null; returns which. Holding
-- the entries first makes the second statement see what a simultaneous copy has committed.
create or replace function sluice.release_unnamed(p_role text, p_versions text[], p_quarantine interval)
returns setof text
language plpgsql set search_path = '' as $$
declare
  named text[];
begin
  perform from sluice.blobs b where b.version = any (p_versions) order by b.version for update;
  perform set_config('role', p_role, true);
  named := array(select distinct o.version from storage.objects o where o.version = any (p_versions));
  perform set_config('role', 'sluice_gateway', true);
  return query
    update sluice.blobs b
    set state = case when p_quarantine is null then 'dead' else 'quarantined' end,
        dead_at = case when p_quarantine is null then now() end, quarantined_until = now() + p_quarantine
    where b.version = any (p_versions) and not b.version = any (named) and b.state = 'live'
    returning b.version;
end
$$;
