-- Before a client gets a URL to store bytes directly: the rehearsal, and, where the bucket's delivery is redirect, an entry
-- in the ledger for bytes that may come, or come again, until the lease ends. Returns whether they may. A later commit
-- copies and judges them; this entry stays pending whatever comes of it, and the sweeper takes what is there in the end.
create or replace function sluice.begin_direct_upload(
  p_role text, p_bucket text, p_name text, p_id uuid, p_version text, p_owner_id text,
  p_size bigint, p_mime text, p_metadata jsonb, p_user_metadata jsonb, p_upsert boolean, p_max_size bigint,
  p_store_key text, p_lease interval
) returns boolean
language plpgsql set search_path = '' as $$
begin
  perform sluice.rehearse_upload(p_role, p_bucket, p_name, p_id, p_version, p_owner_id,
    p_size, p_mime, p_metadata, p_user_metadata, p_upsert, p_max_size);
  if (select r.delivery from storage.bucket_rules(p_bucket) r) is distinct from 'redirect' then
    return false;
  end if;
  insert into sluice.blobs (version, store_key, state, lease_until)
  values (p_version, p_store_key, 'pending', now() + p_lease);
  return true;
end
$$;
