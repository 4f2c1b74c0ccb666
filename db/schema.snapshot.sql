-- What migrations, functions and grants add up to. Written by `WRITE_SCHEMA_SNAPSHOT=true npx jest integration/schema`; compared in the tests.

-- tables
sluice.accounts.id uuid not null default gen_random_uuid()
sluice.accounts.username text collate C not null
sluice.accounts.account_id integer not null
sluice.accounts.uid text not null
sluice.accounts.email text
sluice.accounts.password_hash text
sluice.accounts.verified_at timestamp with time zone
sluice.accounts.banned_at timestamp with time zone
sluice.accounts.staff boolean not null default false
sluice.accounts.admin boolean not null default false
sluice.accounts.backend text not null default 'default'::text
sluice.accounts.totp_secret text
sluice.accounts.totp_pending text
sluice.accounts.totp_step bigint not null default 0
sluice.accounts.created_at timestamp with time zone not null default now()
sluice.accounts.updated_at timestamp with time zone not null default now()
sluice.blobs.version text collate C not null
sluice.blobs.store_key text collate C not null
sluice.blobs.state text not null
sluice.blobs.size bigint
sluice.blobs.md5 text
sluice.blobs.created_at timestamp with time zone not null default now()
sluice.blobs.lease_until timestamp with time zone
sluice.blobs.live_at timestamp with time zone
sluice.blobs.dead_at timestamp with time zone
sluice.blobs.claimed_until timestamp with time zone
sluice.blobs.quarantined_until timestamp with time zone
sluice.files.object_id uuid not null
sluice.files.id bigint not null
sluice.files.display_name text
sluice.files.original_name text
sluice.files.expires_at timestamp with time zone
sluice.files.max_views bigint
sluice.files.views bigint not null default 0
sluice.files.viewed_at timestamp with time zone
sluice.files.favorite boolean not null default false
sluice.files.embed boolean not null default false
sluice.files.format text not null default 'RANDOM'::text
sluice.files.password_hash text
sluice.files.folder_id bigint
sluice.files.removal_refused_at timestamp with time zone
sluice.folders.id bigint not null
sluice.folders.name text not null
sluice.folders.owner uuid not null
sluice.folders.public boolean not null default false
sluice.folders.created_at timestamp with time zone not null default now()
sluice.folders.updated_at timestamp with time zone not null default now()
sluice.kill_switches.id smallint not null
sluice.kill_switches.enabled boolean not null default false
sluice.kill_switches.changed_at timestamp with time zone not null default now()
sluice.migrations.name text not null
sluice.migrations.hash text not null
sluice.migrations.applied_at timestamp with time zone not null default now()
sluice.rate_limits.key text not null
sluice.rate_limits.window_start timestamp with time zone not null
sluice.rate_limits.window_end timestamp with time zone not null
sluice.rate_limits.count integer not null
sluice.rate_limits.taken_at timestamp with time zone
sluice.removals.id bigint not null
sluice.removals.versions text[] collate C not null
sluice.removals.removed_at timestamp with time zone not null default clock_timestamp()
sluice.revoked_tokens.id bigint not null
sluice.revoked_tokens.bucket_id text collate C not null
sluice.revoked_tokens.name text collate C
sluice.revoked_tokens.fingerprint text
sluice.revoked_tokens.revoked_before timestamp with time zone not null
sluice.revoked_tokens.created_at timestamp with time zone not null default now()
sluice.sessions.id uuid not null default gen_random_uuid()
sluice.sessions.account uuid not null
sluice.sessions.name text
sluice.sessions.scopes integer
sluice.sessions.created_at timestamp with time zone not null default now()
sluice.sessions.expires_at timestamp with time zone not null
sluice.sessions.revoked_at timestamp with time zone
storage.buckets.id text collate C not null
storage.buckets.name text not null
storage.buckets.owner uuid
storage.buckets.owner_id text
storage.buckets.created_at timestamp with time zone not null default now()
storage.buckets.updated_at timestamp with time zone not null default now()
storage.buckets.public boolean not null default false
storage.buckets.avif_autodetection boolean not null default false
storage.buckets.file_size_limit bigint
storage.buckets.allowed_mime_types text[]
storage.buckets.type storage.buckettype not null default 'STANDARD'::storage.buckettype
storage.buckets.delivery text not null default 'proxy'::text
storage.objects.id uuid not null default gen_random_uuid()
storage.objects.bucket_id text collate C not null
storage.objects.name text collate C not null
storage.objects.owner uuid
storage.objects.owner_id text
storage.objects.created_at timestamp with time zone not null default now()
storage.objects.updated_at timestamp with time zone not null default now()
storage.objects.last_accessed_at timestamp with time zone not null default now()
storage.objects.metadata jsonb
storage.objects.path_tokens text[] default string_to_array(name, '/'::text)
storage.objects.version text collate C
storage.objects.user_metadata jsonb
storage.permits.name text not null
storage.permits.meaning text not null

