-- Renames a row, across buckets too; id, owner and bytes stay. The target bucket's rules apply when the bucket changes,
-- to what was moved, should that have been replaced while this waited.
-- A row that came while this waited for the one before it to go is judged and moved in its turn. Of moves that have a name
-- in common one waits for the other before it holds a row: two to each other's places would else wait for each other.
-- Raises SL001, SL002, SL003 (visible, but a policy forbids the update), SL004, SL005, 23505 (target taken), 42501.
create or replace function sluice.move_object(
  p_role text, p_source_bucket text, p_source_name text, p_bucket text, p_name text, p_max_size bigint
) returns void
language plpgsql set search_path = '' as $$
declare
  facts jsonb;
  moved_facts jsonb;
  visible boolean;
  moved bigint := 0;
  first text := p_source_bucket || '/' || p_source_name;
  second text := p_bucket || '/' || p_name;
begin
  -- In the order of sluice.hold_tree_names.
  if string_to_array(first, '/') collate "C" > string_to_array(second, '/') collate "C" then
    first := second;
    second := p_source_bucket || '/' || p_source_name;
  end if;
  perform pg_advisory_xact_lock(hashtextextended(first, 0)), pg_advisory_xact_lock(hashtextextended(second, 0));
  for attempt in 1..3 loop
    perform set_config('role', p_role, true);
    select o.metadata into facts from storage.objects o where o.bucket_id = p_source_bucket and o.name = p_source_name;
    visible := found;
    perform set_config('role', 'sluice_gateway', true);
    exit when not visible;
    if (p_source_bucket, p_source_name) = (p_bucket, p_name) then
      return;
    end if;
    if p_source_bucket <> p_bucket then
      perform sluice.check_rules(p_bucket, p_name, (facts ->> 'size')::bigint, facts ->> 'mimetype', p_max_size);
    end if;
    perform set_config('role', p_role, true);
    update storage.objects o set bucket_id = p_bucket, name = p_name
    where o.bucket_id = p_source_bucket and o.name = p_source_name
    returning o.metadata into moved_facts;
    get diagnostics moved = row_count;
    perform set_config('role', 'sluice_gateway', true);
    if moved > 0 and p_source_bucket <> p_bucket and moved_facts is distinct from facts then
      perform sluice.check_rules(
        p_bucket, p_name, (moved_facts ->> 'size')::bigint, moved_facts ->> 'mimetype', p_max_size);
    end if;
    exit when moved > 0;
  end loop;
  if not visible then
    perform sluice.raise_not_found(p_source_bucket);
  elsif moved = 0 then
    raise exception 'Access denied' using errcode = 'SL003';
  end if;
end
$$;
