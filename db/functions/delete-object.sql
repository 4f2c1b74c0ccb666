-- Removes one row as the caller. Raises SL001, SL002, or SL006 (visible, but a policy forbids the removal). A row that came
-- while this waited for the one before it to go is removed in its turn: only what stays, tried again, is forbidden.
create or replace function sluice.delete_object(p_role text, p_bucket text, p_name text) returns void
language plpgsql set search_path = '' as $$
declare
  deleted bigint;
  visible boolean;
begin
  perform set_config('role', p_role, true);
  for attempt in 1..3 loop
    delete from storage.objects o where o.bucket_id = p_bucket and o.name = p_name;
    get diagnostics deleted = row_count;
    visible := deleted > 0 or exists (select from storage.objects o where o.bucket_id = p_bucket and o.name = p_name);
    exit when deleted > 0 or not visible;
  end loop;
  perform set_config('role', 'sluice_gateway', true);
  if not visible then
    perform sluice.raise_not_found(p_bucket);
  elsif deleted = 0 then
    raise exception 'Access denied' using errcode = 'SL006';
  end if;
end
$$;
