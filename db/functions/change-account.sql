-- Sets what p_changes names of an account, by its columns; flags that are instants are given as true and false. A new
-- password ends the sessions. Raises SL014.
create or replace function sluice.change_account(p_username text, p_changes jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  v_id uuid;
begin
  update sluice.accounts a set
    email = case when p_changes ? 'email' then p_changes ->> 'email' else a.email end,
    password_hash = coalesce(p_changes ->> 'password_hash', a.password_hash),
    verified_at = case when p_changes ? 'verified' then
      case when (p_changes ->> 'verified')::boolean then coalesce(a.verified_at, now()) end else a.verified_at end,
    banned_at = case when p_changes ? 'banned' then
      case when (p_changes ->> 'banned')::boolean then coalesce(a.banned_at, now()) end else a.banned_at end,
    staff = coalesce((p_changes ->> 'staff')::boolean, a.staff),
    admin = coalesce((p_changes ->> 'admin')::boolean, a.admin),
    backend = coalesce(p_changes ->> 'backend', a.backend),
    totp_secret = case when p_changes ? 'totp_secret' then p_changes ->> 'totp_secret' else a.totp_secret end,
    totp_pending = case when p_changes ? 'totp_secret' then null else a.totp_pending end,
    updated_at = now()
  where a.username = p_username
  returning a.id into v_id;
  if v_id is null then
    raise exception 'There is no user %', p_username
      using errcode = 'SL014', detail = jsonb_build_object('username', p_username);
  end if;
  if p_changes ? 'password_hash' then
    update sluice.sessions s set revoked_at = now() where s.account = v_id and s.revoked_at is null;
  end if;
end
$$;
