-- Whether an upload would be accepted, as far as it is known before any byte moves: checks the bucket's rules on what is
-- declared, and tries the row write under the caller's policies and rolls it back. Returns the number of bytes allowed.
create or replace function sluice.rehearse_upload(
  p_role text, p_bucket text, p_name text, p_id uuid, p_version text, p_owner_id text,
  p_size bigint, p_mime text, p_metadata jsonb, p_user_metadata jsonb, p_upsert boolean, p_max_size bigint
) returns bigint
language plpgsql set search_path = '' as $$
declare
  allowed bigint := sluice.check_rules(p_bucket, p_name, p_size, p_mime, p_max_size);
begin
  begin
    perform sluice.put_row(
      p_role, p_bucket, p_name, p_id, p_version, p_owner_id, p_metadata, p_user_metadata, p_upsert);
    raise exception 'the rehearsal is over' using errcode = 'SL000';
  exception when sqlstate 'SL000' then
    null; -- the row, and every effect of triggers on it, is rolled back; the role is the gateway's again
  end;
  return allowed;
end
$$;
