-- Whoever removes or replaces rows, the gateway, an administrator in psql or a cascade, the bytes they named are noted.

-- SECURITY DEFINER: rows may be removed by any role, and none of them has a right on the ledger. It takes no argument,
-- cannot be called outside a trigger, and only ever marks bytes that no row names.
-- Locking the ledger rows first, in one order, makes the second statement see what a simultaneous copy or delete of
-- another row with the same bytes has committed; without it both could believe the other row still exists.
create function sluice.mark_unnamed_blobs() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  versions text[];
begin
  if tg_op = 'TRUNCATE' then
    update sluice.blobs b set state = 'dead', dead_at = now()
    where b.state = 'live' and not exists (select from storage.objects o where o.version = b.version);
    return null;
  end if;
  if tg_op = 'DELETE' then
    select array_agg(distinct r.version) into versions from removed r where r.version is not null;
  else
    select array_agg(distinct r.version) into versions from removed r
    where r.version is not null and not exists (select from kept k where k.version = r.version);
  end if;
  if versions is null then
    return null;
  end if;
  perform from sluice.blobs b where b.version = any (versions) order by b.version for update;
  update sluice.blobs b set state = 'dead', dead_at = now()
  where b.version = any (versions) and b.state = 'live'
    and not exists (select from storage.objects o where o.version = b.version);
  return null;
end
$$;

create trigger objects_deleted after delete on storage.objects
  referencing old table as removed
  for each statement execute function sluice.mark_unnamed_blobs();
create trigger objects_updated after update on storage.objects
  referencing old table as removed new table as kept
  for each statement execute function sluice.mark_unnamed_blobs();
create trigger objects_truncated after truncate on storage.objects
  for each statement execute function sluice.mark_unnamed_blobs();
