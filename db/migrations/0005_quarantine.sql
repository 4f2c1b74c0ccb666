-- Bytes that `fsck` finds without a row await a person in quarantine before they become dead: a blob's fourth state.

alter table sluice.blobs drop constraint blobs_state_is_known;
alter table sluice.blobs add constraint blobs_state_is_known
  check (state in ('pending', 'live', 'dead', 'quarantined'));
-- The sweeper makes a quarantined blob dead at this instant, and not before.
alter table sluice.blobs add column quarantined_until timestamptz;
create index blobs_quarantined on sluice.blobs (quarantined_until) where state = 'quarantined';

-- Functions that take more than before; db/functions has their present form.
drop function if exists sluice.release_unnamed(text, text[]);
drop function if exists sluice.remake_row(text, text, text, text, text, text, bigint, text, jsonb, timestamptz);
