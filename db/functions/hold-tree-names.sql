-- Makes others who change the storage tree wait until this transaction ends, where they would meet. Each of the names is
-- held against everybody (p_alone: it comes, goes, or is judged whole) or only against who holds it alone (it may not become
-- a file meanwhile), and the folders that they lie in are held the second way; the root of a tree is never a file. All wait
-- in one order, that of sluice.move_object, so never for each other. What lies deeper than sixteen folders is held by its
-- sixteenth: a name takes no more locks than that, and what is below it none. What is read after this is the latest there is.
create or replace function sluice.hold_tree_names(p_bucket text, p_names text[], p_alone boolean) returns void
language plpgsql set search_path = '' as $$
begin
  perform case when h.alone then pg_advisory_xact_lock(h.key) else pg_advisory_xact_lock_shared(h.key) end
  from (
    select hashtextextended(p_bucket || '/' || array_to_string(n.segments[:d.depth], '/'), 0) as key,
      bool_or(p_alone and d.depth = n.deepest) as alone
    from (
      select s.segments, least(cardinality(s.segments), 17) as deepest
      from unnest(p_names) name, lateral (select string_to_array(name, '/') as segments) s) n,
      generate_series(2, n.deepest) as d (depth)
    group by 1
    order by 1) h;
end
$$;
