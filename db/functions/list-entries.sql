-- What lies directly under a prefix (p_delimited) or anywhere under it, in byte order of the full name, as the caller.
-- A folder is one entry, its name ends in a slash, and its content is passed over by seeking to its successor, so the
-- cost is one seek an entry whatever lies beneath. p_from (included) and p_to (excluded) bound the walk; p_base is the
-- length in characters of the prefix that folder names are relative to; p_search, in lower case, must begin the rest of
-- the name in any letter case. p_skip entries are passed over first. p_limit null means all. A run of files is passed
-- over, or given, by two statements, and a row of folders by one. Every comparison is on raw names, so row level security
-- keeps the index (DESIGN §10).
create or replace function storage.list_entries(
  p_bucket text, p_from text, p_to text, p_base integer, p_delimited boolean, p_search text,
  p_descending boolean, p_skip bigint, p_limit bigint
) returns table (
  name text, is_folder boolean, id uuid,
  created_at timestamptz, updated_at timestamptz, last_accessed_at timestamptz, metadata jsonb)
language plpgsql stable
-- Nothing but walking the index in order is ever right here, and statistics must not talk the planner out of it.
set search_path = '' set enable_sort = off set enable_bitmapscan = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan as $$
declare
  rows_of refcursor;
  entry record;
  folder text;
  run_low text collate "C";
  run_high text collate "C";
  passed bigint;
  last_name text;
  low text collate "C" := p_from;
  -- No name is longer than 1024 bytes, so nothing follows 257 times the last code point of four bytes.
  high text collate "C" := coalesce(p_to, repeat(chr(1114111), 257));
  skip bigint := p_skip;
  emitted bigint := 0;
  -- Files seen in a row, and how many promise a long run. Two statements for the rest of it cost as much as some twenty
  -- seeks; each rest that was shorter doubles the promise that is asked for.
  run integer := 0;
  long_run integer := 4;
  pays boolean := not p_delimited and p_search is null;
begin
  loop
    if pays then
      folder := case when p_delimited then storage.first_in_folder(
        p_bucket, low, high, p_base, p_descending, coalesce(nullif(skip, 0), p_limit - emitted)) end;
      run_low := case when p_descending then coalesce(folder || chr(1), low) else low end;
      run_high := case when p_descending then high else coalesce(folder, high) end;
      if skip > 0 then
        if p_descending then
          select count(*), min(s.name) into passed, last_name from (
            select o.name from storage.objects o
            where o.bucket_id = p_bucket and o.name >= run_low and o.name < run_high order by o.name desc limit skip) s;
        else
          select count(*), max(s.name) into passed, last_name from (
            select o.name from storage.objects o
            where o.bucket_id = p_bucket and o.name >= run_low and o.name < run_high order by o.name limit skip) s;
        end if;
        skip := skip - passed;
        -- All of the stretch is passed over.
        exit when folder is null and skip > 0;
      else
        if p_descending then
          return query
          select o.name, false, o.id, o.created_at, o.updated_at, o.last_accessed_at, o.metadata from storage.objects o
          where o.bucket_id = p_bucket and o.name >= run_low and o.name < run_high
          order by o.name desc limit p_limit - emitted;
        else
          return query
          select o.name, false, o.id, o.created_at, o.updated_at, o.last_accessed_at, o.metadata from storage.objects o
          where o.bucket_id = p_bucket and o.name >= run_low and o.name < run_high
          order by o.name limit p_limit - emitted;
        end if;
        -- The page is full, or all of the stretch is given.
        exit when folder is null;
        get diagnostics passed = row_count;
        emitted := emitted + passed;
      end if;
      -- chr(1) makes the next possible name: chr(0) cannot occur.
      if p_descending then
        high := coalesce(folder || chr(1), last_name);
      else
        low := coalesce(folder, last_name || chr(1));
      end if;
      if passed < 20 then
        long_run := long_run * 2;
      end if;
      pays := folder is null;
      continue when pays;
    end if;

    -- A chain of seeks in one statement: to start one, policies and all, costs more than a dozen seeks.
    if p_descending then
      open rows_of for
        with recursive walk as (
          select null::text collate "C" as name, null::uuid as id, null::timestamptz as created_at,
            null::timestamptz as updated_at, null::timestamptz as last_accessed_at, null::jsonb as metadata,
            0 as slash, high as beyond
          union all
          select n.* from walk w, lateral (
            select o.name, o.id, o.created_at, o.updated_at, o.last_accessed_at, o.metadata, at.slash,
              case when at.slash > 0 then left(o.name, p_base + at.slash) else o.name end
            from storage.objects o, lateral (
              select case when p_delimited then strpos(substr(o.name, p_base + 1), '/') else 0 end as slash) at
            where o.bucket_id = p_bucket and o.name >= low and o.name < w.beyond
              and (p_search is null or at.slash > 0 or starts_with(lower(substr(o.name, p_base + 1) collate "default"), p_search))
            order by o.name desc limit 1) n)
        select w.* from walk w where w.name is not null;
    else
      open rows_of for
        with recursive walk as (
          select null::text collate "C" as name, null::uuid as id, null::timestamptz as created_at,
            null::timestamptz as updated_at, null::timestamptz as last_accessed_at, null::jsonb as metadata,
            0 as slash, low as beyond
          union all
          select n.* from walk w, lateral (
            -- '0' follows '/' in byte order, so `folder0` is the first name beyond everything in `folder/`.
            select o.name, o.id, o.created_at, o.updated_at, o.last_accessed_at, o.metadata, at.slash,
              case when at.slash > 0 then left(o.name, p_base + at.slash - 1) || '0' else o.name || chr(1) end
            from storage.objects o, lateral (
              select case when p_delimited then strpos(substr(o.name, p_base + 1), '/') else 0 end as slash) at
            where o.bucket_id = p_bucket and o.name >= w.beyond and o.name < high
              and (p_search is null or at.slash > 0 or starts_with(lower(substr(o.name, p_base + 1) collate "default"), p_search))
            order by o.name limit 1) n)
        select w.* from walk w where w.name is not null;
    end if;
    loop
      if emitted = p_limit then
        close rows_of;
        return;
      end if;
      fetch rows_of into entry;
      if not found then
        close rows_of;
        return;
      end if;
      is_folder := entry.slash > 0;
      name := case when is_folder then left(entry.name, p_base + entry.slash) else entry.name end;
      if p_search is null or starts_with(lower(substr(name, p_base + 1)), p_search) then
        if skip > 0 then
          skip := skip - 1;
        else
          if is_folder then
            id := null; created_at := null; updated_at := null; last_accessed_at := null; metadata := null;
          else
            id := entry.id; created_at := entry.created_at; updated_at := entry.updated_at;
            last_accessed_at := entry.last_accessed_at; metadata := entry.metadata;
          end if;
          return next;
          emitted := emitted + 1;
        end if;
      end if;
      run := case when is_folder then 0 else run + 1 end;
      pays := run >= long_run and p_search is null
        and case when skip > 0 then skip else coalesce(p_limit - emitted, 20) end >= 20;
      exit when pays;
    end loop;
    close rows_of;
    if p_descending then high := entry.beyond; else low := entry.beyond; end if;
  end loop;
end
$$;
