-- Live entries that no row names become dead; returns which. Holding the entries first makes the second statement see
-- what a simultaneous copy has committed.
create or replace function sluice.release_unnamed(p_role text, p_versions text[]) returns setof text
language plpgsql set search_path = '' as $$
declare
  named text[];
begin
  perform from sluice.blobs b where b.version = any (p_versions) order by b.version for update;
  perform set_config('role', p_role, true);
  named := array(select distinct o.version from storage.objects o where o.version = any (p_versions));
  perform set_config('role', 'sluice_gateway', true);
  return query
    update sluice.blobs b set state = 'dead', dead_at = now()
    where b.version = any (p_versions) and not b.version = any (named) and b.state = 'live'
    returning b.version;
end
$$;
