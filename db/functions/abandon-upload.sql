-- An upload that failed gives its blob to the sweeper at once instead of when the lease runs out. Where its lease has run
-- out and a sweeper has forgotten it, the entry comes back: the bytes may have arrived since.
create or replace function sluice.abandon_upload(p_version text, p_store_key text) returns void
language sql set search_path = '' as $$
  insert into sluice.blobs as b (version, store_key, state, dead_at)
  values (p_version, p_store_key, 'dead', now())
  on conflict (version) do update set state = 'dead', dead_at = now() where b.state = 'pending'
$$;
