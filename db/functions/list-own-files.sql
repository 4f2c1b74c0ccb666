-- A page of the caller's own files that are not over. p_sort names a column of sluice.describe_files; ties are newest
-- first. Only the page is described. By creation it is found in the index of the owner's files; by what the records alone
-- know (favorites, views, expiry), from the ids of all the owner's files.
create or replace function sluice.list_own_files(
  p_role text, p_owner text, p_favorite boolean, p_media boolean, p_sort text, p_descending boolean, p_limit bigint,
  p_skip bigint
) returns table (file jsonb)
language plpgsql set search_path = '' set plan_cache_mode = force_custom_plan as $$
declare
  v_by_record boolean := p_favorite or p_sort in ('views', 'expires_at');
  v_key text := case p_sort
    when 'created_at' then 'o.created_at' when 'name' then 'o.name'
    when 'mimetype' then '(o.metadata ->> ''mimetype'') collate "C"' when 'size' then '(o.metadata ->> ''size'')::bigint' end;
  -- The index has no `nulls last`, and its columns have no nulls.
  v_direction text := case when not p_descending then '' when p_sort in ('created_at', 'name') then ' desc'
    else ' desc nulls last' end;
  v_over uuid[] := sluice.files_over();
  v_ids uuid[];
begin
  perform set_config('role', p_role, true);
  execute format(
    'select array(
       select o.id from storage.objects o
       where o.bucket_id = ''uploads'' and o.owner_id = $1 and o.id <> all ($2)
         and (not $3 or o.metadata ->> ''mimetype'' ~ ''^(image|video|audio|text)/'')
       order by %s limit $4 offset $5)', concat_ws(', ', v_key || v_direction, 'o.created_at desc', 'o.name desc'))
  into v_ids
  using p_owner, v_over, p_media, case when not v_by_record then p_limit end, case when v_by_record then 0 else p_skip end;
  perform set_config('role', 'sluice_gateway', true);
  if v_by_record then
    v_ids := array(
      select f.object_id from unnest(v_ids) with ordinality as i (id, place) join sluice.files f on f.object_id = i.id
      where f.favorite or not p_favorite
      order by
        case when p_sort = 'views' then case when p_descending then -f.views else f.views end end,
        case when p_sort = 'expires_at' and not p_descending then f.expires_at end,
        case when p_sort = 'expires_at' and p_descending then f.expires_at end desc nulls last,
        i.place
      limit p_limit offset p_skip);
  end if;
  return query
    select to_jsonb(d) from unnest(v_ids) with ordinality as i (id, place)
    join sluice.describe_files(p_role, v_ids) d on d.object_id = i.id
    order by i.place;
end
$$;
