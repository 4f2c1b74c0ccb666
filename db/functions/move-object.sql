-- Renames a row, across buckets too; id, owner and bytes stay. The target bucket's rules apply when the bucket changes.
-- Raises SL001, SL002, SL003 (visible, but a policy forbids the update), SL004, SL005, 23505 (target taken), 42501.
create or replace function sluice.move_object(
  p_role text, p_source_bucket text, p_source_name text, p_bucket text, p_name text, p_max_size bigint
) returns void
language plpgsql set search_path = '' as $$
declare
  facts jsonb;
  visible boolean;
  moved bigint := 0;
begin
  perform set_config('role', p_role, true);
  select o.metadata into facts from storage.objects o where o.bucket_id = p_source_bucket and o.name = p_source_name;
  visible := found;
  perform set_config('role', 'sluice_gateway', true);
  if not visible then
    perform sluice.raise_not_found(p_source_bucket);
  end if;
  if (p_source_bucket, p_source_name) = (p_bucket, p_name) then
    return;
  end if;
  if p_source_bucket <> p_bucket then
    perform sluice.check_rules(p_bucket, p_name, (facts ->> 'size')::bigint, facts ->> 'mimetype', p_max_size);
  end if;
  perform set_config('role', p_role, true);
  update storage.objects o set bucket_id = p_bucket, name = p_name
  where o.bucket_id = p_source_bucket and o.name = p_source_name;
  get diagnostics moved = row_count;
  visible := moved > 0 or exists (
    select from storage.objects o where o.bucket_id = p_source_bucket and o.name = p_source_name);
  perform set_config('role', 'sluice_gateway', true);
  if not visible then
    perform sluice.raise_not_found(p_source_bucket);
  elsif moved = 0 then
    raise exception 'Access denied' using errcode = 'SL003';
  end if;
end
$$;
