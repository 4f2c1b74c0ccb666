-- The sweeper's grace begins when a row goes: counted from the beginning of a transaction that did other things first, it was
-- over when the row went, and a running download lost its bytes.

alter table sluice.removals alter column removed_at set default clock_timestamp();

-- SECURITY DEFINER: rows may be removed or replaced by any role, and none of them has a right on the ledger. It takes no
-- argument, cannot be called outside a trigger, and only ever marks bytes that no row names.
-- All are marked first, which locks them; the second statement then sees what a simultaneous copy or delete of another
-- row with the same bytes has committed while the first waited, and takes back what is named after all. It takes back its
-- own marks only: what was dead before, a sweeper may have in hand.
create or replace function sluice.mark_unnamed_blobs() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  most_at_once constant integer := 1000;
  versions text[];
  marked text[];
begin
  if tg_op = 'TRUNCATE' then
    update sluice.blobs b set state = 'dead', dead_at = clock_timestamp()
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
  with dead as (
    update sluice.blobs b set state = 'dead', dead_at = clock_timestamp()
    where b.version = any (versions) and b.state = 'live' returning b.version)
  select array_agg(d.version) into marked from dead d;
  update sluice.blobs b set state = 'live', dead_at = null
  where b.version = any (marked) and exists (select from storage.objects o where o.version = b.version);
  return null;
end
$$;
