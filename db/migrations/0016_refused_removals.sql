-- A file that is over and cannot be removed gives way to the others: enough of them filled each step of the sweeper.

alter table sluice.files add column removal_refused_at timestamptz;

comment on column sluice.files.removal_refused_at is
  'When the sweeper last could not remove the file: another table refers to it, or a trigger keeps it. It comes last then.';

create index files_that_stay on sluice.files (removal_refused_at) where removal_refused_at is not null;
