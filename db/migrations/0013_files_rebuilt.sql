-- A rebuild gives files of `uploads` their names and their protection back; the function without them gives way.
drop function if exists sluice.remake_row(
  text, text, text, text, text, text, bigint, text, jsonb, jsonb, timestamptz, interval);
