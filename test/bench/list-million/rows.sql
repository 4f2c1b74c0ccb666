-- Fills a bucket with $2 objects of one owner ($3), as a deployment of some years holds them. $4 nested: a hundred folders
-- of a hundred folders each; else all in one. Times are scattered over the names, so that no order by time is an order by
-- name; ids follow the names, because random ones take minutes to put into an index.
insert into storage.objects
  (id, bucket_id, name, owner_id, owner, version, metadata, created_at, updated_at, last_accessed_at)
select
  (case when $4::boolean then '1' else '2' end || lpad(to_hex(n), 31, '0'))::uuid,
  $1,
  case when $4::boolean
    then format('folder-%s/folder-%s/file-%s.txt',
      lpad((n / hundredth)::text, 3, '0'), lpad((n % hundredth / (hundredth / 100 + 1))::text, 3, '0'),
      lpad(n::text, 8, '0'))
    else format('file-%s.txt', lpad(n::text, 8, '0')) end,
  $3::text, $3::text::uuid, gen_random_uuid()::text,
  '{"eTag": "\"5d41402abc4b2a76b9719d911017c592\"", "size": 1024, "mimetype": "text/plain", "cacheControl": "no-cache"}',
  born, born + interval '1 day', born + interval '2 days'
from generate_series(0, $2::bigint - 1) n,
  lateral (select $2::bigint / 100 + 1 as hundredth, timestamptz '2024-01-01' + n * 611953 % $2::bigint * interval '1 minute' as born) o
