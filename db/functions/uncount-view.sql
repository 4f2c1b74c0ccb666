-- Gives back a view that was taken for bytes which the store then did not have ready.
create or replace function sluice.uncount_view(p_object uuid) returns void
language sql set search_path = '' as $$
  update sluice.files set views = views - 1 where object_id = p_object and views > 0
$$;
