-- What a path of a backend names, as the caller: the file of exactly that name, alone; else the files under it, in byte
-- order, beyond p_after, up to p_limit. Each with its owner's user name. Raises SL001 for a backend that is unknown.
create or replace function sluice.read_backend(
  p_role text, p_bucket text, p_name text, p_from text, p_to text, p_after text, p_limit bigint
) returns table (
  id uuid, bucket_id text, name text, version text, metadata jsonb, user_metadata jsonb, created_at timestamptz,
  updated_at timestamptz, delivery text, is_exact boolean, owner_name text)
-- Nothing but seeking in the index of names is ever right here, however small the table was when the plan was made.
language plpgsql set search_path = '' set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
declare
  v_found storage.objects[];
  -- No name is longer than 1024 bytes, so nothing follows 257 times the last code point of four bytes.
  v_to text collate "C" := coalesce(p_to, repeat(chr(1114111), 257));
  -- chr(1) makes the next possible name: chr(0) cannot occur.
  v_from text collate "C" := greatest(p_from collate "C", p_after || chr(1));
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
      where o.bucket_id = p_bucket and o.name >= v_from and o.name < v_to and o.version is not null
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
