-- Lets a request of an API with kill switches and rate limits in: raises SL012 where it is switched off, SL013 where there
-- were too many. p_limit null: nothing is counted, and no row comes back.
create or replace function sluice.admit(
  p_role text, p_feature integer, p_key text, p_limit integer, p_window interval
) returns table (remaining integer, reset_seconds integer, window_end timestamptz)
language plpgsql set search_path = '' as $$
begin
  perform sluice.demand_switched_on(p_role, p_feature);
  if p_limit is not null then
    return query select * from sluice.take_from_limit(p_key, p_limit, p_window);
  end if;
end
$$;
