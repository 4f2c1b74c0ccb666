-- Signed-in users keep files in the bucket `uploads`; anybody views one who has its address, or in a public folder.
-- The staff works with everybody's files. Scoped sessions do what their flags say, banned users do nothing, and new files
-- are for users whose mail address is not known to be unverified.

insert into storage.permits (name, meaning) values
  ('account-active', 'The caller has an account to work with.'),
  ('folder-read', 'The caller sees the folders of the user that is the target.'),
  ('folder-change', 'The caller makes, changes and removes folders of the user that is the target.'),
  ('folder-view', 'The caller opens public folders of the user that is the target.'),
  ('mail-verified', 'The caller may do what needs a verified mail address.'),
  ('second-factor', 'The caller may do what needs a second factor.'),
  ('staff', 'The caller may do what is for the staff.'),
  ('past-kill-switches', 'The caller goes on where a feature is switched off.'),
  ('unscoped-session', 'The caller may do what no scoped session may.'),
  ('upload-files', 'The session may add files.'),
  ('read-files', 'The session may see the files of its user.'),
  ('modify-files', 'The session may change and remove the files of its user.'),
  ('read-all-files', 'The session may see the files of everybody.'),
  ('modify-all-files', 'The session may change and remove the files of everybody.'),
  ('read-sessions', 'The session may see the sessions of its user.'),
  ('modify-sessions', 'The session may open and end sessions of its user.'),
  ('modify-kill-switches', 'The session may see and set the kill switches.')
on conflict (name) do nothing;

-- A user sees his or her own files until they are over; a session that may only change them sees them while it does.
create policy uploads_see_own on storage.objects for select to authenticated
  using (bucket_id = 'uploads' and owner_id = (select auth.claim('sub'))
    and (select auth.claim('banned')) is distinct from 'true'
    and ((select auth.has_scope(128)) or (select auth.has_scope(256)) and (select storage.operation()) = any (array[
      'uploads.rename', 'uploads.change_extension', 'uploads.delete', 'uploads.delete_many', 'uploads.delete_all',
      'uploads.favor', 'uploads.folder.create', 'uploads.folder.add', 'uploads.folder.remove',
      'storage.object.delete', 'storage.object.delete_many']))
    and not exists (select from storage.files_over over where over.id = objects.id));

-- A user adds files under his or her own name.
create policy uploads_add_own on storage.objects for insert to authenticated
  with check (bucket_id = 'uploads' and owner_id = (select auth.claim('sub'))
    and (select auth.claim('banned')) is distinct from 'true' and (select auth.claim('verified')) is distinct from 'false'
    and (select auth.has_scope(2)));

-- A user changes what is said of his or her own files. A change that may have brought the file from another bucket needs
-- what adding one needs; the operations listed never do.
create policy uploads_change_own on storage.objects for update to authenticated
  using (bucket_id = 'uploads' and owner_id = (select auth.claim('sub'))
    and (select auth.claim('banned')) is distinct from 'true' and (select auth.has_scope(256)))
  with check (bucket_id = 'uploads' and owner_id = (select auth.claim('sub'))
    and (select auth.claim('banned')) is distinct from 'true' and (select auth.has_scope(256))
    and ((select auth.claim('verified')) is distinct from 'false' and (select auth.has_scope(2))
      or (select storage.operation()) = any (array[
        'uploads.rename', 'uploads.change_extension', 'uploads.favor', 'uploads.folder.create', 'uploads.folder.add',
        'uploads.folder.remove', 'storage.object.revoke_links'])));

-- A user removes his or her own files.
create policy uploads_remove_own on storage.objects for delete to authenticated
  using (bucket_id = 'uploads' and owner_id = (select auth.claim('sub'))
    and (select auth.claim('banned')) is distinct from 'true' and (select auth.has_scope(256)));

