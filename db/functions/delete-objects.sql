-- Removes many rows by exact name, as the caller, and returns those that went. The plan decides in which order it locks the
-- rows, so two callers with names in common, each in an order of its own, would wait for each other. They wait here
-- first: names fall into 64 classes by their hash, taken in one order, so that a long list needs no lock for each name.
create or replace function sluice.delete_objects(p_role text, p_bucket text, p_names text[])
returns table (
  id uuid, bucket_id text, name text, owner uuid, owner_id text, version text, metadata jsonb, user_metadata jsonb,
  created_at timestamptz, updated_at timestamptz, last_accessed_at timestamptz
) language plpgsql set search_path = '' as $$
begin
  if cardinality(p_names) > 1 then
    perform pg_advisory_xact_lock(hashtext('delete ' || p_bucket), c.class)
    from (select distinct hashtext(n) & 63 as class from unnest(p_names) n order by class) c;
  end if;
  perform set_config('role', p_role, true);
  return query
    delete from storage.objects o where o.bucket_id = p_bucket and o.name = any (p_names)
    returning o.id, o.bucket_id, o.name, o.owner, o.owner_id, o.version, o.metadata, o.user_metadata,
      o.created_at, o.updated_at, o.last_accessed_at;
  perform set_config('role', 'sluice_gateway', true);
end
$$;
