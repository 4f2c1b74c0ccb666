-- Anybody reads the files of every backend; administrators of a backend, by the claims `admin` and `backend`, change them.
-- Scoped sessions do what their flags say, and banned administrators do nothing.

insert into storage.permits (name, meaning) values
  ('backend-admin', 'The caller is an administrator of the backend that is the target.')
on conflict (name) do nothing;

-- Anybody, signed in or not, reads and lists the files of every backend.
create policy backends_read on storage.objects for select to anon, authenticated
  using (starts_with(bucket_id, 'backend-'));

-- An administrator adds files to the backend of his or her account; a scoped session needs the scope UPLOAD_FILE.
create policy backends_add on storage.objects for insert to authenticated
  with check (bucket_id = 'backend-' || (select auth.claim('backend')) and (select auth.claim('admin')) = 'true'
    and (select auth.claim('banned')) is distinct from 'true' and (select auth.has_scope(2)));

-- An administrator replaces and moves files of the backend of his or her account; a scoped session needs the scope
-- FILE_MODIFY, and, since a move may have brought the file from another bucket, UPLOAD_FILE as for adding one.
create policy backends_change on storage.objects for update to authenticated
  using (bucket_id = 'backend-' || (select auth.claim('backend')) and (select auth.claim('admin')) = 'true'
    and (select auth.claim('banned')) is distinct from 'true' and (select auth.has_scope(256)))
  with check (bucket_id = 'backend-' || (select auth.claim('backend')) and (select auth.claim('admin')) = 'true'
    and (select auth.claim('banned')) is distinct from 'true'
    and ((select auth.has_scope(2)) or (select storage.operation()) = 'storage.object.revoke_links'));

-- An administrator removes files of the backend of his or her account; a scoped session needs the scope FILE_MODIFY.
create policy backends_remove on storage.objects for delete to authenticated
  using (bucket_id = 'backend-' || (select auth.claim('backend')) and (select auth.claim('admin')) = 'true'
    and (select auth.claim('banned')) is distinct from 'true' and (select auth.has_scope(256)));

-- An administrator has the permit for the backend of his or her account, and for no other; a scoped session has it for
-- uploads with the scope UPLOAD_FILE, and for everything else with FILE_MODIFY.
create policy backends_are_for_admins on storage.permits for select to authenticated
  using (name = 'backend-admin' and (select auth.claim('admin')) = 'true'
    and (select storage.target()) = (select auth.claim('backend'))
    and (select auth.claim('banned')) is distinct from 'true'
    and (select auth.has_scope(case storage.operation() when 'backend.upload' then 2 else 256 end)));
