-- Removes the rows of a bucket as the caller, who must see the bucket (SL001). A role that no policy binds proceeds in
-- steps of p_limit and is called until a step is smaller; a role under policies removes all or nothing: where any object
-- remains that the caller may not remove, seen or unseen, everything is rolled back (SL006). Returns how many went.
create or replace function sluice.empty_bucket(p_role text, p_bucket text, p_limit bigint) returns bigint
language plpgsql set search_path = '' as $$
declare
  deleted bigint;
  visible boolean;
  bound boolean;
begin
  perform set_config('role', p_role, true);
  visible := exists (select from storage.buckets b where b.id = p_bucket);
  bound := row_security_active('storage.objects');
  if visible and bound then
    delete from storage.objects o where o.bucket_id = p_bucket;
  elsif visible then
    delete from storage.objects o
    where o.bucket_id = p_bucket and o.name = any (array(
      select n.name from storage.objects n where n.bucket_id = p_bucket order by n.name limit p_limit));
  end if;
  get diagnostics deleted = row_count;
  perform set_config('role', 'sluice_gateway', true);
  if not visible then
    raise exception 'Bucket not found' using errcode = 'SL001';
  end if;
  if bound and storage.bucket_holds_objects(p_bucket) then
    raise exception 'Access denied' using errcode = 'SL006';
  end if;
  return deleted;
end
$$;