-- constraints
sluice.accounts: accounts_account_id_is_unique UNIQUE (account_id)
sluice.accounts: accounts_backend_is_a_host_label CHECK ((backend ~ '^[a-z0-9]([a-z0-9-]{0,52}[a-z0-9])?$'::text))
sluice.accounts: accounts_pkey PRIMARY KEY (id)
sluice.accounts: accounts_uid_has_13_digits CHECK ((uid ~ '^[0-9]{13}$'::text))
sluice.accounts: accounts_uid_is_unique UNIQUE (uid)
sluice.accounts: accounts_username_is_not_reserved CHECK ((lower(username) <> ALL (ARRAY['v1'::text, 'me'::text, 'all'::text])))
sluice.accounts: accounts_username_is_unique UNIQUE (username)
sluice.accounts: accounts_username_is_url_safe CHECK (((username ~ '^[A-Za-z0-9_.-]{1,64}$'::text) AND (username !~ '^\.+$'::text)))
sluice.blobs: blobs_pkey PRIMARY KEY (version)
sluice.blobs: blobs_state_is_known CHECK ((state = ANY (ARRAY['pending'::text, 'live'::text, 'dead'::text, 'quarantined'::text])))
sluice.files: files_folder_exists FOREIGN KEY (folder_id) REFERENCES sluice.folders(id) ON DELETE SET NULL
sluice.files: files_id_is_unique UNIQUE (id)
sluice.files: files_max_views_is_positive CHECK ((max_views > 0))
sluice.files: files_pkey PRIMARY KEY (object_id)
sluice.folders: folders_pkey PRIMARY KEY (id)
sluice.kill_switches: kill_switches_are_nine CHECK (((id >= 0) AND (id <= 8)))
sluice.kill_switches: kill_switches_pkey PRIMARY KEY (id)
sluice.migrations: migrations_pkey PRIMARY KEY (name)
sluice.rate_limits: rate_limits_pkey PRIMARY KEY (key)
sluice.removals: removals_pkey PRIMARY KEY (id)
sluice.revoked_tokens: revoked_tokens_pkey PRIMARY KEY (id)
sluice.revoked_tokens: revoked_tokens_say_each_thing_once UNIQUE NULLS NOT DISTINCT (bucket_id, name, fingerprint)
sluice.sessions: sessions_account_exists FOREIGN KEY (account) REFERENCES sluice.accounts(id) ON DELETE CASCADE
sluice.sessions: sessions_pkey PRIMARY KEY (id)
sluice.sessions: sessions_scopes_are_flags CHECK ((scopes > 0))
storage.buckets: bname UNIQUE (name)
storage.buckets: buckets_delivery_is_known CHECK ((delivery = ANY (ARRAY['proxy'::text, 'redirect'::text])))
storage.buckets: buckets_file_size_limit_is_not_negative CHECK ((file_size_limit >= 0))
storage.buckets: buckets_pkey PRIMARY KEY (id)
storage.objects: objects_bucketId_fkey FOREIGN KEY (bucket_id) REFERENCES storage.buckets(id)
storage.objects: objects_name_is_1_to_1024_bytes CHECK (((octet_length(name) >= 1) AND (octet_length(name) <= 1024)))
storage.objects: objects_pkey PRIMARY KEY (id)
storage.permits: permits_pkey PRIMARY KEY (name)

