-- The members of a team, by the claim `team`, share the folder of that name. Replace my-bucket.

-- A member sees what lies in the team's folder.
create policy team_folder_read on storage.objects for select to authenticated
  using (bucket_id = 'my-bucket' and (storage.foldername(name))[1] = (select auth.claim('team')));

-- A member adds objects to the team's folder.
create policy team_folder_add on storage.objects for insert to authenticated
  with check (bucket_id = 'my-bucket' and (storage.foldername(name))[1] = (select auth.claim('team')));

-- A member changes any object of the team's folder, and moves it out only where policies of another bucket take it in.
create policy team_folder_change on storage.objects for update to authenticated
  using (bucket_id = 'my-bucket' and (storage.foldername(name))[1] = (select auth.claim('team')))
  with check (bucket_id = 'my-bucket' and (storage.foldername(name))[1] = (select auth.claim('team')));

-- A member removes only objects that he or she uploaded.
create policy team_folder_remove_own on storage.objects for delete to authenticated
  using (bucket_id = 'my-bucket' and (storage.foldername(name))[1] = (select auth.claim('team'))
    and owner_id = (select auth.claim('sub')));
