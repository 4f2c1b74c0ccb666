-- What a path of a backend names, as the caller: the file of exactly that name, alone; else the files under it, in byte
-- order, beyond p_after, up to p_limit. Each with its owner's user name. Raises SL001 for a backend that is unknown.
create or replace function sluice.read_backend(
  p_role text, p_bucket text, p_name text, p_from text, p_to text, p_after text, p_limit bigint
) returns table (
  id uuid, bucket_id text, name text, version text, metadata jsonb, user_metadata jsonb, created_at timestamptz,
  updated_at timestamptz, delivery text, is_exact boolean, owner_name text)
language plpgsql set search_path = '' as $$
declare
  v_found storage.objects[];
  v_delivery text := (select r.delivery from storage.bucket_rules(p_bucket) r);
begin
  if v_delivery is null then
    raise exception 'Bucket not found' using errcode = 'SL001';
  end if;
  perform set_config('role', p_role, true);
  v_found := array(select o from storage.objects o
    where o.bucket_id = p_bucket and o.name = p_name and o.version is not null);
  if cardinality(v_found) = 0 then
    v_found := array(select o from storage.objects o
      where o.bucket_id = p_bucket and o.name >= p_from and (p_to is null or o.name < p_to)
        and (p_after is null or o.name > p_after) and o.version is not null
      order by o.name limit p_limit);
  end if;
  perform set_config('role', 'sluice_gateway', true);
  return query
    select o.id, o.bucket_id::text, o.name::text, o.version::text, o.metadata, o.user_metadata, o.created_at,
      o.updated_at, v_delivery, o.name = p_name, coalesce(a.username::text, o.owner_id)
    from unnest(v_found) with ordinality as o left join sluice.accounts a on a.id = o.owner
    order by o.ordinality;
end
$$;
