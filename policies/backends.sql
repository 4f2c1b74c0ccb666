-- Anybody reads the files of every backend; administrators of a backend, by the claims `admin` and `backend`, change them.

insert into storage.permits (name, meaning) values
  ('backend-admin', 'The caller is an administrator of the backend that is the target.')
on conflict (name) do nothing;

-- Anybody, signed in or not, reads and lists the files of every backend.
create policy backends_read on storage.objects for select to anon, authenticated
  using (starts_with(bucket_id, 'backend-'));

-- An administrator adds files to the backend of his or her account.
create policy backends_add on storage.objects for insert to authenticated
  with check (bucket_id = 'backend-' || (select auth.claim('backend')) and (select auth.claim('admin')) = 'true');

-- An administrator replaces files of the backend of his or her account.
create policy backends_change on storage.objects for update to authenticated
  using (bucket_id = 'backend-' || (select auth.claim('backend')) and (select auth.claim('admin')) = 'true')
  with check (bucket_id = 'backend-' || (select auth.claim('backend')) and (select auth.claim('admin')) = 'true');

-- An administrator removes files of the backend of his or her account.
create policy backends_remove on storage.objects for delete to authenticated
  using (bucket_id = 'backend-' || (select auth.claim('backend')) and (select auth.claim('admin')) = 'true');

-- An administrator has the permit for the backend of his or her account, and for no other.
create policy backends_are_for_admins on storage.permits for select to authenticated
  using (name = 'backend-admin' and (select auth.claim('admin')) = 'true'
    and (select storage.target()) = (select auth.claim('backend')));
