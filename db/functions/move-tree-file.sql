-- The part of move_tree that renames the file of this name, as the caller. Where one is there already (p_replaces), or comes
-- to stand there in the same moment, one after the other, it is replaced, but only if p_may_replace; else the names collide.
-- refused: a policy keeps what stands there; denied: one keeps the file where it is.
create or replace function sluice.move_tree_file(
  p_role text, p_bucket text, p_source text, p_target text, p_replaces boolean, p_may_replace boolean,
  out moved bigint, out refused boolean, out denied boolean
)
-- Nothing but seeking in the index of names is ever right here, however small the table was when the plan was made.
language plpgsql set search_path = '' set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
declare
  tries integer := 0;
  replaced uuid;
begin
  refused := false;
  perform set_config('role', p_role, true);
  for attempt in 1 .. 100 loop
    begin
      if p_replaces then
        select o.id into replaced from storage.objects o where o.bucket_id = p_bucket and o.name = p_target;
        delete from storage.objects o where o.id = replaced and o.name = p_target;
        refused := not found and exists (select from storage.objects o where o.id = replaced and o.name = p_target);
      end if;
      update storage.objects o set name = p_target, updated_at = now()
      where o.bucket_id = p_bucket and o.name = p_source and not refused;
      get diagnostics moved = row_count;
      tries := tries + 1;
      denied := moved = 0 and not refused
        and exists (select from storage.objects o where o.bucket_id = p_bucket and o.name = p_source);
      exit when not denied or tries = 3;
    exception when unique_violation then
      if not p_may_replace or attempt = 100 then
        raise;
      end if;
      p_replaces := true;
    end;
  end loop;
  perform set_config('role', 'sluice_gateway', true);
end
$$;
