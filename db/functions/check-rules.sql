-- The bucket's and the server's rules for one object: raises SL001 (no such bucket), SL004 (too large) or SL005 (type
-- not allowed), else returns the number of bytes allowed. An unknown size or type (null) is not judged yet.
-- Media types are compared without parameters and case: `text/plain;charset=UTF-8` is a `text/plain`.
-- Neither `image` nor `image/` is an `image/*`.
-- The ecosystem's folder placeholder must be empty and may have any type.
-- What most uploads pass is asked in expressions that need no query of their own; each query costs more than all of them.
create or replace function sluice.check_rules(
  p_bucket text, p_name text, p_size bigint, p_mime text, p_max_size bigint
) returns bigint
language plpgsql set search_path = '' as $$
declare
  rules record;
  allowed bigint;
  media text;
  placeholder boolean := '/' || p_name like '%/.emptyFolderPlaceholder';
begin
  select * into rules from storage.bucket_rules(p_bucket);
  if not found then
    raise exception 'Bucket not found' using errcode = 'SL001';
  end if;
  allowed := case when placeholder then 0 else least(p_max_size, rules.file_size_limit) end;
  if p_size > allowed then
    raise exception 'The object exceeded the maximum allowed size' using errcode = 'SL004', detail = allowed::text;
  end if;
  if p_mime is null or placeholder or rules.allowed_mime_types is null then
    return allowed;
  end if;
  media := lower(trim(split_part(p_mime, ';', 1)));
  if not exists (
    select from unnest(rules.allowed_mime_types) as entry,
      lateral (select lower(trim(split_part(entry, ';', 1))) as pattern) as p
    where pattern in ('*', '*/*', media)
      or (right(pattern, 2) = '/*' and starts_with(media, left(pattern, -1)) and media <> left(pattern, -1))
  ) then
    raise exception 'mime type % is not supported', p_mime using errcode = 'SL005', detail = p_mime;
  end if;
  return allowed;
end
$$;
