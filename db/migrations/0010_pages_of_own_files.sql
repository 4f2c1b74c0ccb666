-- A page of a user's files costs what the page costs; the functions that had all of them in hand give way.
drop function if exists sluice.list_own_files(text, text, boolean, boolean, text, boolean, bigint, bigint);
drop function if exists sluice.remove_files(text, text, bigint);

-- Favorites are few; their number and their list look here.
create index files_that_are_favorites on sluice.files (object_id) where favorite;
