-- First half of an upload, before any byte moves: the rehearsal, and an entry in the ledger for the coming bytes. Returns
-- the number of bytes allowed. A redeemed upload link is checked against the revocations first (SL007).
create or replace function sluice.begin_upload(
  p_role text, p_bucket text, p_name text, p_id uuid, p_version text, p_owner_id text,
  p_size bigint, p_mime text, p_metadata jsonb, p_user_metadata jsonb, p_upsert boolean, p_max_size bigint,
  p_store_key text, p_lease interval, p_link_fingerprint text, p_link_issued_at timestamptz
) returns bigint
language plpgsql set search_path = '' as $$
declare
  allowed bigint;
begin
  if p_link_fingerprint is not null and sluice.is_revoked(p_bucket, p_name, p_link_fingerprint, p_link_issued_at) then
    raise exception 'The link has been revoked' using errcode = 'SL007';
  end if;
  allowed := sluice.rehearse_upload(p_role, p_bucket, p_name, p_id, p_version, p_owner_id,
    p_size, p_mime, p_metadata, p_user_metadata, p_upsert, p_max_size);
  insert into sluice.blobs (version, store_key, state, lease_until)
  values (p_version, p_store_key, 'pending', now() + p_lease);
  return allowed;
end
$$;
