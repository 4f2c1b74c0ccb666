-- Folders of a hundred thousand files: what each of their rows costs when it is renamed or removed.

-- A statement that sets the time itself pays no call a row.
drop trigger update_objects_updated_at on storage.objects;
create trigger update_objects_updated_at before update on storage.objects
  for each row when (new.updated_at is not distinct from old.updated_at) execute function storage.touch_updated_at();

-- SECURITY DEFINER: rows may be removed or replaced by any role, and none of them has a right on the ledger. It takes no
-- argument, cannot be called outside a trigger, and only ever marks bytes that no row names.
-- All are marked first, which locks them; the second statement then sees what a simultaneous copy or delete of another
-- row with the same bytes has committed while the first waited, and takes back what is named after all.
create or replace function sluice.mark_unnamed_blobs() returns trigger
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
    select array_agg(r.version) into versions from removed r where r.version is not null;
  else
    versions := array[old.version];
  end if;
  if versions is null then
    return null;
  end if;
  update sluice.blobs b set state = 'dead', dead_at = now() where b.version = any (versions) and b.state = 'live';
  update sluice.blobs b set state = 'live', dead_at = null
  where b.version = any (versions) and b.state = 'dead' and b.dead_at = now()
    and exists (select from storage.objects o where o.version = b.version);
  return null;
end
$$;

-- Renaming leaves the bytes alone, so only rows that change their version are looked at.
drop trigger objects_updated on storage.objects;
create trigger objects_reversioned after update on storage.objects
  for each row when (old.version is distinct from new.version and old.version is not null)
  execute function sluice.mark_unnamed_blobs();
