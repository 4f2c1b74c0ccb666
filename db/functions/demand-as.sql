-- Asks for permits as the caller, about a target that only the function at work knows.
create or replace function sluice.demand_as(p_role text, p_permits text[], p_target text) returns void
language plpgsql set search_path = '' as $$
begin
  perform set_config('role', p_role, true);
  perform storage.demand(p_permits, p_target);
  perform set_config('role', 'sluice_gateway', true);
end
$$;
