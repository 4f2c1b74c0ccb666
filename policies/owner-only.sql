-- Everybody keeps objects that nobody else can see. Replace my-bucket by your bucket.

-- A signed-in user sees the objects that he or she uploaded.
create policy owner_only_read on storage.objects for select to authenticated
  using (bucket_id = 'my-bucket' and owner_id = (select auth.claim('sub')));

-- A signed-in user adds objects under his or her own name.
create policy owner_only_add on storage.objects for insert to authenticated
  with check (bucket_id = 'my-bucket' and owner_id = (select auth.claim('sub')));

-- A signed-in user replaces, renames and moves his or her own objects, to where a policy takes them in.
create policy owner_only_change on storage.objects for update to authenticated
  using (bucket_id = 'my-bucket' and owner_id = (select auth.claim('sub')))
  with check (bucket_id = 'my-bucket' and owner_id = (select auth.claim('sub')));

-- A signed-in user removes his or her own objects.
create policy owner_only_remove on storage.objects for delete to authenticated
  using (bucket_id = 'my-bucket' and owner_id = (select auth.claim('sub')));
