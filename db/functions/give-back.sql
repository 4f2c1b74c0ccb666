-- Gives one back to each of these limits, in their order, unless a new window has begun since it was taken.
create or replace function sluice.give_back(p_keys text[], p_window_ends timestamptz[]) returns void
language plpgsql set search_path = '' as $$
begin
  for place in 1 .. cardinality(p_keys) loop
    update sluice.rate_limits r set count = r.count - 1
    where r.key = p_keys[place] and r.window_end = p_window_ends[place] and r.count > 0;
  end loop;
end
$$;
