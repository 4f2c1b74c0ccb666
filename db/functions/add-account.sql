-- A new account, with what p_changes names as for sluice.change_account. Its uid is the instant in milliseconds, a later
-- one where that is taken.
create or replace function sluice.add_account(p_username text, p_changes jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('sluice.add_account', 0));
  insert into sluice.accounts (username, uid)
  values (p_username, greatest(
    floor(extract(epoch from clock_timestamp()) * 1000)::bigint,
    (select max(a.uid)::bigint + 1 from sluice.accounts a))::text);
  perform sluice.change_account(p_username, p_changes);
end
$$;
