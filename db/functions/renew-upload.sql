-- Keeps a running upload's lease. False: the lease ran out and a sweeper took the blob; the upload must stop.
create or replace function sluice.renew_upload(p_version text, p_lease interval) returns boolean
language plpgsql set search_path = '' as $$
begin
  update sluice.blobs set lease_until = now() + p_lease where version = p_version and state = 'pending';
  return found;
end
$$;
