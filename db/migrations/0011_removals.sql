-- Thousands of rows removed at once leave one note of their versions, for the sweeper to mark: marking a hundred thousand
-- ledger entries would take the one who removes a folder several times as long as removing the rows.

create table sluice.removals (
  id bigint generated always as identity primary key,
  versions text[] collate "C" not null,
  removed_at timestamptz not null default now()
);

comment on table sluice.removals is
  'Versions that rows named until removed_at. Their ledger entries are still live; sluice.settle_removal marks them.';

-- SECURITY DEFINER: rows may be removed or replaced by any role, and none of them has a right on the ledger. It takes no
-- argument, cannot be called outside a trigger, and only ever marks bytes that no row names.
-- All are marked first, which locks them; the second statement then sees what a simultaneous copy or delete of another
-- row with the same bytes has committed while the first waited, and takes back what is named after all.
create or replace function sluice.mark_unnamed_blobs() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  most_at_once constant integer := 1000;
  versions text[];
begin
  if tg_op = 'TRUNCATE' then
    update sluice.blobs b set state = 'dead', dead_at = now()
    where b.state = 'live' and not exists (select from storage.objects o where o.version = b.version);
    return null;
  end if;
  if tg_op = 'DELETE' then
    select array_agg(r.version) into versions from removed r where r.version is not null;
  else
    versions := array[old.version];
  end if;
  if versions is null then
    return null;
  end if;
  if cardinality(versions) > most_at_once then
    insert into sluice.removals (versions)
    select versions[first : first + most_at_once - 1]
    from generate_series(1, cardinality(versions), most_at_once) first;
    return null;
  end if;
  update sluice.blobs b set state = 'dead', dead_at = now() where b.version = any (versions) and b.state = 'live';
  update sluice.blobs b set state = 'live', dead_at = null
  where b.version = any (versions) and b.state = 'dead' and b.dead_at = now()
    and exists (select from storage.objects o where o.version = b.version);
  return null;
end
$$;
