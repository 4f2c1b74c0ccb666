-- Everybody reads; signed-in users add objects and change only their own. Replace my-bucket by your bucket.

-- Anybody, signed in or not, reads and lists every object.
create policy public_read on storage.objects for select to anon, authenticated
  using (bucket_id = 'my-bucket');

-- A signed-in user adds objects under his or her own name.
create policy public_read_owner_adds on storage.objects for insert to authenticated
  with check (bucket_id = 'my-bucket' and owner_id = (select auth.claim('sub')));

-- A signed-in user replaces, renames and moves his or her own objects.
create policy public_read_owner_changes on storage.objects for update to authenticated
  using (bucket_id = 'my-bucket' and owner_id = (select auth.claim('sub')))
  with check (bucket_id = 'my-bucket' and owner_id = (select auth.claim('sub')));

-- A signed-in user removes his or her own objects.
create policy public_read_owner_removes on storage.objects for delete to authenticated
  using (bucket_id = 'my-bucket' and owner_id = (select auth.claim('sub')));
