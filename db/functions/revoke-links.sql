-- Revokes links into an object (all, or the one with this fingerprint), or into a whole bucket (p_name null). Whoever may
-- update the object's row, or the bucket's, may revoke: the update is tried as the caller and rolled back. A row that came
-- while this waited for the one before it to go is tried in its turn: only what refuses again is forbidden.
-- Raises SL001, SL002, SL003 (visible, but a policy forbids the update).
create or replace function sluice.revoke_links(
  p_role text, p_bucket text, p_name text, p_fingerprint text, p_before timestamptz
) returns void
language plpgsql set search_path = '' as $$
declare
  touched bigint := 0;
  visible boolean;
begin
  perform set_config('role', p_role, true);
  for attempt in 1..3 loop
    if p_name is null then
      visible := exists (select from storage.buckets b where b.id = p_bucket);
    else
      visible := exists (select from storage.objects o where o.bucket_id = p_bucket and o.name = p_name);
    end if;
    begin
      if p_name is null then
        update storage.buckets b set updated_at = now() where b.id = p_bucket;
      else
        update storage.objects o set updated_at = now() where o.bucket_id = p_bucket and o.name = p_name;
      end if;
      get diagnostics touched = row_count;
      raise exception 'the rehearsal is over' using errcode = 'SL000';
    exception when sqlstate 'SL000' then
      null;
    end;
    exit when touched > 0 or not visible;
  end loop;
  perform set_config('role', 'sluice_gateway', true);
  if not visible and p_name is null then
    raise exception 'Bucket not found' using errcode = 'SL001';
  elsif not visible then
    perform sluice.raise_not_found(p_bucket);
  elsif touched = 0 then
    raise exception 'Access denied' using errcode = 'SL003';
  end if;
  insert into sluice.revoked_tokens (bucket_id, name, fingerprint, revoked_before)
  values (p_bucket, p_name, p_fingerprint, p_before)
  on conflict (bucket_id, name, fingerprint)
  do update set revoked_before = greatest(sluice.revoked_tokens.revoked_before, excluded.revoked_before);
end
$$;
