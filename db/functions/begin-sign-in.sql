-- What a password is compared with: one row, null throughout where there is no such account, which must not show. Takes
-- one from each of the limits first; raises SL013.
create or replace function sluice.begin_sign_in(
  p_username text, p_keys text[], p_limit integer, p_window interval
) returns table (account uuid, password_hash text, banned boolean, claims jsonb, window_ends text[])
language plpgsql set search_path = '' as $$
declare
  v_key text;
  v_end timestamptz;
  v_ends text[] := '{}';
begin
  foreach v_key in array p_keys loop
    select t.window_end into v_end from sluice.take_from_limit(v_key, p_limit, p_window) t;
    v_ends := v_ends || v_end::text;
  end loop;
  return query
    select a.id, a.password_hash, a.banned_at is not null,
      case when a.id is null then null else sluice.claims_of_account(a) end, v_ends
    from (select) as always left join sluice.accounts a on a.username = p_username;
end
$$;
