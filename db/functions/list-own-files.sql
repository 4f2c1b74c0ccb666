-- The caller's own files that are not over, and how many there are in all. p_sort names a column of
-- sluice.describe_files; ties and the rest are newest first. No row where the page is beyond the end.
create or replace function sluice.list_own_files(
  p_role text, p_owner text, p_favorite boolean, p_media boolean, p_sort text, p_descending boolean, p_limit bigint,
  p_skip bigint
) returns table (file jsonb, total bigint)
language plpgsql set search_path = '' as $$
declare
  v_ids uuid[];
begin
  perform set_config('role', p_role, true);
  v_ids := array(select o.id from storage.objects o where o.bucket_id = 'uploads' and o.owner_id = p_owner);
  perform set_config('role', 'sluice_gateway', true);
  return query
    select to_jsonb(d), count(*) over ()
    from sluice.describe_files(p_role, v_ids) d,
      lateral (select
        case p_sort when 'name' then d.name when 'mimetype' then d.mimetype end collate "C" as word,
        case p_sort when 'size' then d.size when 'views' then d.views end as amount,
        case p_sort when 'expires_at' then d.expires_at when 'created_at' then d.created_at end as instant) k
    where (d.favorite or not p_favorite)
      and (not p_media or d.mimetype ~ '^(image|video|audio|text)/')
    order by
      case when p_descending then k.word end desc nulls last, case when not p_descending then k.word end,
      case when p_descending then k.amount end desc nulls last, case when not p_descending then k.amount end,
      case when p_descending then k.instant end desc nulls last, case when not p_descending then k.instant end,
      d.created_at desc, d.id desc
    limit p_limit offset p_skip;
end
$$;
