-- A page of files that the caller sees and that are not over, newest first: public name and display name; and how many
-- there are in all. Of everybody, of p_owner, or of the account with p_uid (SL014). Planned at each call, because what is
-- fast for one user's files is not for everybody's.
create or replace function sluice.list_uploads(p_role text, p_owner text, p_uid text, p_limit bigint, p_offset bigint)
returns table (total bigint, items jsonb)
language plpgsql set search_path = '' set plan_cache_mode = force_custom_plan as $$
declare
  v_owner text := sluice.owner_asked(p_owner, p_uid);
  v_over uuid[] := sluice.files_over();
  v_ids uuid[];
  v_names text[];
begin
  perform set_config('role', p_role, true);
  select count(*) into total from storage.objects o
  where o.bucket_id = 'uploads' and (v_owner is null or o.owner_id = v_owner) and o.id <> all (v_over);
  select array_agg(p.id order by p.created_at desc, p.name desc), array_agg(p.name order by p.created_at desc, p.name desc)
  into v_ids, v_names
  from (
    select o.id, o.name, o.created_at from storage.objects o
    where o.bucket_id = 'uploads' and (v_owner is null or o.owner_id = v_owner) and o.id <> all (v_over)
    order by o.created_at desc, o.name desc
    limit p_limit offset p_offset) p;
  perform set_config('role', 'sluice_gateway', true);
  select coalesce(
    jsonb_agg(jsonb_build_object('name', p.name, 'display_name', f.display_name) order by p.place), '[]') into items
  from unnest(v_ids, v_names) with ordinality as p (id, name, place) left join sluice.files f on f.object_id = p.id;
  return next;
end
$$;
