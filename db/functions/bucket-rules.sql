-- SECURITY DEFINER: what an upload must know of its bucket, so that uploading and downloading need no policy on
-- storage.buckets (as in the ecosystem). It tells existence, visibility and limits of one bucket, by exact id; nothing else.
create or replace function storage.bucket_rules(p_bucket text)
returns table (public boolean, file_size_limit bigint, allowed_mime_types text[], delivery text)
language plpgsql stable security definer set search_path = '' as $$
begin
  return query
    select b.public, b.file_size_limit, b.allowed_mime_types, b.delivery from storage.buckets b where b.id = p_bucket;
end
$$;
