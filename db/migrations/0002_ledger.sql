-- The private side: what bytes exist, and when they may go. A blob is pending, then live, then dead, then gone (no row).

create table sluice.blobs (
  version text collate "C" not null constraint blobs_pkey primary key,
  store_key text collate "C" not null,
  state text not null constraint blobs_state_is_known check (state in ('pending', 'live', 'dead')),
  size bigint,
  md5 text,
  created_at timestamptz not null default now(),
  -- A pending blob belongs to a running upload until this instant; the upload renews it while bytes flow.
  lease_until timestamptz,
  live_at timestamptz,
  dead_at timestamptz,
  -- A sweeper works on these bytes until this instant; other sweepers pass it by.
  claimed_until timestamptz
);

create index blobs_pending on sluice.blobs (lease_until) where state = 'pending';
-- What no sweeper has tried yet comes first, so that bytes a store will not delete never hold up the others.
create index blobs_dead on sluice.blobs (claimed_until nulls first, dead_at) where state = 'dead';

-- Links (signed URLs) issued at or before `revoked_before` are refused: all of a bucket (name null), all of an object
-- (fingerprint null), or the one whose token has this SHA-256.
create table sluice.revoked_tokens (
  id bigint generated always as identity primary key,
  bucket_id text collate "C" not null,
  name text collate "C",
  fingerprint text,
  revoked_before timestamptz not null,
  created_at timestamptz not null default now(),
  constraint revoked_tokens_say_each_thing_once unique nulls not distinct (bucket_id, name, fingerprint)
);
