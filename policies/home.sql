-- Each account has a tree in the bucket `home`, named by its user name, and nothing outside it.

insert into storage.permits (name, meaning) values
  ('home-tree', 'enters the storage tree of the target'),
  ('home-token', 'makes tokens that open paths in the storage tree of the target to whoever has them')
on conflict (name) do nothing;

-- A user enters the tree of his or her own name, unless banned, and with a scoped session only if it may read files.
create policy home_tree_of_the_user on storage.permits for select to authenticated
  using (name = 'home-tree' and storage.target() = (select auth.claim('username'))
    and (select auth.claim('banned')) is distinct from 'true' and (select auth.has_scope(128)));

-- A user gives away what lies in that tree, and nobody else who may enter it does.
create policy home_tokens_of_the_user on storage.permits for select to authenticated
  using (name = 'home-token' and storage.target() = (select auth.claim('username'))
    and (select auth.claim('banned')) is distinct from 'true' and (select auth.has_scope(128)));

-- A user sees what lies in that tree; a scoped session needs the scope FILE_READ.
create policy home_read on storage.objects for select to authenticated
  using (bucket_id = 'home' and starts_with(name, (select auth.claim('username') || '/'))
    and (select auth.claim('banned')) is distinct from 'true' and (select auth.has_scope(128)));

-- A user adds files and folders to that tree; a scoped session needs the scope UPLOAD_FILE.
create policy home_add on storage.objects for insert to authenticated
  with check (bucket_id = 'home' and starts_with(name, (select auth.claim('username') || '/'))
    and (select auth.claim('banned')) is distinct from 'true' and (select auth.has_scope(2)));

-- A user changes and moves what lies in that tree; a scoped session needs the scope FILE_MODIFY. Where a change may have
-- brought a file from another bucket it needs what adding one needs; the operations listed never do. Whether a file leaves
-- for another bucket is for the policies of that one.
create policy home_change on storage.objects for update to authenticated
  using (bucket_id = 'home' and starts_with(name, (select auth.claim('username') || '/'))
    and (select auth.claim('banned')) is distinct from 'true' and (select auth.has_scope(256)))
  with check (bucket_id = 'home' and starts_with(name, (select auth.claim('username') || '/'))
    and (select auth.claim('banned')) is distinct from 'true'
    and ((select auth.has_scope(2))
      or (select storage.operation()) = any (array['tree.move', 'storage.object.revoke_links'])));

-- A user removes what lies in that tree; a scoped session needs the scope FILE_MODIFY.
create policy home_remove on storage.objects for delete to authenticated
  using (bucket_id = 'home' and starts_with(name, (select auth.claim('username') || '/'))
    and (select auth.claim('banned')) is distinct from 'true' and (select auth.has_scope(256)));
