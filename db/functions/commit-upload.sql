-- Second half of an upload, once the bytes are durable: judges rules and policies again, on facts, writes the row and
-- makes the blob live, all in one transaction. Returns the row's id, or null where the upload's lease ran out and a
-- sweeper took the blob: then the bytes are noted once more, with no time left, so that nothing is left behind.
create or replace function sluice.commit_upload(
  p_role text, p_bucket text, p_name text, p_id uuid, p_version text, p_owner_id text,
  p_size bigint, p_mime text, p_metadata jsonb, p_user_metadata jsonb, p_upsert boolean, p_max_size bigint,
  p_store_key text, p_md5 text
) returns uuid
language plpgsql set search_path = '' as $$
begin
  update sluice.blobs
  set state = 'live', size = p_size, md5 = p_md5, live_at = now(), lease_until = null
  where version = p_version and state = 'pending';
  if not found then
    perform sluice.expect_late_bytes(p_version, p_store_key, interval '0');
    return null;
  end if;
  perform sluice.check_rules(p_bucket, p_name, p_size, p_mime, p_max_size);
  return (sluice.put_row(
    p_role, p_bucket, p_name, p_id, p_version, p_owner_id, p_metadata, p_user_metadata, p_upsert)).id;
end
$$;
