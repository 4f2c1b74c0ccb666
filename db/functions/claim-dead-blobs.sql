-- One step of the sweeper: takes over uploads whose lease ran out and blobs whose quarantine is over, then claims up to
-- p_limit dead blobs for p_hold, so that any number of sweepers share the work. Bytes that were live wait p_grace for running downloads to finish. A dead
-- blob that a row names after all (a row restored by plain SQL, or a ledger older than the rows) is live again; p_role
-- looks, past every policy.
create or replace function sluice.claim_dead_blobs(p_role text, p_limit bigint, p_grace interval, p_hold interval)
returns table (version text, store_key text, was_live boolean)
language plpgsql set search_path = '' as $$
declare
  candidates text[];
  named text[];
begin
  update sluice.blobs b set state = 'dead', dead_at = now()
  where b.version = any (array(
    select e.version from sluice.blobs e
    where e.state = 'pending' and e.lease_until < now()
    order by e.lease_until limit p_limit for update skip locked));
  perform sluice.end_quarantine(null, p_limit);

  -- A step that only brings blobs back to life leaves nothing to sweep, and is no sign that nothing is.
  for step in 1..20 loop
    candidates := array(
      select b.version from sluice.blobs b
      where b.state = 'dead' and (b.live_at is null or b.dead_at <= now() - p_grace)
        and (b.claimed_until is null or b.claimed_until < now())
      order by b.claimed_until nulls first, b.dead_at limit p_limit for update skip locked);

    perform set_config('role', p_role, true);
    named := array(select distinct o.version from storage.objects o where o.version = any (candidates));
    perform set_config('role', 'sluice_gateway', true);

    update sluice.blobs b set state = 'live', live_at = coalesce(b.live_at, now()), dead_at = null
    where b.version = any (named);
    exit when cardinality(candidates) = 0 or cardinality(named) < cardinality(candidates);
  end loop;
  return query
    update sluice.blobs b set claimed_until = now() + p_hold
    where b.version = any (candidates) and not b.version = any (named)
    returning b.version, b.store_key, b.live_at is not null;
end
$$;