-- indexes
CREATE INDEX blobs_dead ON sluice.blobs USING btree (claimed_until NULLS FIRST, dead_at) WHERE (state = 'dead'::text)
CREATE INDEX blobs_pending ON sluice.blobs USING btree (lease_until) WHERE (state = 'pending'::text)
CREATE INDEX blobs_quarantined ON sluice.blobs USING btree (quarantined_until) WHERE (state = 'quarantined'::text)
CREATE INDEX files_by_folder ON sluice.files USING btree (folder_id) WHERE (folder_id IS NOT NULL)
CREATE INDEX files_that_are_favorites ON sluice.files USING btree (object_id) WHERE favorite
CREATE INDEX files_that_are_spent ON sluice.files USING btree (viewed_at) WHERE (views >= max_views)
CREATE INDEX files_that_expire ON sluice.files USING btree (expires_at) WHERE ((expires_at IS NOT NULL) AND (NOT favorite))
CREATE INDEX files_that_stay ON sluice.files USING btree (removal_refused_at) WHERE (removal_refused_at IS NOT NULL)
CREATE INDEX folders_by_owner ON sluice.folders USING btree (owner, updated_at)
CREATE INDEX objects_by_created_at ON storage.objects USING btree (bucket_id, created_at, name)
CREATE INDEX objects_by_updated_at ON storage.objects USING btree (bucket_id, updated_at, name)
CREATE INDEX objects_by_version ON storage.objects USING btree (version) WHERE (version IS NOT NULL)
CREATE INDEX rate_limits_by_end ON sluice.rate_limits USING btree (window_end)
CREATE INDEX sessions_by_account ON sluice.sessions USING btree (account, created_at)
CREATE INDEX uploads_by_owner ON storage.objects USING btree (owner_id, created_at, name) WHERE (bucket_id = 'uploads'::text)
CREATE UNIQUE INDEX accounts_account_id_is_unique ON sluice.accounts USING btree (account_id)
CREATE UNIQUE INDEX accounts_pkey ON sluice.accounts USING btree (id)
CREATE UNIQUE INDEX accounts_uid_is_unique ON sluice.accounts USING btree (uid)
CREATE UNIQUE INDEX accounts_username_in_any_case ON sluice.accounts USING btree (lower(username))
CREATE UNIQUE INDEX accounts_username_is_unique ON sluice.accounts USING btree (username)
CREATE UNIQUE INDEX blobs_pkey ON sluice.blobs USING btree (version)
CREATE UNIQUE INDEX bname ON storage.buckets USING btree (name)
CREATE UNIQUE INDEX bucketid_objname ON storage.objects USING btree (bucket_id, name)
CREATE UNIQUE INDEX buckets_pkey ON storage.buckets USING btree (id)
CREATE UNIQUE INDEX files_id_is_unique ON sluice.files USING btree (id)
CREATE UNIQUE INDEX files_pkey ON sluice.files USING btree (object_id)
CREATE UNIQUE INDEX folders_pkey ON sluice.folders USING btree (id)
CREATE UNIQUE INDEX kill_switches_pkey ON sluice.kill_switches USING btree (id)
CREATE UNIQUE INDEX migrations_pkey ON sluice.migrations USING btree (name)
CREATE UNIQUE INDEX objects_pkey ON storage.objects USING btree (id)
CREATE UNIQUE INDEX permits_pkey ON storage.permits USING btree (name)
CREATE UNIQUE INDEX rate_limits_pkey ON sluice.rate_limits USING btree (key)
CREATE UNIQUE INDEX removals_pkey ON sluice.removals USING btree (id)
CREATE UNIQUE INDEX revoked_tokens_pkey ON sluice.revoked_tokens USING btree (id)
CREATE UNIQUE INDEX revoked_tokens_say_each_thing_once ON sluice.revoked_tokens USING btree (bucket_id, name, fingerprint) NULLS NOT DISTINCT
CREATE UNIQUE INDEX sessions_pkey ON sluice.sessions USING btree (id)

-- triggers
CREATE TRIGGER file_arrives AFTER INSERT ON storage.objects FOR EACH ROW WHEN ((new.bucket_id = 'uploads'::text)) EXECUTE FUNCTION sluice.keep_file_record()
CREATE TRIGGER file_changes_bucket AFTER UPDATE OF bucket_id, id ON storage.objects FOR EACH ROW WHEN ((((old.bucket_id IS DISTINCT FROM new.bucket_id) OR (old.id IS DISTINCT FROM new.id)) AND ((old.bucket_id = 'uploads'::text) OR (new.bucket_id = 'uploads'::text)))) EXECUTE FUNCTION sluice.keep_file_record()
CREATE TRIGGER file_leaves AFTER DELETE ON storage.objects FOR EACH ROW WHEN ((old.bucket_id = 'uploads'::text)) EXECUTE FUNCTION sluice.keep_file_record()
CREATE TRIGGER files_truncated AFTER TRUNCATE ON storage.objects FOR EACH STATEMENT EXECUTE FUNCTION sluice.keep_file_record()
CREATE TRIGGER objects_deleted AFTER DELETE ON storage.objects REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION sluice.mark_unnamed_blobs()
CREATE TRIGGER objects_reversioned AFTER UPDATE ON storage.objects FOR EACH ROW WHEN (((old.version IS DISTINCT FROM new.version) AND (old.version IS NOT NULL))) EXECUTE FUNCTION sluice.mark_unnamed_blobs()
CREATE TRIGGER objects_truncated AFTER TRUNCATE ON storage.objects FOR EACH STATEMENT EXECUTE FUNCTION sluice.mark_unnamed_blobs()
CREATE TRIGGER update_buckets_updated_at BEFORE UPDATE ON storage.buckets FOR EACH ROW EXECUTE FUNCTION storage.touch_updated_at()
CREATE TRIGGER update_objects_updated_at BEFORE UPDATE ON storage.objects FOR EACH ROW WHEN ((NOT (new.updated_at IS DISTINCT FROM old.updated_at))) EXECUTE FUNCTION storage.touch_updated_at()

