-- Whether a ledger entry waits for a sweeper that should have come p_late ago: an upload whose lease ran out, dead
-- bytes past their grace, or a quarantine that is over.
create or replace function sluice.is_stuck(p_blob sluice.blobs, p_grace interval, p_late interval) returns boolean
language sql stable set search_path = '' as $$
  select case p_blob.state
    when 'pending' then coalesce(p_blob.lease_until, p_blob.created_at) + p_late < now()
    when 'dead' then coalesce(p_blob.dead_at, p_blob.created_at)
      + case when p_blob.live_at is null then interval '0' else p_grace end + p_late < now()
    when 'quarantined' then p_blob.quarantined_until + p_late < now()
    else false
  end
$$;
