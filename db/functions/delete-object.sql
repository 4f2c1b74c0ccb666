-- Removes one row as the caller. Raises SL001, SL002, or SL006 (visible, but a policy forbids the removal).
create or replace function sluice.delete_object(p_role text, p_bucket text, p_name text) returns void
language plpgsql set search_path = '' as $$
declare
  deleted bigint;
  visible boolean;
begin
  perform set_config('role', p_role, true);
  delete from storage.objects o where o.bucket_id = p_bucket and o.name = p_name;
  get diagnostics deleted = row_count;
  visible := deleted > 0 or exists (select from storage.objects o where o.bucket_id = p_bucket and o.name = p_name);
  perform set_config('role', 'sluice_gateway', true);
  if not visible then
    perform sluice.raise_not_found(p_bucket);
  elsif deleted = 0 then
    raise exception 'Access denied' using errcode = 'SL006';
  end if;
end
$$;
