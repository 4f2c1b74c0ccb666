-- Makes others who change the storage tree wait until this transaction ends, where they would meet. The name, or each of two,
-- is held against everybody (p_alone: it comes, goes, or is judged whole) or only against who holds it alone (it may not
-- become a file meanwhile), and the folders that it lies in are held the second way; the root of a tree is never a file. All
-- wait in one order, segment by segment, so never for each other. What lies deeper than sixteen folders is held by its
-- sixteenth: a name takes no more locks than that, and what is below it none. What is read after this is the latest there is.
create or replace function sluice.hold_tree_names(p_bucket text, p_names text[], p_alone boolean) returns void
language plpgsql set search_path = '' as $$
declare
  held text[] := p_names;
  name text;
  segments text[];
  deepest integer;
  path text;
begin
  if cardinality(held) = 2 and string_to_array(held[1], '/') collate "C" > string_to_array(held[2], '/') collate "C" then
    held := array[held[2], held[1]];
  end if;
  foreach name in array held loop
    segments := string_to_array(name, '/');
    deepest := least(cardinality(segments), 17);
    path := p_bucket || '/' || segments[1];
    for depth in 2 .. deepest loop
      path := path || '/' || segments[depth];
      if p_alone and depth = deepest then
        perform pg_advisory_xact_lock(hashtextextended(path, 0));
      else
        perform pg_advisory_xact_lock_shared(hashtextextended(path, 0));
      end if;
    end loop;
  end loop;
end
$$;
