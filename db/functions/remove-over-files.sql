-- The sweeper's: removes up to p_limit files that are over, and gives how many. A spent file stays p_grace after its last
-- view, so that a view which failed can be given back. p_role looks and removes past every policy; the objects are locked
-- first, as every door does, and those that another is at work on wait for the next time.
create or replace function sluice.remove_over_files(p_role text, p_limit bigint, p_grace interval) returns bigint
language plpgsql set search_path = '' as $$
declare
  v_ids uuid[] := array(
    (select f.object_id from sluice.files f where f.expires_at <= now() and not f.favorite limit p_limit)
    union
    (select f.object_id from sluice.files f
     where f.views >= f.max_views and (f.viewed_at is null or f.viewed_at <= now() - p_grace) limit p_limit));
  v_id uuid;
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
  begin
    delete from storage.objects o where o.id = any (v_ids);
    get diagnostics v_removed = row_count;
  exception when integrity_constraint_violation or raise_exception then
    -- One that another table refers to, or that a trigger keeps, must not keep the others.
    v_removed := 0;
    foreach v_id in array v_ids loop
      begin
        delete from storage.objects o where o.id = v_id;
        v_removed := v_removed + 1;
      exception when integrity_constraint_violation or raise_exception then
        null;
      end;
    end loop;
  end;
  perform set_config('role', 'sluice_gateway', true);
  return v_removed;
end
$$;
