-- Renames a file, or a folder with everything in it, as the caller: all that the caller sees there, or nothing (SL003). A row
-- that came while this waited for the one before it to go moves in its turn: only what stays, tried again, is forbidden. A
-- file takes the place of a file (SL006 where a policy forbids that); nothing takes the place of a folder, and no file is
-- a folder's parent (SL008). The folder that the target lies in may be missing, the one above it may not (SL020; a
-- missing source is SL002). Returns whether it was missing, so that it can be made to stay. p_parents are the folders that the
-- target lies in, the innermost first, without the root of the tree.
create or replace function sluice.move_tree(
  p_role text, p_bucket text, p_source text, p_target text, p_parents text[]
) returns boolean
language plpgsql set search_path = '' as $$
declare
  seen record;
  file record;
  total bigint := 0;
  stays boolean := false;
begin
  perform sluice.hold_tree_names(p_bucket, array[p_source, p_target], true);
  select * into seen from sluice.survey_tree_move(p_role, p_bucket, p_source, p_target, p_parents);
  if seen.files = 0 and not seen.is_folder then
    perform sluice.raise_not_found(p_bucket);
  elsif seen.homeless then
    raise exception 'The folder above is missing' using errcode = 'SL020';
  elsif p_source = p_target then
    return false;
  elsif seen.in_the_way then
    raise exception 'There is something at the new path, or a file where a folder would be' using errcode = 'SL008';
  end if;

  if seen.files > 0 then
    select * into file
    from sluice.move_tree_file(p_role, p_bucket, p_source, p_target, seen.file_there, not seen.is_folder);
    if file.refused then
      raise exception 'Access denied' using errcode = 'SL006';
    end if;
    total := file.moved;
    stays := file.denied;
  end if;
  if seen.is_folder and not stays then
    select total + f.moved, f.denied into total, stays
    from sluice.move_tree_folder(p_role, p_bucket, p_source, p_target) f;
  end if;
  if stays then
    raise exception 'Access denied' using errcode = 'SL003';
  elsif total = 0 then
    perform sluice.raise_not_found(p_bucket); -- somebody else has just moved or removed all of it
  end if;
  return seen.parent_missing;
end
$$;
