-- Raises SL012 where everything (8) or this feature (null: none) is switched off, unless the caller's policies show the
-- permit past-kill-switches.
create or replace function sluice.demand_switched_on(p_role text, p_feature integer) returns void
language plpgsql set search_path = '' as $$
declare
  v_off integer;
  v_exempt boolean;
begin
  select k.id into v_off from sluice.kill_switches k where k.enabled and k.id in (8, p_feature) order by k.id desc limit 1;
  if v_off is null then
    return;
  end if;
  perform set_config('role', p_role, true);
  v_exempt := exists (select from storage.permits p where p.name = 'past-kill-switches');
  perform set_config('role', 'sluice_gateway', true);
  if not v_exempt then
    raise exception 'Switched off' using errcode = 'SL012', detail = jsonb_build_object('feature', v_off);
  end if;
end
$$;
