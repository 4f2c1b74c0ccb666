-- Each user has a folder, named by the user's id, and nothing outside it. Replace my-bucket by your bucket.

-- A signed-in user sees what lies in the folder of his or her id.
create policy user_folder_read on storage.objects for select to authenticated
  using (bucket_id = 'my-bucket' and (storage.foldername(name))[1] = (select auth.claim('sub')));

-- A signed-in user adds objects to that folder.
create policy user_folder_add on storage.objects for insert to authenticated
  with check (bucket_id = 'my-bucket' and (storage.foldername(name))[1] = (select auth.claim('sub')));

-- A signed-in user changes objects of that folder, and moves them out only where policies of another bucket take them in.
create policy user_folder_change on storage.objects for update to authenticated
  using (bucket_id = 'my-bucket' and (storage.foldername(name))[1] = (select auth.claim('sub')))
  with check (bucket_id = 'my-bucket' and (storage.foldername(name))[1] = (select auth.claim('sub')));

-- A signed-in user removes objects of that folder.
create policy user_folder_remove on storage.objects for delete to authenticated
  using (bucket_id = 'my-bucket' and (storage.foldername(name))[1] = (select auth.claim('sub')));
