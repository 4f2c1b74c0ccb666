-- Anybody, signed in or not, does anything in one bucket; for demonstrations. Replace my-bucket by your bucket.

-- Anybody reads, adds, changes and removes any object of the bucket.
create policy open_to_all_objects on storage.objects for all to anon, authenticated
  using (bucket_id = 'my-bucket')
  with check (bucket_id = 'my-bucket');

-- Anybody creates, sees, changes, empties and deletes the bucket itself.
create policy open_to_all_bucket on storage.buckets for all to anon, authenticated
  using (id = 'my-bucket')
  with check (id = 'my-bucket');
