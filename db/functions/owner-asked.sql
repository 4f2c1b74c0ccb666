-- Whose files are asked for: those of the account with p_uid, else p_owner's, else everybody's, which is null. Raises
-- SL014 where nobody has this uid.
create or replace function sluice.owner_asked(p_owner text, p_uid text) returns text
language plpgsql stable set search_path = '' as $$
declare
  v_owner text := p_owner;
begin
  if p_uid is not null then
    select a.id::text into v_owner from sluice.accounts a where a.uid = p_uid;
    if not found then
      raise exception 'User not found' using errcode = 'SL014';
    end if;
  end if;
  return v_owner;
end
$$;
