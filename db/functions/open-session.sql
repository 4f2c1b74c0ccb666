-- A further session of the account of a session. Raises SL011 (session-scopes) where it could do more than that one, SL010
-- where that one has just ended. Whoever changes or removes the account waits for this, and so finds the session to end.
create or replace function sluice.open_session(
  p_from uuid, p_name text, p_scopes integer, p_lifetime interval
) returns table (id uuid, claims jsonb, expires_at timestamptz)
language plpgsql set search_path = '' as $$
declare
  v_account sluice.accounts;
  v_held integer;
begin
  select a.* into v_account from sluice.sessions s join sluice.accounts a on a.id = s.account where s.id = p_from
  for share of a;
  select s.scopes into v_held from sluice.sessions s where s.id = p_from and s.revoked_at is null;
  if not found then
    raise exception 'The session has ended' using errcode = 'SL010';
  end if;
  if v_held is not null and (p_scopes is null or (v_held & 1 = 0 and p_scopes & ~v_held <> 0)) then
    raise exception 'A scoped session opens none that could do more'
      using errcode = 'SL011', detail = jsonb_build_object('permit', 'session-scopes');
  end if;
  return query select * from sluice.make_session(v_account, p_name, p_scopes, p_lifetime);
end
$$;
