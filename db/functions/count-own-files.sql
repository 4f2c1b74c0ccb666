-- How many files of the caller's own are not over: all, favorites, or those that are pictures, videos, sounds and texts.
create or replace function sluice.count_own_files(p_role text, p_owner text, p_favorite boolean, p_media boolean)
returns bigint
language plpgsql set search_path = '' set plan_cache_mode = force_custom_plan as $$
declare
  v_over uuid[] := sluice.files_over();
  v_favorites uuid[] := case when p_favorite then array(select f.object_id from sluice.files f where f.favorite) end;
  v_count bigint;
begin
  perform set_config('role', p_role, true);
  select count(*) into v_count from storage.objects o
  where o.bucket_id = 'uploads' and o.owner_id = p_owner and o.id <> all (v_over)
    and (not p_favorite or o.id = any (v_favorites))
    and (not p_media or o.metadata ->> 'mimetype' ~ '^(image|video|audio|text)/');
  perform set_config('role', 'sluice_gateway', true);
  return v_count;
end
$$;
