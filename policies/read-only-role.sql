-- Signed-in users whose claim `app_role` is `auditor` read everything and change nothing. Replace my-bucket.

-- An auditor reads, lists and signs every object.
create policy auditor_reads on storage.objects for select to authenticated
  using (bucket_id = 'my-bucket' and (select auth.claim('app_role')) = 'auditor');

-- An auditor sees the bucket itself.
create policy auditor_sees_the_bucket on storage.buckets for select to authenticated
  using (id = 'my-bucket' and (select auth.claim('app_role')) = 'auditor');
