-- What lies where a file or folder of the tree is to be moved from and to, as the caller sees it. p_parents as for move_tree.
create or replace function sluice.survey_tree_move(
  p_role text, p_bucket text, p_source text, p_target text, p_parents text[],
  out files bigint, out is_folder boolean, out file_there boolean, out in_the_way boolean, out parent_missing boolean,
  out homeless boolean
)
-- Nothing but seeking in the index of names is ever right here, however small the table was when the plan was made.
language plpgsql set search_path = '' set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
begin
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
  perform set_config('role', 'sluice_gateway', true);
end
$$;
