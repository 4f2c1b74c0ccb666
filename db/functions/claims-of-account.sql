-- What policies are told of an account, as it is now, beside the subject and the role.
create or replace function sluice.claims_of_account(p_account sluice.accounts) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'username', p_account.username, 'account_id', p_account.account_id, 'uid', p_account.uid,
    'email', p_account.email, 'backend', p_account.backend, 'verified', p_account.verified_at is not null,
    'banned', p_account.banned_at is not null, 'staff', p_account.staff, 'admin', p_account.admin,
    'second_factor', p_account.totp_secret is not null)
$$;
