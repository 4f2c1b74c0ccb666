-- Renames a file, or a folder with everything in it, as the caller: all that the caller sees there, or nothing (SL003). A row
-- that came while this waited for the one before it to go moves in its turn: only what stays, tried again, is forbidden. A
-- file takes the place of a file (SL006 where a policy forbids that); nothing takes the place of a folder, and no file is
-- a folder's parent (SL008). The folder that the target lies in may be missing, the one above it may not (SL020; a
-- missing source is SL002). Returns whether it was missing, so that it can be made to stay. p_parents are the folders that the
-- target lies in, the innermost first, without the root of the tree.
create or replace function sluice.move_tree(
  p_role text, p_bucket text, p_source text, p_target text, p_parents text[]
) returns boolean
-- Nothing but seeking in the index of names is ever right here, however small the table was when the plan was made.
language plpgsql set search_path = '' set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
declare
  -- So few at a time that whatever was read to count them is still in memory when they move.
  at_once constant bigint := 5000;
  files bigint;
  is_folder boolean;
  low text := p_source || '/';
  high text;
  seen bigint;
  moved bigint;
  total bigint := 0;
  tries integer := 0;
  file_there boolean;
  replaced uuid;
  in_the_way boolean;
  homeless boolean;
  parent_missing boolean;
  refused boolean := false;
  denied boolean := false;
begin
  perform sluice.hold_tree_names(p_bucket, array[p_source, p_target], true);
  perform set_config('role', p_role, true);
  select count(*) into files from storage.objects o where o.bucket_id = p_bucket and o.name = p_source;
  is_folder := exists (
    select from storage.objects o
    where o.bucket_id = p_bucket and o.name >= p_source || '/' and o.name < p_source || '0');
  file_there := exists (select from storage.objects o where o.bucket_id = p_bucket and o.name = p_target);
  in_the_way := (is_folder and file_there)
    or exists (select from storage.objects o where o.bucket_id = p_bucket and o.name = any (p_parents))
    or exists (
      select from storage.objects o
      where o.bucket_id = p_bucket and o.name >= p_target || '/' and o.name < p_target || '0');
  parent_missing := cardinality(p_parents) > 0 and not exists (
    select from storage.objects o
    where o.bucket_id = p_bucket and o.name >= p_parents[1] || '/' and o.name < p_parents[1] || '0');
  homeless := parent_missing and cardinality(p_parents) > 1 and not exists (
    select from storage.objects o
    where o.bucket_id = p_bucket and o.name >= p_parents[2] || '/' and o.name < p_parents[2] || '0');

  if (files > 0 or is_folder) and not homeless and p_source <> p_target and not in_the_way then
    -- Files that come to stand there in the same moment, one after the other, are replaced as if they always had stood there.
    for attempt in 1 .. 100 loop
      begin
        if file_there then
          select o.id into replaced from storage.objects o where o.bucket_id = p_bucket and o.name = p_target;
          delete from storage.objects o where o.id = replaced and o.name = p_target;
          refused := not found and exists (select from storage.objects o where o.id = replaced and o.name = p_target);
        end if;
        update storage.objects o set name = p_target, updated_at = now()
        where o.bucket_id = p_bucket and o.name = p_source and not refused;
        get diagnostics moved = row_count;
        tries := tries + 1;
        denied := moved < files and not refused
          and exists (select from storage.objects o where o.bucket_id = p_bucket and o.name = p_source);
        exit when not denied or tries = 3;
      exception when unique_violation then
        if is_folder or attempt = 100 then
          raise;
        end if;
        file_there := true;
      end;
    end loop;
    total := moved;
    while is_folder and not denied and low <> p_source || '0' loop
      seen := at_once;
      high := (
        select o.name || chr(1) from storage.objects o -- the next possible name: chr(0) cannot occur
        where o.bucket_id = p_bucket and o.name >= low and o.name < p_source || '0'
        order by o.name offset at_once - 1 limit 1);
      if high is null then
        high := p_source || '0';
        select count(*) into seen from storage.objects o where o.bucket_id = p_bucket and o.name >= low and o.name < high;
      end if;
      for attempt in 1..3 loop
        update storage.objects o set name = p_target || right(o.name, -length(p_source)), updated_at = now()
        where o.bucket_id = p_bucket and o.name >= low and o.name < high;
        get diagnostics moved = row_count;
        total := total + moved;
        denied := (moved < seen or attempt > 1) and exists (
          select from storage.objects o where o.bucket_id = p_bucket and o.name >= low and o.name < high);
        exit when not denied;
      end loop;
      low := high;
    end loop;
  end if;
  perform set_config('role', 'sluice_gateway', true);

  if files = 0 and not is_folder then
    perform sluice.raise_not_found(p_bucket);
  elsif homeless then
    raise exception 'The folder above is missing' using errcode = 'SL020';
  elsif p_source = p_target then
    return false;
  elsif in_the_way then
    raise exception 'There is something at the new path, or a file where a folder would be' using errcode = 'SL008';
  elsif refused then
    raise exception 'Access denied' using errcode = 'SL006';
  elsif denied then
    raise exception 'Access denied' using errcode = 'SL003';
  elsif total = 0 then
    perform sluice.raise_not_found(p_bucket); -- somebody else has just moved or removed all of it
  end if;
  return parent_missing;
end
$$;
