-- A step that empties a bucket says whether anything remains, where it said how much went: a row that somebody else removed
-- in the same moment made a step smaller, and the bucket passed for empty. db/functions has its present form.
drop function if exists sluice.empty_bucket(text, text, bigint);
