-- An upload that failed gives its blob to the sweeper at once instead of when the lease runs out.
create or replace function sluice.abandon_upload(p_version text) returns void
language sql set search_path = '' as $$
  update sluice.blobs set state = 'dead', dead_at = now() where version = p_version and state = 'pending'
$$;
