-- What lies directly under a prefix (p_delimited) or anywhere under it, in byte order of the full name, as the caller.
-- A folder is one entry, its name ends in a slash, and its content is passed over by seeking to its successor, so the
-- cost is one seek an entry whatever lies beneath. p_from (included) and p_to (excluded) bound the walk; p_base is the
-- length in characters of the prefix that folder names are relative to; p_search, in lower case, must begin the rest of
-- the name in any letter case. p_skip entries are passed over first: plain runs of files a block at a time.
-- p_limit null means all. Every comparison is on raw names, so row level security keeps the index (DESIGN §10).
create or replace function storage.list_entries(
  p_bucket text, p_from text, p_to text, p_base integer, p_delimited boolean, p_search text,
  p_descending boolean, p_skip bigint, p_limit bigint
) returns table (
  name text, is_folder boolean, id uuid,
  created_at timestamptz, updated_at timestamptz, last_accessed_at timestamptz, metadata jsonb)
language plpgsql stable
-- Nothing but walking the index in order is ever right here, and statistics must not talk the planner out of it.
set search_path = '' set enable_sort = off set enable_bitmapscan = off set enable_seqscan = off as $$
declare
  rows_of refcursor;
  entry record;
  block record;
  low text collate "C" := p_from;
  -- No name is longer than 1024 bytes, so nothing follows 257 times the last code point of four bytes.
  high text collate "C" := coalesce(p_to, repeat(chr(1114111), 257));
  skip bigint := p_skip;
  emitted bigint := 0;
  block_size bigint := 64;
  -- Files seen in a row; a block is tried only where a run of files has shown itself, never between folders.
  run integer := 0;
  slash integer;
begin
  loop
    -- Pass over runs of files without fetching them one by one.
    while skip >= 64 and run >= 16 and p_search is null loop
      select * into block from storage.skip_block(p_bucket, low, high, p_base, p_delimited, p_descending, least(block_size, skip));
      exit when block.files = 0;
      skip := skip - block.files;
      if p_descending then high := block.last_name; else low := block.last_name || chr(1); end if;
      exit when block.ran_into_folder;
      block_size := least(block_size * 8, 16384);
    end loop;

    if p_descending then
      open rows_of for
        select o.name, o.id, o.created_at, o.updated_at, o.last_accessed_at, o.metadata from storage.objects o
        where o.bucket_id = p_bucket and o.name >= low and o.name < high order by o.name desc;
    else
      open rows_of for
        select o.name, o.id, o.created_at, o.updated_at, o.last_accessed_at, o.metadata from storage.objects o
        where o.bucket_id = p_bucket and o.name >= low and o.name < high order by o.name;
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
      slash := case when p_delimited then strpos(substr(entry.name, p_base + 1), '/') else 0 end;
      if slash > 0 then
        name := left(entry.name, p_base + slash);
      else
        name := entry.name;
      end if;
      if p_search is null or starts_with(lower(substr(name, p_base + 1)), p_search) then
        if skip > 0 then
          skip := skip - 1;
        else
          is_folder := slash > 0;
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
      if slash > 0 then
        -- '0' follows '/' in byte order, so `folder0` is the first name beyond everything in `folder/`.
        if p_descending then high := name; else low := left(entry.name, p_base + slash - 1) || '0'; end if;
        run := 0;
        block_size := 64;
        exit;
      elsif p_descending then
        high := entry.name;
      else
        low := entry.name || chr(1); -- the next possible name: chr(0) cannot occur
      end if;
      run := run + 1;
      exit when skip >= 64 and run >= 16 and p_search is null;
    end loop;
    close rows_of;
  end loop;
end
$$;
