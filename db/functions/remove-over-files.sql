-- The sweeper's: removes up to p_limit files that are over, and forgets records whose object is gone. A spent file stays
-- p_grace after its last view, so that a view which failed can be given back. p_role looks and removes past every policy;
-- the objects are locked first, as every door does, and those that another is at work on wait for the next time. What
-- cannot be removed is tried again each time, after the others. Returns how many went or were refused for the first time: as
-- long as that is p_limit, more may wait.
create or replace function sluice.remove_over_files(p_role text, p_limit bigint, p_grace interval) returns bigint
language plpgsql set search_path = '' as $$
declare
  v_ids uuid[] := array(
    (select f.object_id from sluice.files f
     where f.expires_at <= now() and not f.favorite and f.removal_refused_at is null limit p_limit)
    union
    (select f.object_id from sluice.files f
     where f.views >= f.max_views and (f.viewed_at is null or f.viewed_at <= now() - p_grace)
       and f.removal_refused_at is null limit p_limit));
  v_again uuid[] := array(
    select f.object_id from sluice.files f
    where f.removal_refused_at is not null and (
      f.expires_at <= now() and not f.favorite
      or f.views >= f.max_views and (f.viewed_at is null or f.viewed_at <= now() - p_grace))
    order by f.removal_refused_at limit greatest(p_limit - cardinality(v_ids), 0));
  v_known uuid[];
  v_id uuid;
  v_done bigint;
begin
  if cardinality(v_ids || v_again) = 0 then
    return 0;
  end if;
  perform set_config('role', p_role, true);
  v_known := array(select o.id from storage.objects o where o.id = any (v_ids || v_again));
  perform set_config('role', 'sluice_gateway', true);
  delete from sluice.files f where f.object_id = any (v_ids || v_again) and not f.object_id = any (v_known);
  get diagnostics v_done = row_count;
  perform set_config('role', p_role, true);
  v_known := array(select o.id from storage.objects o where o.id = any (v_known) for update skip locked);
  perform set_config('role', 'sluice_gateway', true);
  v_known := array(select f.object_id from sluice.files f where f.object_id = any (v_known) and sluice.is_over(f));
  perform set_config('role', p_role, true);
  begin
    delete from storage.objects o where o.id = any (v_known);
  exception when integrity_constraint_violation or raise_exception then
    -- One that another table refers to, or that a trigger keeps, must not keep the others.
    foreach v_id in array v_known loop
      begin
        delete from storage.objects o where o.id = v_id;
      exception when integrity_constraint_violation or raise_exception then
        null;
      end;
    end loop;
  end;
  perform set_config('role', 'sluice_gateway', true);
  -- The records of those that are gone have gone with them.
  update sluice.files f set removal_refused_at = now() where f.object_id = any (v_known);
  return v_done + cardinality(v_known)
    - (select count(*) from sluice.files f where f.object_id = any (v_known) and f.object_id = any (v_again));
end
$$;
