-- Files that have had their day, for the policies that hide them until the sweeper comes.

-- Their ids and nothing else, read with the rights of its owner: callers have none on the records. A policy that asks for
-- one row looks up one record; one that asks for many reads all that are over, once.
create view storage.files_over with (security_barrier) as
  select f.object_id as id from sluice.files f
  where f.views >= f.max_views or f.expires_at <= now() and not f.favorite;
