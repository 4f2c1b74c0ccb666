-- Takes one from a limit of so many in a window, which begins with its first taking; exact however many processes take at
-- once. Raises SL013 when nothing is left: then nothing is counted, and it says how long ago the last was taken. Each new key
-- clears two windows that are over.
create or replace function sluice.take_from_limit(
  p_key text, p_limit integer, p_window interval
) returns table (remaining integer, reset_seconds integer, window_end timestamptz)
language plpgsql set search_path = '' as $$
declare
  v_now timestamptz := clock_timestamp();
  v_taken sluice.rate_limits;
begin
  insert into sluice.rate_limits as r (key, window_start, window_end, count, taken_at)
  values (p_key, v_now, v_now + p_window, 1, v_now)
  on conflict (key) do update set
    window_start = case when r.window_end <= v_now then v_now else r.window_start end,
    window_end = case when r.window_end <= v_now then v_now + p_window else r.window_end end,
    count = case when r.window_end <= v_now then 1 else r.count + 1 end,
    taken_at = v_now
  where r.window_end <= v_now or r.count < p_limit
  returning * into v_taken;
  if v_taken.key is null then
    select * into v_taken from sluice.rate_limits r where r.key = p_key;
    raise exception 'Too many attempts, try again later' using errcode = 'SL013', detail = jsonb_build_object(
      'limit', p_limit, 'remaining', 0,
      'resetSeconds', greatest(1, ceil(extract(epoch from coalesce(v_taken.window_end, v_now) - v_now))::integer),
      'takenMsAgo', greatest(0, floor(1000 * extract(epoch from v_now - v_taken.taken_at))::bigint));
  end if;
  if v_taken.count = 1 then
    delete from sluice.rate_limits r where r.key in (
      select o.key from sluice.rate_limits o where o.window_end < v_now order by o.window_end limit 2
      for update skip locked);
  end if;
  return query select greatest(0, p_limit - v_taken.count),
    greatest(1, ceil(extract(epoch from v_taken.window_end - v_now))::integer), v_taken.window_end;
end
$$;
