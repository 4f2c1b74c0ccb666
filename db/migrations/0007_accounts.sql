-- Accounts of our own with sessions that can be ended, permits that policies grant, kill switches and rate limits.

create table sluice.accounts (
  id uuid not null default gen_random_uuid() constraint accounts_pkey primary key,
  username text collate "C" not null constraint accounts_username_is_unique unique
    constraint accounts_username_is_url_safe check (username ~ '^[A-Za-z0-9_.-]{1,64}$' and username !~ '^\.+$')
    constraint accounts_username_is_not_reserved check (lower(username) not in ('v1', 'me', 'all')),
  account_id integer generated always as identity constraint accounts_account_id_is_unique unique,
  uid text not null constraint accounts_uid_is_unique unique
    constraint accounts_uid_has_13_digits check (uid ~ '^[0-9]{13}$'),
  email text,
  password_hash text,
  verified_at timestamptz,
  banned_at timestamptz,
  staff boolean not null default false,
  admin boolean not null default false,
  backend text not null default 'default'
    constraint accounts_backend_is_a_host_label check (backend ~ '^[a-z0-9]([a-z0-9-]{0,52}[a-z0-9])?$'),
  totp_secret text,
  totp_pending text,
  totp_step bigint not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on column sluice.accounts.id is 'The claim sub.';
comment on column sluice.accounts.uid is 'The instant of its making in milliseconds, as text.';
comment on column sluice.accounts.password_hash is 'Null: no password opens it.';
comment on column sluice.accounts.totp_pending is 'A secret that no code has confirmed yet.';
comment on column sluice.accounts.totp_step is 'The time step of the last code taken; none up to it is taken again.';

-- Nobody poses as another by the case of letters.
create unique index accounts_username_in_any_case on sluice.accounts (lower(username));

create table sluice.sessions (
  id uuid not null default gen_random_uuid() constraint sessions_pkey primary key,
  account uuid not null constraint sessions_account_exists references sluice.accounts (id) on delete cascade,
  name text,
  scopes integer constraint sessions_scopes_are_flags check (scopes > 0),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz
);

comment on column sluice.sessions.scopes is 'Bit flags; null: whatever its account may do.';

create index sessions_by_account on sluice.sessions (account, created_at);

create table sluice.kill_switches (
  id smallint not null constraint kill_switches_pkey primary key
    constraint kill_switches_are_nine check (id between 0 and 8),
  enabled boolean not null default false,
  changed_at timestamptz not null default now()
);

insert into sluice.kill_switches (id) select generate_series(0, 8);

create table sluice.rate_limits (
  key text not null constraint rate_limits_pkey primary key,
  window_start timestamptz not null,
  window_end timestamptz not null,
  count integer not null
);

create index rate_limits_by_end on sluice.rate_limits (window_end);

-- What a door may ask for besides rows: each row names a permit, and who sees the row has the permit. Policies decide.
create table storage.permits (
  name text not null constraint permits_pkey primary key,
  meaning text not null
);

-- What the permits of this request are asked for: the owner of a tree, a backend; null where they are for nothing in
-- particular.
create function storage.target() returns text
language sql stable parallel safe as $$
  select nullif(current_setting('storage.target', true), '')
$$;

-- True for a caller whose session is not scoped, and for one whose scopes have this flag or the flag for everything, 1.
do $$
begin
  if to_regprocedure('auth.has_scope(integer)') is null then
    create function auth.has_scope(flag integer) returns boolean
    language sql stable parallel safe as $f$
      select case
        when scopes is null then true
        when scopes ~ '^[0-9]{1,9}$' then scopes::integer & (flag | 1) <> 0
        else false
      end
      from (select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'scopes' as scopes) as claimed
    $f$;
  end if;
end
$$;
