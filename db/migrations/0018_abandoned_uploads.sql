-- Giving an upload up says where its bytes lie, too.
drop function if exists sluice.abandon_upload(text);
