-- Bytes that a row names although the ledger has no live entry for them get one, in one step with holding the row, so
-- that a simultaneous delete cannot slip in between. False where no row names them by now, or where an upload or a
-- sweeper has them in hand.
create or replace function sluice.adopt_bytes(
  p_role text, p_version text, p_store_key text, p_size bigint, p_md5 text
) returns boolean
language plpgsql set search_path = '' as $$
declare
  entry record;
  named boolean;
begin
  select b.state, b.lease_until, b.claimed_until into entry from sluice.blobs b where b.version = p_version for update;
  if found and (entry.lease_until >= now() or entry.claimed_until >= now()) then
    return false;
  end if;
  perform set_config('role', p_role, true);
  perform from storage.objects o where o.version = p_version limit 1 for share;
  named := found;
  perform set_config('role', 'sluice_gateway', true);
  if not named then
    return false;
  end if;
  insert into sluice.blobs as b (version, store_key, state, size, md5, live_at)
  values (p_version, p_store_key, 'live', p_size, p_md5, now())
  on conflict (version) do update
    set state = 'live', size = coalesce(b.size, excluded.size), md5 = coalesce(b.md5, excluded.md5),
        live_at = coalesce(b.live_at, now()), dead_at = null, lease_until = null, claimed_until = null,
        quarantined_until = null;
  return true;
end
$$;