-- row level security and policies
sluice.accounts: row level security off
sluice.blobs: row level security off
sluice.files: row level security off
sluice.folders: row level security off
sluice.kill_switches: row level security off
sluice.migrations: row level security off
sluice.rate_limits: row level security off
sluice.removals: row level security off
sluice.revoked_tokens: row level security off
sluice.sessions: row level security off
storage.buckets: row level security on
storage.objects: row level security on
storage.permits: row level security on

-- rights
function auth.claim(text): default
function auth.email(): default
function auth.has_scope(integer): default
function auth.jwt(): default
function auth.role(): default
function auth.uid(): default
function sluice.abandon_upload(text,text): sluice_gateway=X
function sluice.account_id_of(uuid): sluice_gateway=X
function sluice.add_account(text,jsonb): sluice_gateway=X
function sluice.admit(text,integer,text,integer,interval): sluice_gateway=X
function sluice.adopt_bytes(text,text,text,bigint,text): sluice_gateway=X
function sluice.begin_direct_upload(text,text,text,uuid,text,text,bigint,text,jsonb,jsonb,boolean,bigint,text,interval): sluice_gateway=X
function sluice.begin_sign_in(text,text[],integer,interval): sluice_gateway=X
function sluice.begin_upload(text,text,text,uuid,text,text,bigint,text,jsonb,jsonb,boolean,bigint,text,interval,text,timestamp with time zone): sluice_gateway=X
function sluice.begin_upload_beside(text,text,text,text,uuid,text,text,bigint,text,jsonb,jsonb,bigint,text,interval): sluice_gateway=X
function sluice.change_account(text,jsonb): sluice_gateway=X
function sluice.change_folder(text,bigint,boolean,boolean): sluice_gateway=X
function sluice.change_upload(text,text,text,text,jsonb): sluice_gateway=X
function sluice.check_rules(text,text,bigint,text,bigint): sluice_gateway=X
function sluice.claim_dead_blobs(text,bigint,interval,interval): sluice_gateway=X
function sluice.claims_of_account(sluice.accounts): sluice_gateway=X
function sluice.commit_file(text,text,text,uuid,text,text,bigint,text,jsonb,jsonb,boolean,bigint,text,text,jsonb): sluice_gateway=X
function sluice.commit_folder(text,text,text,uuid,text,text,bigint,text,jsonb,jsonb,boolean,bigint,text,text): sluice_gateway=X
function sluice.commit_upload(text,text,text,uuid,text,text,bigint,text,jsonb,jsonb,boolean,bigint,text,text): sluice_gateway=X
function sluice.commit_upload_beside(text,text,text,text,integer,uuid,text,text,bigint,text,jsonb,jsonb,bigint,text,text): sluice_gateway=X
function sluice.copy_file_record(uuid,uuid): sluice_gateway=X
function sluice.copy_object(text,text,text,text,text,uuid,text,jsonb,jsonb,boolean,bigint): sluice_gateway=X
function sluice.count_own_files(text,text,boolean,boolean): sluice_gateway=X
function sluice.delete_backend_files(text,text,text,text,text): sluice_gateway=X
function sluice.delete_object(text,text,text): sluice_gateway=X
function sluice.delete_objects(text,text,text[]): sluice_gateway=X
function sluice.delete_tree(text,text,text): sluice_gateway=X
function sluice.demand_as(text,text[],text): sluice_gateway=X
function sluice.demand_no_file(text,text,text): sluice_gateway=X
function sluice.demand_no_folder(text,text,text): sluice_gateway=X
function sluice.demand_switched_on(text,integer): sluice_gateway=X
function sluice.describe_files(text,uuid[]): sluice_gateway=X
function sluice.describe_upload(storage.objects): sluice_gateway=X
function sluice.empty_bucket(text,text,bigint): sluice_gateway=X
function sluice.end_quarantine(text[],bigint): sluice_gateway=X
function sluice.enter_session(uuid,text,jsonb,text): sluice_gateway=X
function sluice.expect_late_bytes(text,text,interval): sluice_gateway=X
function sluice.file_into_folder(text,bigint,bigint,boolean,boolean): sluice_gateway=X
function sluice.files_over(): sluice_gateway=X
function sluice.find_folder(text,bigint,text): sluice_gateway=X
function sluice.find_upload(text,text,text,text): sluice_gateway=X
function sluice.finish_sign_in(uuid,text,text,interval,text[],timestamp with time zone[]): sluice_gateway=X
function sluice.forget_blobs(text[]): sluice_gateway=X
function sluice.give_back(text[],timestamp with time zone[]): sluice_gateway=X
function sluice.hold_tree_names(text,text[],boolean): sluice_gateway=X
function sluice.inspect_blobs(text,text[],interval,interval): sluice_gateway=X
function sluice.is_over(sluice.files): sluice_gateway=X
function sluice.is_revoked(text,text,text,timestamp with time zone): sluice_gateway=X
function sluice.is_stuck(sluice.blobs,interval,interval): sluice_gateway=X
function sluice.keep_file_record(): default
function sluice.list_folders(text,uuid,boolean): sluice_gateway=X
function sluice.list_own_files(text,text,boolean,boolean,text,boolean,bigint,bigint): sluice_gateway=X
function sluice.list_uploads(text,text,text,bigint,bigint): sluice_gateway=X
function sluice.make_folder(text,uuid,text,bigint[]): sluice_gateway=X
function sluice.make_session(sluice.accounts,text,integer,interval): sluice_gateway=X
function sluice.mark_favorite(text,bigint,boolean): sluice_gateway=X
function sluice.mark_unnamed_blobs(): default
function sluice.move_object(text,text,text,text,text,bigint): sluice_gateway=X
function sluice.move_tree(text,text,text,text,text[]): sluice_gateway=X
function sluice.move_tree_file(text,text,text,text,boolean,boolean): sluice_gateway=X
function sluice.move_tree_folder(text,text,text,text): sluice_gateway=X
function sluice.name_beside(text,text,integer,text): sluice_gateway=X
function sluice.open_session(uuid,text,integer,interval): sluice_gateway=X
function sluice.owner_asked(text,text): sluice_gateway=X
function sluice.page_named_versions(text,text,integer): sluice_gateway=X
function sluice.put_row(text,text,text,uuid,text,text,jsonb,jsonb,boolean): sluice_gateway=X
function sluice.raise_not_found(text): sluice_gateway=X
function sluice.read_backend(text,text,text,text,text,text,bigint): sluice_gateway=X
function sluice.read_folder(text,bigint,text,boolean): sluice_gateway=X
function sluice.read_public_folder(text,bigint): sluice_gateway=X
function sluice.rehearse_upload(text,text,text,uuid,text,text,bigint,text,jsonb,jsonb,boolean,bigint): sluice_gateway=X
function sluice.release_unnamed(text,text[],interval): sluice_gateway=X
function sluice.remake_row(text,text,text,text,text,text,bigint,text,jsonb,jsonb,jsonb,timestamp with time zone,interval): sluice_gateway=X
function sluice.remove_file(text,bigint): sluice_gateway=X
function sluice.remove_folder(text,bigint): sluice_gateway=X
function sluice.remove_over_files(text,bigint,interval): sluice_gateway=X
function sluice.remove_uploads(text,text,text,text[]): sluice_gateway=X
function sluice.render_folder(text,sluice.folders,boolean): sluice_gateway=X
function sluice.renew_upload(text,interval): sluice_gateway=X
function sluice.revoke_links(text,text,text,text,timestamp with time zone): sluice_gateway=X
function sluice.settle_removal(text): sluice_gateway=X
function sluice.survey_tree_move(text,text,text,text,text[]): sluice_gateway=X
function sluice.take_from_limit(text,integer,interval): sluice_gateway=X
function sluice.touch_file(text,bigint): sluice_gateway=X
function sluice.uncount_view(uuid): sluice_gateway=X
function sluice.view_file(text,text,boolean,text): sluice_gateway=X
function storage.allow_any_operation(text[]): default
function storage.allow_only_operation(text): default
function storage.bucket_holds_objects(text): sluice_gateway=X
function storage.bucket_rules(text): anon=X, authenticated=X, service_role=X, sluice_gateway=X
function storage.demand(text[],text): default
function storage.extension(text): default
function storage.filename(text): default
function storage.first_in_folder(text,text,text,integer,boolean,bigint): default
function storage.foldername(text): default
function storage.get_size_by_bucket(): default
function storage.list_entries(text,text,text,integer,boolean,text,boolean,bigint,bigint): default
function storage.operation(): default
function storage.public_object(text,text): anon=X, authenticated=X, service_role=X
function storage.target(): default
function storage.touch_updated_at(): default
schema auth: anon=U, authenticated=U, service_role=U, sluice_gateway=U
schema sluice: service_role=U, sluice_gateway=U
schema storage: anon=U, authenticated=U, service_role=U, sluice_gateway=U
table sluice.accounts: sluice_gateway=arwd
table sluice.blobs: sluice_gateway=arwd
table sluice.files: sluice_gateway=arwd
table sluice.folders: sluice_gateway=arwd
table sluice.kill_switches: sluice_gateway=arwd
table sluice.migrations: sluice_gateway=arwd
table sluice.rate_limits: sluice_gateway=arwd
table sluice.removals: sluice_gateway=arwd
table sluice.revoked_tokens: service_role=r, sluice_gateway=arwd
table sluice.sessions: sluice_gateway=arwd
table storage.buckets: anon=arwd, authenticated=arwd, service_role=arwdD
table storage.objects: anon=arwd, authenticated=arwd, service_role=arwdD
table storage.permits: anon=r, authenticated=r, service_role=r

