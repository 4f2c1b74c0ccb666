-- The session of somebody whose password was right, and is still. Gives back what the attempt took from its limits. Raises
-- SL011 (account-active) for a banned account, SL012 where signing in (4) or everything is switched off, except for staff.
-- No row where the password has been changed since, or the account is gone: either waits for this, so that it finds the session
-- that it is to end.
create or replace function sluice.finish_sign_in(
  p_account uuid, p_password_hash text, p_name text, p_lifetime interval, p_keys text[], p_window_ends timestamptz[]
) returns table (id uuid, claims jsonb, expires_at timestamptz)
language plpgsql set search_path = '' as $$
declare
  v_account sluice.accounts;
  v_off integer;
begin
  select a.* into v_account from sluice.accounts a where a.id = p_account and a.password_hash = p_password_hash
  for share;
  if v_account.id is null then
    return;
  end if;
  if v_account.banned_at is not null then
    raise exception 'The account is banned'
      using errcode = 'SL011', detail = jsonb_build_object('permit', 'account-active');
  end if;
  select k.id into v_off from sluice.kill_switches k where k.enabled and k.id in (4, 8) order by k.id desc limit 1;
  if v_off is not null and not v_account.staff then
    raise exception 'Switched off' using errcode = 'SL012', detail = jsonb_build_object('feature', v_off);
  end if;
  perform sluice.give_back(p_keys, p_window_ends);
  return query select * from sluice.make_session(v_account, p_name, null, p_lifetime);
end
$$;
