-- Asks for permits as the caller, for this target, which policies read as storage.target(). Raises SL011 for the first
-- permit that no policy shows to the caller.
create or replace function storage.demand(p_permits text[], p_target text) returns void
language plpgsql set search_path = '' as $$
declare
  v_missing text;
begin
  perform set_config('storage.target', coalesce(p_target, ''), true);
  select wanted.name into v_missing
  from unnest(p_permits) with ordinality as wanted (name, place)
  where not exists (select from storage.permits p where p.name = wanted.name)
  order by wanted.place
  limit 1;
  if v_missing is not null then
    raise exception 'Not permitted: %', v_missing
      using errcode = 'SL011', detail = jsonb_build_object('permit', v_missing);
  end if;
end
$$;
