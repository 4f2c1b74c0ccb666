-- The public contract: buckets and objects, column-compatible with the ecosystem's policies and seed SQL.

create type storage.buckettype as enum ('STANDARD');

-- Bucket ids and object names share one collation, or a function that takes both could not use the index over both.
create table storage.buckets (
  id text collate "C" not null constraint buckets_pkey primary key,
  name text not null constraint bname unique,
  owner uuid,
  owner_id text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  public boolean not null default false,
  avif_autodetection boolean not null default false,
  file_size_limit bigint constraint buckets_file_size_limit_is_not_negative check (file_size_limit >= 0),
  allowed_mime_types text[],
  type storage.buckettype not null default 'STANDARD',
  delivery text not null default 'proxy' constraint buckets_delivery_is_known check (delivery in ('proxy', 'redirect'))
);

comment on column storage.buckets.delivery is
  'proxy: the gateway carries the bytes. redirect: after the policy check the client is sent to the store itself.';

-- Names are compared in byte order, which is S3's order and keeps index seeks possible under row level security.
create table storage.objects (
  id uuid not null default gen_random_uuid() constraint objects_pkey primary key,
  bucket_id text collate "C" not null constraint "objects_bucketId_fkey" references storage.buckets (id),
  name text collate "C" not null
    constraint objects_name_is_1_to_1024_bytes check (octet_length(name) between 1 and 1024),
  owner uuid,
  owner_id text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  last_accessed_at timestamptz not null default now(),
  metadata jsonb,
  path_tokens text[] generated always as (string_to_array(name, '/')) stored,
  version text collate "C",
  user_metadata jsonb
);

comment on column storage.objects.version is
  'Names the bytes (sluice.blobs). Several rows may name the same bytes after a copy. Null: a row without bytes.';

-- Serves look-ups, prefix listing and cursor listing.
create unique index bucketid_objname on storage.objects (bucket_id, name);
-- Serve the flat listings by time.
create index objects_by_created_at on storage.objects (bucket_id, created_at, name);
create index objects_by_updated_at on storage.objects (bucket_id, updated_at, name);
-- Answers "does any row still name these bytes?".
create index objects_by_version on storage.objects (version) where version is not null;

create function storage.touch_updated_at() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.updated_at := now();
  return new;
end
$$;

create trigger update_objects_updated_at before update on storage.objects
  for each row execute function storage.touch_updated_at();
create trigger update_buckets_updated_at before update on storage.buckets
  for each row execute function storage.touch_updated_at();
