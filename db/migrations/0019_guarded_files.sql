-- Files that are given at their own address alone, where passwords are asked for and views are counted: a public bucket gives
-- none of them.

-- Ids and nothing else, read with the rights of its owner, as storage.files_over.
create view storage.files_guarded with (security_barrier) as
  select f.object_id as id from sluice.files f
  where f.password_hash is not null or f.max_views is not null or f.expires_at <= now() and not f.favorite;
