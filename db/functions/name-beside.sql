-- The n-th name to try for a file whose name may be taken. What makes it another never makes it too long: the end of the
-- stem gives way, and nothing of the folder.
create or replace function sluice.name_beside(p_stem text, p_extension text, p_attempt integer, p_version text)
returns text language plpgsql immutable set search_path = '' as $$
declare
  v_ending text := case when p_attempt <= 100 then ' (' || p_attempt || ')' else '-' || left(p_version, 8) end || p_extension;
  v_stem text := p_stem;
begin
  if p_attempt = 0 then
    return p_stem || p_extension;
  end if;
  while octet_length(v_stem || v_ending) > 1024 and v_stem !~ '(^|/).$' loop
    v_stem := left(v_stem, -1);
  end loop;
  return v_stem || v_ending;
end
$$;
