-- An object that is absent, or hidden by a policy, which is the same: SL001 where even its bucket is missing, else SL002.
create or replace function sluice.raise_not_found(p_bucket text) returns void
language plpgsql set search_path = '' as $$
begin
  if not exists (select from storage.bucket_rules(p_bucket)) then
    raise exception 'Bucket not found' using errcode = 'SL001';
  end if;
  raise exception 'Object not found' using errcode = 'SL002';
end
$$;
