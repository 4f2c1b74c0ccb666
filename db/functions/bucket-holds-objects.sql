-- SECURITY DEFINER: whether anything is left in a bucket, seen or unseen by the caller, so that "emptied" is never said
-- while hidden objects remain. Only the gateway's own role may call it.
create or replace function storage.bucket_holds_objects(p_bucket text)
returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (select from storage.objects o where o.bucket_id = p_bucket);
end
$$;
