-- Fills a bucket with $2 objects of one owner ($3), as a deployment of some years holds them. $4 nested: a hundred folders
-- of a hundred folders each; else all in one. Times are scattered over the names, so that no order by time is an order by name.
insert into storage.objects (bucket_id, name, owner_id, owner, version, metadata, created_at, updated_at, last_accessed_at)
select
  $1,
  case when $4::boolean
    then format('folder-%s/folder-%s/file-%s.txt',
      lpad((n / ($2::bigint / 100 + 1))::text, 3, '0'), lpad((n % ($2::bigint / 100 + 1) / ($2::bigint / 10000 + 1))::text, 3, '0'), lpad(n::text, 8, '0'))
    else format('file-%s.txt', lpad(n::text, 8, '0')) end,
  $3::text, $3::text::uuid, gen_random_uuid()::text,
  '{"eTag": "\"5d41402abc4b2a76b9719d911017c592\"", "size": 1024, "mimetype": "text/plain", "cacheControl": "no-cache"}',
  timestamptz '2024-01-01' + t * interval '1 minute',
  timestamptz '2024-01-01' + t * interval '1 minute' + interval '1 day',
  timestamptz '2024-01-01' + t * interval '1 minute' + interval '2 days'
from generate_series(0, $2::bigint - 1) n, lateral (select n * 611953 % $2::bigint as t) scattered
