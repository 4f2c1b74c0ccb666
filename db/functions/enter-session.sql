-- The claims of an account's session: those of its token, with everything that may have changed since as it is now.
-- Called as the gateway, it goes on in p_role. Raises SL010 where the session has ended, or is not this account's.
create or replace function sluice.enter_session(
  p_session uuid, p_account text, p_claims jsonb, p_role text
) returns void
language plpgsql set search_path = '' as $$
declare
  v_present jsonb;
begin
  select sluice.claims_of_account(a) || jsonb_build_object('scopes', s.scopes) into v_present
  from sluice.sessions s join sluice.accounts a on a.id = s.account
  where s.id = p_session and s.account::text = p_account and s.revoked_at is null and s.expires_at > now();
  if v_present is null then
    raise exception 'The session has ended' using errcode = 'SL010';
  end if;
  perform set_config('request.jwt.claims', (p_claims || v_present)::text, true);
  perform set_config('role', p_role, true);
end
$$;
