-- Whether a file has had its day: all its views are spent, or its time is up. A favorite outlives its time, not its views.
create or replace function sluice.is_over(f sluice.files) returns boolean
language sql stable set search_path = '' as $$
  select coalesce(f.views >= f.max_views, false) or coalesce(f.expires_at <= now() and not f.favorite, false)
$$;
