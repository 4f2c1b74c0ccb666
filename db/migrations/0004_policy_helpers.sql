-- What policies call. Names and results are the ecosystem's, so that existing policies paste over unchanged.
-- Settings come back as the empty string, not NULL, once a transaction has used them; nullif mends that.

-- Everything of the name before its last slash, one array element a folder; empty for a name without a slash.
create function storage.foldername(name text) returns text[]
language sql immutable strict parallel safe as $$
  select (string_to_array(name, '/'))[1:cardinality(string_to_array(name, '/')) - 1]
$$;

-- Everything after the last slash.
create function storage.filename(name text) returns text
language sql immutable strict parallel safe as $$
  select (string_to_array(name, '/'))[cardinality(string_to_array(name, '/'))]
$$;

-- Everything after the last dot of the file name; the whole file name where it has no dot.
create function storage.extension(name text) returns text
language sql immutable strict parallel safe as $$
  select reverse(split_part(reverse(storage.filename(name)), '.', 1))
$$;

-- The operation that is being judged, for example storage.object.upload.
create function storage.operation() returns text
language sql stable parallel safe as $$
  select nullif(current_setting('storage.operation', true), '')
$$;

-- True when the operation is this one; the prefix `storage.` may be left out.
create function storage.allow_only_operation(expected_operation text) returns boolean
language sql stable parallel safe as $$
  select coalesce(
    regexp_replace(storage.operation(), '^storage\.', '') = regexp_replace(expected_operation, '^storage\.', ''), false)
$$;

-- True when the operation is one of these; the prefix `storage.` may be left out.
create function storage.allow_any_operation(expected_operations text[]) returns boolean
language sql stable parallel safe as $$
  select coalesce(bool_or(storage.allow_only_operation(expected)), false) from unnest(expected_operations) as expected
$$;

-- Bytes per bucket, of the objects the caller sees.
create function storage.get_size_by_bucket() returns table (size bigint, bucket_id text)
language sql stable as $$
  select sum((o.metadata ->> 'size')::bigint)::bigint, o.bucket_id from storage.objects o group by o.bucket_id
$$;

-- A database shared with another product may have its own `auth` functions; those stay as they are.
do $$
begin
  if to_regprocedure('auth.jwt()') is null then
    create function auth.jwt() returns jsonb
    language sql stable parallel safe as $f$
      select nullif(current_setting('request.jwt.claims', true), '')::jsonb
    $f$;
  end if;
  if to_regprocedure('auth.uid()') is null then
    create function auth.uid() returns uuid
    language sql stable parallel safe as $f$
      select nullif(current_setting('request.jwt.claim.sub', true), '')::uuid
    $f$;
  end if;
  if to_regprocedure('auth.role()') is null then
    create function auth.role() returns text
    language sql stable parallel safe as $f$
      select nullif(current_setting('request.jwt.claim.role', true), '')
    $f$;
  end if;
  if to_regprocedure('auth.email()') is null then
    create function auth.email() returns text
    language sql stable parallel safe as $f$
      select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'
    $f$;
  end if;
  if to_regprocedure('auth.claim(text)') is null then
    create function auth.claim(name text) returns text
    language sql stable parallel safe as $f$
      select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> name
    $f$;
  end if;
end
$$;
