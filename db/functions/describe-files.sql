-- Objects of the bucket `uploads` together with their records: of the given ids those that the caller sees and that are
-- not over. The password shows only as whether there is one.
create or replace function sluice.describe_files(p_role text, p_ids uuid[])
returns table (
  id bigint, object_id uuid, name text, owner_id text, mimetype text, size bigint, created_at timestamptz,
  updated_at timestamptz, display_name text, original_name text, expires_at timestamptz, max_views bigint, views bigint,
  favorite boolean, embed boolean, format text, has_password boolean, folder_id bigint, account_id integer)
language plpgsql set search_path = '' as $$
declare
  seen storage.objects[];
begin
  perform set_config('role', p_role, true);
  seen := array(select o from storage.objects o where o.id = any (p_ids) and o.bucket_id = 'uploads');
  perform set_config('role', 'sluice_gateway', true);
  return query
    with owners as materialized (
      select w.owner, sluice.account_id_of(w.owner) as account_id from (select distinct s.owner from unnest(seen) s) w)
    select f.id, f.object_id, o.name::text, o.owner_id, o.metadata ->> 'mimetype', (o.metadata ->> 'size')::bigint,
      o.created_at, o.updated_at, f.display_name, f.original_name, f.expires_at, f.max_views, f.views, f.favorite,
      f.embed, f.format, f.password_hash is not null, f.folder_id, w.account_id
    from unnest(seen) o join sluice.files f on f.object_id = o.id
    left join owners w on w.owner = o.owner
    where not sluice.is_over(f);
end
$$;
