-- The objects of files that have had their day and wait for the sweeper. Few; both halves have an index.
create or replace function sluice.files_over() returns uuid[]
language sql stable set search_path = '' as $$
  select array(
    select f.object_id from sluice.files f where f.expires_at <= now() and not f.favorite
    union
    select f.object_id from sluice.files f where f.views >= f.max_views)
$$;
