-- Signed-in users keep files in the bucket `uploads`; anybody views one who has its address, or in a public folder.

insert into storage.permits (name, meaning) values
  ('account-active', 'The caller has an account to work with.'),
  ('folder-read', 'The caller sees the folders of the user that is the target.'),
  ('folder-change', 'The caller makes, changes and removes folders of the user that is the target.'),
  ('folder-view', 'The caller opens public folders of the user that is the target.')
on conflict (name) do nothing;

-- A user sees his or her own files.
create policy uploads_see_own on storage.objects for select to authenticated
  using (bucket_id = 'uploads' and owner_id = (select auth.uid())::text);

-- A user adds files under his or her own name.
create policy uploads_add_own on storage.objects for insert to authenticated
  with check (bucket_id = 'uploads' and owner_id = (select auth.uid())::text);

-- A user changes what is said of his or her own files.
create policy uploads_change_own on storage.objects for update to authenticated
  using (bucket_id = 'uploads' and owner_id = (select auth.uid())::text)
  with check (bucket_id = 'uploads' and owner_id = (select auth.uid())::text);

-- A user removes his or her own files.
create policy uploads_remove_own on storage.objects for delete to authenticated
  using (bucket_id = 'uploads' and owner_id = (select auth.uid())::text);

-- Anybody views a file who has its address.
create policy uploads_view_by_address on storage.objects for select to anon, authenticated
  using (bucket_id = 'uploads' and (select storage.operation()) = 'uploads.view');

-- Anybody sees the files of a folder that its owner made public.
create policy uploads_view_in_folder on storage.objects for select to anon, authenticated
  using (bucket_id = 'uploads' and (select storage.operation()) = 'uploads.view_folder');

-- Whoever is signed in works with files and folders.
create policy uploads_are_for_users on storage.permits for select to authenticated
  using (name = 'account-active');

-- A user sees, makes, changes and removes his or her own folders.
create policy uploads_own_folders on storage.permits for select to authenticated
  using (name in ('folder-read', 'folder-change') and (select storage.target()) = (select auth.uid())::text);

-- Anybody opens a folder that its owner made public.
create policy uploads_public_folders on storage.permits for select to anon, authenticated
  using (name = 'folder-view');
