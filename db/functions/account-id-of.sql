-- The number of an account; of a caller from elsewhere what the token claims. Null where neither says one.
create or replace function sluice.account_id_of(p_owner uuid) returns integer
language sql stable set search_path = '' as $$
  select coalesce(
    (select a.account_id from sluice.accounts a where a.id = p_owner),
    case when p_owner::text = current_setting('request.jwt.claim.sub', true)
      then substring(auth.claim('account_id') from '^[0-9]{1,9}$')::integer end)
$$;
