-- A copy inside the bucket `uploads` is protected as its source is: password, time, and the views that are left; it is
-- called and marked like it, and stays out of its folder. Raises SL002 where the source is gone, or over, by now.
create or replace function sluice.copy_file_record(p_source uuid, p_target uuid) returns void
language plpgsql set search_path = '' as $$
begin
  update sluice.files t
  set display_name = s.display_name, original_name = s.original_name, expires_at = s.expires_at,
      max_views = s.max_views, views = s.views, viewed_at = s.viewed_at, favorite = s.favorite, embed = s.embed,
      format = s.format, password_hash = s.password_hash
  from sluice.files s
  where t.object_id = p_target and s.object_id = p_source and not sluice.is_over(s);
  if not found then
    perform sluice.raise_not_found('uploads');
  end if;
end
$$;
