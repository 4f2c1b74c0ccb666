-- A new session of an account, with what its token is to say. Sessions of the account that are long over go.
create or replace function sluice.make_session(
  p_account sluice.accounts, p_name text, p_scopes integer, p_lifetime interval
) returns table (id uuid, claims jsonb, expires_at timestamptz)
language plpgsql set search_path = '' as $$
begin
  delete from sluice.sessions s where s.account = p_account.id and s.expires_at < now() - interval '7 days';
  return query
    with made as (
      insert into sluice.sessions (account, name, scopes, expires_at)
      values (p_account.id, p_name, p_scopes, date_trunc('second', now()) + p_lifetime)
      returning *)
    select m.id, sluice.claims_of_account(p_account)
      || jsonb_build_object('sub', p_account.id, 'scopes', m.scopes, 'session_id', m.id), m.expires_at
    from made m;
end
$$;
