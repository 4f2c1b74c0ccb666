-- The sweeper's: removes up to p_limit files that are over, and gives how many. A spent file stays p_grace after its last
-- view, so that a view which failed can be given back. p_role looks and removes past every policy; the objects are locked
-- first, as every door does, and those that another is at work on wait for the next time.
create or replace function sluice.remove_over_files(p_role text, p_limit bigint, p_grace interval) returns bigint
language plpgsql set search_path = '' as $$
declare
  v_ids uuid[] := array(
    (select f.object_id from sluice.files f where f.expires_at <= now() and not f.favorite limit p_limit)
    union
    (select f.object_id from sluice.files f where f.views >= f.max_views and f.viewed_at <= now() - p_grace limit p_limit));
  v_removed bigint;
begin
  if cardinality(v_ids) = 0 then
    return 0;
  end if;
  perform set_config('role', p_role, true);
  v_ids := array(select o.id from storage.objects o where o.id = any (v_ids) for update skip locked);
  perform set_config('role', 'sluice_gateway', true);
  v_ids := array(select f.object_id from sluice.files f where f.object_id = any (v_ids) and sluice.is_over(f));
  perform set_config('role', p_role, true);
  delete from storage.objects o where o.id = any (v_ids);
  get diagnostics v_removed = row_count;
  perform set_config('role', 'sluice_gateway', true);
  return v_removed;
end
$$;