-- functions
auth.claim(text) returns text stable
auth.email() returns text stable
auth.has_scope(integer) returns boolean stable
auth.jwt() returns jsonb stable
auth.role() returns text stable
auth.uid() returns uuid stable
sluice.abandon_upload(text,text) returns void set search_path=""
sluice.account_id_of(uuid) returns integer stable set search_path=""
sluice.add_account(text,jsonb) returns void set search_path=""
sluice.admit(text,integer,text,integer,interval) returns TABLE(remaining integer, reset_seconds integer, window_end timestamp with time zone) set search_path=""
sluice.adopt_bytes(text,text,text,bigint,text) returns boolean set search_path=""
sluice.begin_direct_upload(text,text,text,uuid,text,text,bigint,text,jsonb,jsonb,boolean,bigint,text,interval) returns boolean set search_path=""
sluice.begin_sign_in(text,text[],integer,interval) returns TABLE(account uuid, password_hash text, banned boolean, claims jsonb, window_ends text[]) set search_path=""
sluice.begin_upload(text,text,text,uuid,text,text,bigint,text,jsonb,jsonb,boolean,bigint,text,interval,text,timestamp with time zone) returns bigint set search_path=""
sluice.begin_upload_beside(text,text,text,text,uuid,text,text,bigint,text,jsonb,jsonb,bigint,text,interval) returns record set search_path=""
sluice.change_account(text,jsonb) returns void set search_path=""
sluice.change_folder(text,bigint,boolean,boolean) returns jsonb set search_path=""
sluice.change_upload(text,text,text,text,jsonb) returns jsonb set search_path=""
sluice.check_rules(text,text,bigint,text,bigint) returns bigint set search_path=""
sluice.claim_dead_blobs(text,bigint,interval,interval) returns TABLE(version text, store_key text, was_live boolean) set search_path=""
sluice.claims_of_account(sluice.accounts) returns jsonb stable set search_path=""
sluice.commit_file(text,text,text,uuid,text,text,bigint,text,jsonb,jsonb,boolean,bigint,text,text,jsonb) returns TABLE(id uuid, file_id bigint) set search_path=""
sluice.commit_folder(text,text,text,uuid,text,text,bigint,text,jsonb,jsonb,boolean,bigint,text,text) returns uuid set search_path=""
sluice.commit_upload(text,text,text,uuid,text,text,bigint,text,jsonb,jsonb,boolean,bigint,text,text) returns uuid set search_path=""
sluice.commit_upload_beside(text,text,text,text,integer,uuid,text,text,bigint,text,jsonb,jsonb,bigint,text,text) returns record set search_path=""
sluice.copy_file_record(uuid,uuid) returns void set search_path=""
sluice.copy_object(text,text,text,text,text,uuid,text,jsonb,jsonb,boolean,bigint) returns TABLE(id uuid, version text, metadata jsonb, user_metadata jsonb, created_at timestamp with time zone, updated_at timestamp with time zone, last_accessed_at timestamp with time zone) set search_path=""
sluice.count_own_files(text,text,boolean,boolean) returns bigint set search_path="", plan_cache_mode=force_custom_plan
sluice.delete_backend_files(text,text,text,text,text) returns SETOF text set search_path="", enable_seqscan=off, enable_bitmapscan=off, enable_sort=off
sluice.delete_object(text,text,text) returns void set search_path=""
sluice.delete_objects(text,text,text[]) returns TABLE(id uuid, bucket_id text, name text, owner uuid, owner_id text, version text, metadata jsonb, user_metadata jsonb, created_at timestamp with time zone, updated_at timestamp with time zone, last_accessed_at timestamp with time zone) set search_path=""
sluice.delete_tree(text,text,text) returns bigint set search_path="", enable_seqscan=off, enable_bitmapscan=off, enable_sort=off
sluice.demand_as(text,text[],text) returns void set search_path=""
sluice.demand_no_file(text,text,text) returns void set search_path=""
sluice.demand_no_folder(text,text,text) returns void set search_path=""
sluice.demand_switched_on(text,integer) returns void set search_path=""
sluice.describe_files(text,uuid[]) returns TABLE(id bigint, object_id uuid, name text, owner_id text, mimetype text, size bigint, created_at timestamp with time zone, updated_at timestamp with time zone, display_name text, original_name text, expires_at timestamp with time zone, max_views bigint, views bigint, favorite boolean, embed boolean, format text, has_password boolean, folder_id bigint, account_id integer) set search_path=""
sluice.describe_upload(storage.objects) returns jsonb stable set search_path=""
sluice.empty_bucket(text,text,bigint) returns boolean set search_path=""
sluice.end_quarantine(text[],bigint) returns SETOF text set search_path=""
sluice.enter_session(uuid,text,jsonb,text) returns void set search_path=""
sluice.expect_late_bytes(text,text,interval) returns void set search_path=""
sluice.file_into_folder(text,bigint,bigint,boolean,boolean) returns jsonb set search_path=""
sluice.files_over() returns uuid[] stable set search_path=""
sluice.find_folder(text,bigint,text) returns sluice.folders set search_path=""
sluice.find_upload(text,text,text,text) returns jsonb set search_path=""
sluice.finish_sign_in(uuid,text,text,interval,text[],timestamp with time zone[]) returns TABLE(id uuid, claims jsonb, expires_at timestamp with time zone) set search_path=""
sluice.forget_blobs(text[]) returns bigint set search_path=""
sluice.give_back(text[],timestamp with time zone[]) returns void set search_path=""
sluice.hold_tree_names(text,text[],boolean) returns void set search_path=""
sluice.inspect_blobs(text,text[],interval,interval) returns TABLE(version text, state text, size bigint, md5 text, is_leased boolean, is_stuck boolean, is_quarantined boolean, bucket_id text, name text, metadata jsonb) stable set search_path=""
sluice.is_over(sluice.files) returns boolean stable set search_path=""
sluice.is_revoked(text,text,text,timestamp with time zone) returns boolean stable set search_path=""
sluice.is_stuck(sluice.blobs,interval,interval) returns boolean stable set search_path=""
sluice.keep_file_record() returns trigger SECURITY DEFINER set search_path=""
sluice.list_folders(text,uuid,boolean) returns SETOF jsonb set search_path=""
sluice.list_own_files(text,text,boolean,boolean,text,boolean,bigint,bigint) returns TABLE(file jsonb) set search_path="", plan_cache_mode=force_custom_plan
sluice.list_uploads(text,text,text,bigint,bigint) returns TABLE(total bigint, items jsonb) set search_path="", plan_cache_mode=force_custom_plan
sluice.make_folder(text,uuid,text,bigint[]) returns jsonb set search_path=""
sluice.make_session(sluice.accounts,text,integer,interval) returns TABLE(id uuid, claims jsonb, expires_at timestamp with time zone) set search_path=""
sluice.mark_favorite(text,bigint,boolean) returns jsonb set search_path=""
sluice.mark_unnamed_blobs() returns trigger SECURITY DEFINER set search_path=""
sluice.move_object(text,text,text,text,text,bigint) returns void set search_path=""
sluice.move_tree(text,text,text,text,text[]) returns boolean set search_path=""
sluice.move_tree_file(text,text,text,text,boolean,boolean) returns record set search_path="", enable_seqscan=off, enable_bitmapscan=off, enable_sort=off
sluice.move_tree_folder(text,text,text,text) returns record set search_path="", enable_seqscan=off, enable_bitmapscan=off, enable_sort=off
sluice.name_beside(text,text,integer,text) returns text immutable set search_path=""
sluice.open_session(uuid,text,integer,interval) returns TABLE(id uuid, claims jsonb, expires_at timestamp with time zone) set search_path=""
sluice.owner_asked(text,text) returns text stable set search_path=""
sluice.page_named_versions(text,text,integer) returns TABLE(version text, named_by bigint, size bigint) stable set search_path="", enable_hashagg=off, enable_sort=off, enable_bitmapscan=off, enable_seqscan=off
sluice.put_row(text,text,text,uuid,text,text,jsonb,jsonb,boolean) returns record set search_path=""
sluice.raise_not_found(text) returns void set search_path=""
sluice.read_backend(text,text,text,text,text,text,bigint) returns TABLE(id uuid, bucket_id text, name text, version text, metadata jsonb, user_metadata jsonb, created_at timestamp with time zone, updated_at timestamp with time zone, delivery text, is_exact boolean, owner_name text) set search_path="", enable_seqscan=off, enable_bitmapscan=off, enable_sort=off
sluice.read_folder(text,bigint,text,boolean) returns jsonb set search_path=""
sluice.read_public_folder(text,bigint) returns jsonb set search_path=""
sluice.rehearse_upload(text,text,text,uuid,text,text,bigint,text,jsonb,jsonb,boolean,bigint) returns bigint set search_path=""
sluice.release_unnamed(text,text[],interval) returns SETOF text set search_path=""
sluice.remake_row(text,text,text,text,text,text,bigint,text,jsonb,jsonb,jsonb,timestamp with time zone,interval) returns text set search_path=""
sluice.remove_file(text,bigint) returns jsonb set search_path=""
sluice.remove_folder(text,bigint) returns jsonb set search_path=""
sluice.remove_over_files(text,bigint,interval) returns bigint set search_path=""
sluice.remove_uploads(text,text,text,text[]) returns bigint set search_path="", plan_cache_mode=force_custom_plan
sluice.render_folder(text,sluice.folders,boolean) returns jsonb set search_path=""
sluice.renew_upload(text,interval) returns boolean set search_path=""
sluice.revoke_links(text,text,text,text,timestamp with time zone) returns void set search_path=""
sluice.settle_removal(text) returns bigint set search_path=""
sluice.survey_tree_move(text,text,text,text,text[]) returns record set search_path="", enable_seqscan=off, enable_bitmapscan=off, enable_sort=off
sluice.take_from_limit(text,integer,interval) returns TABLE(remaining integer, reset_seconds integer, window_end timestamp with time zone) set search_path=""
sluice.touch_file(text,bigint) returns sluice.files set search_path=""
sluice.uncount_view(uuid) returns void set search_path=""
sluice.view_file(text,text,boolean,text) returns TABLE(id uuid, bucket_id text, name text, version text, metadata jsonb, user_metadata jsonb, created_at timestamp with time zone, updated_at timestamp with time zone, delivery text, original_name text, password_hash text, is_limited boolean, counted boolean) set search_path=""
storage.allow_any_operation(text[]) returns boolean stable
storage.allow_only_operation(text) returns boolean stable
storage.bucket_holds_objects(text) returns boolean stable SECURITY DEFINER set search_path=""
storage.bucket_rules(text) returns TABLE(public boolean, file_size_limit bigint, allowed_mime_types text[], delivery text) stable SECURITY DEFINER set search_path=""
storage.demand(text[],text) returns void set search_path=""
storage.extension(text) returns text immutable
storage.filename(text) returns text immutable
storage.first_in_folder(text,text,text,integer,boolean,bigint) returns text stable set search_path="", enable_sort=off, enable_bitmapscan=off, enable_seqscan=off, plan_cache_mode=force_generic_plan
storage.foldername(text) returns text[] immutable
storage.get_size_by_bucket() returns TABLE(size bigint, bucket_id text) stable
storage.list_entries(text,text,text,integer,boolean,text,boolean,bigint,bigint) returns TABLE(name text, is_folder boolean, id uuid, created_at timestamp with time zone, updated_at timestamp with time zone, last_accessed_at timestamp with time zone, metadata jsonb) stable set search_path="", enable_sort=off, enable_bitmapscan=off, enable_seqscan=off, plan_cache_mode=force_generic_plan
storage.operation() returns text stable
storage.public_object(text,text) returns SETOF storage.objects stable SECURITY DEFINER set search_path=""
storage.target() returns text stable
storage.touch_updated_at() returns trigger set search_path=""
