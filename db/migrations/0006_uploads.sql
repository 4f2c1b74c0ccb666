-- What the bucket `uploads` knows of a file beyond its object: a serial number, display name, expiry, views, folder.

-- Collections of files. A file is in one folder at most, and outlives it.
create table sluice.folders (
  id bigint generated always as identity constraint folders_pkey primary key,
  name text not null,
  owner uuid not null,
  public boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create index folders_by_owner on sluice.folders (owner, updated_at);

-- One row for each object of the bucket, kept in step by triggers. No foreign key to the object: its check on every
-- deleted row would slow mass deletes in every bucket.
create table sluice.files (
  object_id uuid not null constraint files_pkey primary key,
  id bigint generated always as identity constraint files_id_is_unique unique,
  display_name text,
  original_name text,
  expires_at timestamptz,
  max_views bigint constraint files_max_views_is_positive check (max_views > 0),
  views bigint not null default 0,
  viewed_at timestamptz,
  favorite boolean not null default false,
  embed boolean not null default false,
  format text not null default 'RANDOM',
  password_hash text,
  folder_id bigint constraint files_folder_exists references sluice.folders (id) on delete set null
);

comment on column sluice.files.views is 'How often the public address has given bytes. At max_views the file is over.';
comment on column sluice.files.viewed_at is 'The last of them; the sweeper waits from here before it removes a spent file.';

create index files_by_folder on sluice.files (folder_id) where folder_id is not null;
-- Serve the sweeper, which looks for what is over.
create index files_that_expire on sluice.files (expires_at) where expires_at is not null and not favorite;
create index files_that_are_spent on sluice.files (viewed_at) where views >= max_views;

-- Serves a user's own files, newest first. Other buckets pay nothing for it.
create index uploads_by_owner on storage.objects (owner_id, created_at, name) where bucket_id = 'uploads';

-- SECURITY DEFINER: objects come and go by any role, also by plain SQL, and none of them has a right on the records. It
-- cannot be called outside a trigger, and touches only the record of the object at hand.
create function sluice.keep_file_record() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if tg_op = 'TRUNCATE' then
    delete from sluice.files f where not exists (select from storage.objects o where o.id = f.object_id);
    return null;
  end if;
  if tg_op <> 'INSERT' and old.bucket_id = 'uploads' then
    delete from sluice.files f where f.object_id = old.id;
  end if;
  if tg_op <> 'DELETE' and new.bucket_id = 'uploads' then
    insert into sluice.files (object_id) values (new.id);
  end if;
  return null;
end
$$;

create trigger file_arrives after insert on storage.objects
  for each row when (new.bucket_id = 'uploads') execute function sluice.keep_file_record();
create trigger file_leaves after delete on storage.objects
  for each row when (old.bucket_id = 'uploads') execute function sluice.keep_file_record();
create trigger file_changes_bucket after update of bucket_id, id on storage.objects
  for each row when ((old.bucket_id, old.id) is distinct from (new.bucket_id, new.id)
    and (old.bucket_id = 'uploads' or new.bucket_id = 'uploads'))
  execute function sluice.keep_file_record();
create trigger files_truncated after truncate on storage.objects
  for each statement execute function sluice.keep_file_record();

-- A bucket of that name may be there already.
insert into sluice.files (object_id) select o.id from storage.objects o where o.bucket_id = 'uploads';
