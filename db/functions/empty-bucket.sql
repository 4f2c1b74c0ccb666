-- Removes the rows of a bucket as the caller, who must see the bucket (SL001). A role that no policy binds proceeds in
-- steps of p_limit and is called until nothing remains; a role under policies removes all or nothing: where any object
-- remains that the caller may not remove, seen or unseen, everything is rolled back (SL006). A row that came, or was moved,
-- while this waited for somebody else's work is removed in its turn: only what stays, tried again, is forbidden (SL006).
-- Returns whether any row remains.
create or replace function sluice.empty_bucket(p_role text, p_bucket text, p_limit bigint) returns boolean
language plpgsql set search_path = '' as $$
declare
  deleted bigint;
  visible boolean;
  bound boolean;
  remaining boolean;
begin
  -- Two that empty one bucket would else choose the same rows at each step, and one of them find nothing to remove.
  perform pg_advisory_xact_lock(hashtext('sluice.empty_bucket'), hashtext(p_bucket));
  perform set_config('role', p_role, true);
  visible := exists (select from storage.buckets b where b.id = p_bucket);
  bound := row_security_active('storage.objects');
  perform set_config('role', 'sluice_gateway', true);
  if not visible then
    raise exception 'Bucket not found' using errcode = 'SL001';
  end if;
  for attempt in 1..3 loop
    perform set_config('role', p_role, true);
    if bound then
      delete from storage.objects o where o.bucket_id = p_bucket;
    else
      delete from storage.objects o
      where o.bucket_id = p_bucket and o.name = any (array(
        select n.name from storage.objects n where n.bucket_id = p_bucket order by n.name limit p_limit));
    end if;
    get diagnostics deleted = row_count;
    perform set_config('role', 'sluice_gateway', true);
    remaining := storage.bucket_holds_objects(p_bucket);
    exit when not remaining or (deleted > 0 and not bound);
  end loop;
  if remaining and (bound or deleted = 0) then
    raise exception 'Access denied' using errcode = 'SL006';
  end if;
  return remaining;
end
$$;
