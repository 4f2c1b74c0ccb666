-- Renames a file, or a folder with everything in it, as the caller: all that the caller sees there, or nothing (SL003). A
-- file takes the place of a file (SL006 where a policy forbids that); nothing takes the place of a folder, and no file is
-- a folder's parent (SL008). The folder that the target lies in may be missing, the one above it may not (SL002, as for a
-- missing source). Returns whether it was missing, so that it can be made to stay. p_parents are the folders that the
-- target lies in, the innermost first, without the root of the tree.
create or replace function sluice.move_tree(
  p_role text, p_bucket text, p_source text, p_target text, p_parents text[]
) returns boolean
-- Nothing but seeking in the index of names is ever right here, however small the table was when the plan was made.
language plpgsql set search_path = '' set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  files bigint;
  inside bigint;
  moved bigint;
  file_there boolean;
  in_the_way boolean;
  homeless boolean;
  parent_missing boolean;
  refused boolean := false;
  denied boolean := false;
begin
  perform set_config('role', p_role, true);
  select count(*) into files from storage.objects o where o.bucket_id = p_bucket and o.name = p_source;
  select count(*) into inside from storage.objects o
  where o.bucket_id = p_bucket and o.name >= p_source || '/' and o.name < p_source || '0';
  file_there := exists (select from storage.objects o where o.bucket_id = p_bucket and o.name = p_target);
  in_the_way := (inside > 0 and file_there)
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

  if files + inside > 0 and not homeless and p_source <> p_target and not in_the_way then
    if file_there then
      delete from storage.objects o where o.bucket_id = p_bucket and o.name = p_target;
      refused := not found;
    end if;
    update storage.objects o set name = p_target, updated_at = now()
    where o.bucket_id = p_bucket and o.name = p_source and not refused;
    get diagnostics moved = row_count;
    denied := moved < files;
    if inside > 0 then
      update storage.objects o set name = p_target || right(o.name, -length(p_source)), updated_at = now()
      where o.bucket_id = p_bucket and o.name >= p_source || '/' and o.name < p_source || '0';
      get diagnostics moved = row_count;
      denied := denied or (moved < inside and exists (
        select from storage.objects o
        where o.bucket_id = p_bucket and o.name >= p_source || '/' and o.name < p_source || '0'));
    end if;
  end if;
  perform set_config('role', 'sluice_gateway', true);

  if files + inside = 0 or homeless then
    perform sluice.raise_not_found(p_bucket);
  elsif p_source = p_target then
    return false;
  elsif in_the_way then
    raise exception 'There is something at the new path, or a file where a folder would be' using errcode = 'SL008';
  elsif refused then
    raise exception 'Access denied' using errcode = 'SL006';
  elsif denied then
    raise exception 'Access denied' using errcode = 'SL003';
  end if;
  return parent_missing;
end
$$;
