-- The store may still finish a write whose answer was lost. The ledger keeps its entry, or gets it back where a sweeper has
-- been faster, until another lease has run out; then the bytes, arrived or not, are the sweeper's.
create or replace function sluice.expect_late_bytes(p_version text, p_store_key text, p_lease interval) returns void
language sql set search_path = '' as $$
  insert into sluice.blobs as b (version, store_key, state, lease_until)
  values (p_version, p_store_key, 'pending', now() + p_lease)
  on conflict (version) do update
    set state = 'pending', lease_until = excluded.lease_until, dead_at = null, claimed_until = null,
        quarantined_until = null
    where b.live_at is null
$$;
