-- Marks a file as a favorite of its owner, or no longer. Raises what sluice.touch_file raises.
create or replace function sluice.mark_favorite(p_role text, p_file bigint, p_favorite boolean) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_file sluice.files := sluice.touch_file(p_role, p_file);
begin
  update sluice.files f set favorite = p_favorite where f.id = p_file;
  return (select to_jsonb(d) from sluice.describe_files(p_role, array[v_file.object_id]) d);
end
$$;
