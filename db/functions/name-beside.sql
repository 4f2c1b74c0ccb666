-- The n-th name to try for a file whose name may be taken.
create or replace function sluice.name_beside(p_stem text, p_extension text, p_attempt integer, p_version text)
returns text language sql immutable as $$
  select p_stem || case
    when p_attempt = 0 then ''
    when p_attempt <= 100 then ' (' || p_attempt || ')'
    else '-' || left(p_version, 8)
  end || p_extension
$$;
