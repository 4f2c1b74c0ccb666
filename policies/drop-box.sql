-- Anybody may put an object in; nobody but the service takes one out. Replace my-bucket by your bucket.

-- Anybody, signed in or not, uploads new objects. No policy lets anyone see, replace or remove one, so even the uploader
-- cannot read it back, and a taken name stays as it is.
create policy drop_box_add on storage.objects for insert to anon, authenticated
  with check (bucket_id = 'my-bucket');
