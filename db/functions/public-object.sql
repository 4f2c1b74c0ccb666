-- SECURITY DEFINER: one object of a bucket that is public, whoever asks; nothing of any other bucket, and no file of `uploads`
-- with a password or a limit of views, or that is over. It serves the routes that take either a token or a public bucket, in
-- the same statement as the look-up under the caller's policies.
create or replace function storage.public_object(p_bucket text, p_name text)
returns setof storage.objects
language plpgsql stable security definer set search_path = '' as $$
begin
  return query
    select o.* from storage.objects o
    where o.bucket_id = p_bucket and o.name = p_name
      and exists (select from storage.buckets b where b.id = p_bucket and b.public)
      and (p_bucket <> 'uploads' or not exists (select from storage.files_guarded g where g.id = o.id));
end
$$;
