-- Listings pass over and give whole runs of files, which they find by storage.first_in_folder.
drop function if exists storage.skip_block(text, text, text, integer, boolean, boolean, bigint);