-- The staff sees everybody's files until they are over; a session that may only change them sees them while it does.
create policy uploads_staff_sees on storage.objects for select to authenticated
  using (bucket_id = 'uploads' and (select auth.claim('staff')) = 'true'
    and (select auth.claim('banned')) is distinct from 'true'
    and ((select auth.has_scope(32768)) or (select auth.has_scope(65536)) and (select storage.operation()) = any (array[
      'uploads.rename', 'uploads.change_extension', 'uploads.delete', 'uploads.delete_many', 'uploads.delete_all',
      'storage.object.delete', 'storage.object.delete_many']))
    and not exists (select from storage.files_over over where over.id = objects.id));

-- The staff changes what is said of everybody's files. A change that may have brought the file from another bucket needs
-- what adding one needs; the operations listed never do.
create policy uploads_staff_changes on storage.objects for update to authenticated
  using (bucket_id = 'uploads' and (select auth.claim('staff')) = 'true'
    and (select auth.claim('banned')) is distinct from 'true' and (select auth.has_scope(65536)))
  with check (bucket_id = 'uploads' and (select auth.claim('staff')) = 'true'
    and (select auth.claim('banned')) is distinct from 'true' and (select auth.has_scope(65536))
    and ((select auth.claim('verified')) is distinct from 'false' and (select auth.has_scope(2))
      or (select storage.operation()) = any (array[
        'uploads.rename', 'uploads.change_extension', 'storage.object.revoke_links'])));

-- The staff removes everybody's files.
create policy uploads_staff_removes on storage.objects for delete to authenticated
  using (bucket_id = 'uploads' and (select auth.claim('staff')) = 'true'
    and (select auth.claim('banned')) is distinct from 'true' and (select auth.has_scope(65536)));

-- Anybody views a file who has its address.
create policy uploads_view_by_address on storage.objects for select to anon, authenticated
  using (bucket_id = 'uploads' and (select storage.operation()) = 'uploads.view');

-- Anybody sees the files of a folder that its owner made public.
create policy uploads_view_in_folder on storage.objects for select to anon, authenticated
  using (bucket_id = 'uploads' and (select storage.operation()) = 'uploads.view_folder');

-- Whoever is signed in works with files and folders, unless banned.
create policy uploads_are_for_users on storage.permits for select to authenticated
  using (name = 'account-active' and (select auth.claim('banned')) is distinct from 'true');

-- A verified mail address counts, and that of a user of whom the token says nothing.
create policy uploads_verified_mail on storage.permits for select to authenticated
  using (name = 'mail-verified' and (select auth.claim('verified')) is distinct from 'false');

-- Who has a second factor may do what needs one.
create policy uploads_second_factor on storage.permits for select to authenticated
  using (name = 'second-factor' and (select auth.claim('second_factor')) = 'true');

-- The staff is whoever has the flag, and is not stopped by kill switches.
create policy uploads_staff on storage.permits for select to authenticated
  using (name in ('staff', 'past-kill-switches') and (select auth.claim('staff')) = 'true'
    and (select auth.claim('banned')) is distinct from 'true');

-- A session without scopes may do whatever its user may.
create policy uploads_unscoped_session on storage.permits for select to authenticated
  using (name = 'unscoped-session' and (select auth.claim('scopes')) is null);

-- A scoped session has the permits that its flags stand for, the flag for everything has all of them.
create policy uploads_scopes on storage.permits for select to authenticated
  using (case name
    when 'upload-files' then (select auth.has_scope(2))
    when 'read-sessions' then (select auth.has_scope(32))
    when 'modify-sessions' then (select auth.has_scope(64))
    when 'read-files' then (select auth.has_scope(128))
    when 'modify-files' then (select auth.has_scope(256))
    when 'read-all-files' then (select auth.has_scope(32768))
    when 'modify-all-files' then (select auth.has_scope(65536))
    when 'modify-kill-switches' then (select auth.has_scope(524288))
    else false end);

-- A user sees, makes, changes and removes his or her own folders, as far as the flags of a scoped session go.
create policy uploads_own_folders on storage.permits for select to authenticated
  using ((name = 'folder-read' and (select auth.has_scope(128)) or name = 'folder-change' and (select auth.has_scope(256)))
    and (select storage.target()) = (select auth.claim('sub')));

-- Anybody opens a folder that its owner made public.
create policy uploads_public_folders on storage.permits for select to anon, authenticated
  using (name = 'folder-view');
