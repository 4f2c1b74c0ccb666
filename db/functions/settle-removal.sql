-- Marks what the oldest note of removed rows names dead, as of their removal, unless a row names it still; p_role looks,
-- past every policy. Returns how many versions the note had, 0 when there is none that no other sweeper has in hand.
create or replace function sluice.settle_removal(p_role text) returns bigint
language plpgsql set search_path = '' as $$
declare
  note sluice.removals;
  named text[];
begin
  delete from sluice.removals r
  where r.id = (select n.id from sluice.removals n order by n.id limit 1 for update skip locked)
  returning * into note;
  if note.id is null then
    return 0;
  end if;
  -- Marking locks them, so that the next statement sees what a simultaneous copy has committed.
  update sluice.blobs b set state = 'dead', dead_at = note.removed_at
  where b.version = any (note.versions) and b.state = 'live';
  perform set_config('role', p_role, true);
  named := array(select distinct o.version from storage.objects o where o.version = any (note.versions));
  perform set_config('role', 'sluice_gateway', true);
  update sluice.blobs b set state = 'live', dead_at = null
  where b.version = any (named) and b.state = 'dead' and b.live_at is not null;
  return cardinality(note.versions);
end
$$;
