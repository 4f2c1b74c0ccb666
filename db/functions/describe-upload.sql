-- One file as its owner and the staff see it; null for one that is over. An owner without an account of ours is told by
-- the id that its tokens claim.
create or replace function sluice.describe_upload(p_object storage.objects) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_build_object(
      'name', p_object.name, 'display_name', f.display_name, 'size', p_object.metadata -> 'size',
      'owner_uid', coalesce((select a.uid from sluice.accounts a where a.id = p_object.owner), p_object.owner_id),
      'created_at', p_object.created_at, 'updated_at', p_object.updated_at)
    from sluice.files f where f.object_id = p_object.id and not sluice.is_over(f));
end
$$;
