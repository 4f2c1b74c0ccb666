-- Whether a link into this bucket and object, with this SHA-256 and this time of issue, has been revoked.
create or replace function sluice.is_revoked(
  p_bucket text, p_name text, p_fingerprint text, p_issued_at timestamptz
) returns boolean
language sql stable set search_path = '' as $$
  select exists (
    select from sluice.revoked_tokens r
    where r.bucket_id = p_bucket and (r.name is null or r.name = p_name)
      and (r.fingerprint is null or r.fingerprint = p_fingerprint) and r.revoked_before >= p_issued_at)
$$;
