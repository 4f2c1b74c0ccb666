-- The bytes are gone, so the ledger may forget them. Returns how many entries went.
create or replace function sluice.forget_blobs(p_versions text[]) returns bigint
language plpgsql set search_path = '' as $$
declare
  forgotten bigint;
begin
  delete from sluice.blobs b where b.version = any (p_versions) and b.state = 'dead';
  get diagnostics forgotten = row_count;
  return forgotten;
end
$$;
