-- Signed-in users create buckets, and rule over the buckets they own and everything in them. Nothing to replace.

-- A signed-in user creates buckets under his or her own name, but none of those that accounts have their rooms in.
create policy own_buckets_create on storage.buckets for insert to authenticated
  with check (owner_id = (select auth.claim('sub')) and id not in ('home', 'uploads') and not starts_with(id, 'backend-'));

-- A signed-in user sees the buckets that he or she owns.
create policy own_buckets_see on storage.buckets for select to authenticated
  using (owner_id = (select auth.claim('sub')));

-- The owner of a bucket changes its visibility and its limits, and keeps owning it, unless it is one that may not be created.
create policy own_buckets_change on storage.buckets for update to authenticated
  using (owner_id = (select auth.claim('sub')))
  with check (owner_id = (select auth.claim('sub')) and id not in ('home', 'uploads') and not starts_with(id, 'backend-'));

-- The owner of a bucket deletes it once it is empty.
create policy own_buckets_delete on storage.buckets for delete to authenticated
  using (owner_id = (select auth.claim('sub')));

-- The owner of a bucket reads, adds, changes and removes every object in it, whoever uploaded it.
create policy own_buckets_rule_objects on storage.objects for all to authenticated
  using (bucket_id in (select b.id from storage.buckets b where b.owner_id = (select auth.claim('sub'))))
  with check (bucket_id in (select b.id from storage.buckets b where b.owner_id = (select auth.claim('sub'))));
