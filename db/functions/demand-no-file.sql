-- No folder that this name lies in is a file that the caller sees (SL008).
create or replace function sluice.demand_no_file(p_role text, p_bucket text, p_name text) returns void
language plpgsql set search_path = '' as $$
declare
  segments text[] := string_to_array(p_name, '/');
  path text := segments[1];
  folders text[] := '{}';
  present boolean;
begin
  for depth in 2 .. cardinality(segments) - 1 loop
    path := path || '/' || segments[depth];
    folders := folders || path;
  end loop;
  if cardinality(folders) = 0 then
    return;
  end if;
  perform set_config('role', p_role, true);
  present := exists (select from storage.objects o where o.bucket_id = p_bucket and o.name = any (folders));
  perform set_config('role', 'sluice_gateway', true);
  if present then
    raise exception 'A file stands where a folder would' using errcode = 'SL008';
  end if;
end
$$;
