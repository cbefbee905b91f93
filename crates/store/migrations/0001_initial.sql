-- The first schema. Words in check constraints are the ones of the domain crate; a test compares them.
-- Columns named *_sealed are encrypted under the column key, which keks holds in wrapped form; *_hash are SHA-256 of a
-- 256-bit random secret, or an Argon2id string where the column says password.

create table instance (
    one boolean primary key default true check (one),
    id uuid not null,
    column_check bytea not null,
    created_at timestamptz not null
);

-- What whoever connects must know about the schema itself.
create table schema_state (
    one boolean primary key default true check (one),
    -- The newest migration that the oldest program knows which can still work with the schema. A migration that
    -- takes something away raises it; one that only adds leaves it, and programs of both versions run side by side.
    oldest_program bigint not null,
    -- the digest of the rights that the roles of the processes were given; null while there are none
    rights bytea
);
insert into schema_state (oldest_program) values (1);

-- The key-encryption keys; the keys themselves are never here.
create table keks (
    id text primary key,
    -- it wraps the keys of new packages; the others only unwrap
    active boolean not null,
    -- its packages are being moved to the active one
    retiring boolean not null default false check (not (active and retiring)),
    -- one and the same key for all rows, wrapped by each
    column_key bytea not null,
    added_at timestamptz not null,
    activated_at timestamptz,
    -- how many keys of packages it has wrapped and unwrapped, and when last; each process adds its own now and then
    wraps bigint not null default 0,
    unwraps bigint not null default 0,
    last_used_at timestamptz,
    check (not active or activated_at is not null)
);
create unique index keks_active on keks (active) where active;

create table signing_keys (
    kid text primary key,
    secret_sealed bytea not null,
    created_at timestamptz not null
);

create table settings (
    key text primary key,
    value jsonb,
    value_sealed bytea,
    updated_at timestamptz not null,
    updated_by text not null,
    check ((value is null) <> (value_sealed is null))
);
create table settings_revision (one boolean primary key default true check (one), revision bigint not null);
insert into settings_revision (revision) values (1);

create table licences (
    one boolean primary key default true check (one),
    -- signed; it says itself to whom it was given and how long it holds
    text text not null,
    installed_at timestamptz not null,
    refreshed_at timestamptz,
    revoked_at timestamptz,
    seen_at timestamptz not null,
    -- the standing that administrators were last told of
    told text
);

create table users (
    id uuid primary key,
    email text not null unique,
    name text not null,
    password text,
    state text not null check (state in ('invited', 'active', 'disabled')),
    locale text,
    permissions text[] not null,
    created_at timestamptz not null,
    last_login_at timestamptz,
    -- a mailed link set the password: the owner is told of the next log-in
    login_watched boolean not null default false
);

create table administrators (
    id uuid primary key,
    email text not null unique,
    name text not null,
    password text not null,
    state text not null check (state in ('active', 'disabled')),
    permissions text[] not null,
    created_at timestamptz not null,
    last_login_at timestamptz
);

-- Users who share rules.
create table groups (
    id uuid primary key,
    name text not null,
    note text not null,
    -- the first group that has a rule of its own wins
    position integer not null,
    -- rules of its own, by the keys of their settings; the rest is inherited
    rules jsonb not null,
    version bigint not null default 1,
    created_at timestamptz not null
);
create unique index groups_name on groups (lower(name));

create table group_members (
    group_id uuid not null references groups on delete cascade,
    user_id uuid not null references users on delete cascade,
    -- counts additions; lists are sorted by it
    ordinal bigint generated always as identity unique,
    added_at timestamptz not null,
    primary key (group_id, user_id)
);
create index group_members_user on group_members (user_id);

create table sessions (
    id uuid primary key,
    hash bytea not null unique,
    kind text not null check (kind in ('user', 'administrator')),
    user_id uuid references users on delete cascade,
    administrator_id uuid references administrators on delete cascade,
    created_at timestamptz not null,
    last_seen_at timestamptz not null,
    authenticated_at timestamptz not null,
    expires_at timestamptz not null,
    ip inet,
    user_agent text,
    check ((kind = 'user') = (user_id is not null)),
    check ((kind = 'administrator') = (administrator_id is not null))
);
create index sessions_user on sessions (user_id);
create index sessions_administrator on sessions (administrator_id);

create table api_tokens (
    id uuid primary key,
    user_id uuid not null references users on delete cascade,
    name text not null,
    hash bytea not null unique,
    created_at timestamptz not null,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
);
create index api_tokens_user on api_tokens (user_id);

-- Single-use secrets of mailed or printed links: set-up, password reset, invitation.
create table secret_links (
    hash bytea primary key,
    purpose text not null check (purpose in ('setup', 'reset', 'invitation')),
    user_id uuid references users on delete cascade,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);

create table rate_limits (
    key text primary key,
    window_start timestamptz not null,
    hits integer not null
);

-- The browser of somebody without an account.
create table visitors (
    id uuid primary key,
    hash bytea not null unique,
    email text,
    email_proved_at timestamptz,
    created_at timestamptz not null,
    last_seen_at timestamptz not null,
    -- when it came back after it had been away for too long; what it proved before counts no more
    active_since timestamptz not null,
    expires_at timestamptz not null
);

create table requests (
    id uuid primary key,
    seq bigint generated always as identity unique,
    user_id uuid not null references users on delete cascade,
    email text not null,
    title_sealed bytea not null,
    note_sealed bytea not null,
    password text,
    link_hash bytea not null unique,
    link_sealed bytea not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    cancelled_at timestamptz,
    fulfilled_at timestamptz
);
create index requests_user on requests (user_id, seq desc);

create table packages (
    id uuid primary key,
    -- counts creations; lists are sorted by it
    ordinal bigint generated always as identity unique,
    kind text not null check (kind in ('private', 'internal', 'public')),
    life text not null check (life in ('requested', 'uploading', 'submitted', 'active', 'deleted', 'archived', 'shredded')),
    approval text not null default 'not_required' check (approval in ('not_required', 'waiting', 'approved', 'rejected')),
    sender_user_id uuid references users,
    sender_visitor_id uuid references visitors,
    sender_email text not null,
    request_id uuid references requests,
    title_sealed bytea not null,
    note_sealed bytea not null,
    password text,
    link_hash bytea unique,
    link_sealed bytea,
    access_limit integer check (access_limit between 1 and 1000000),
    expires_in_days integer not null check (expires_in_days > 0),
    created_at timestamptz not null,
    changed_at timestamptz not null,
    send_requested_at timestamptz,
    -- how many files its sender says there will be; it is not complete before
    expected_files integer check (expected_files > 0),
    submitted_at timestamptz,
    activated_at timestamptz,
    expires_at timestamptz,
    deleted_at timestamptz,
    deleted_reason text check (deleted_reason in ('withdrawn', 'expired', 'rejected', 'administrator')),
    shredded_at timestamptz,
    checks_started_at timestamptz,
    version bigint not null default 1,
    check ((sender_user_id is null) <> (sender_visitor_id is null)),
    check (life <> 'active' or (activated_at is not null and expires_at is not null)),
    check (life not in ('submitted', 'active') or submitted_at is not null),
    check (life <> 'shredded' or shredded_at is not null)
);
create index packages_sender_user on packages (sender_user_id, ordinal desc);
create index packages_sender_visitor on packages (sender_visitor_id) where sender_visitor_id is not null;
create index packages_life on packages (life, expires_at);
create index packages_life_list on packages (life, ordinal desc);
create index packages_submitted on packages (submitted_at desc, ordinal desc) where submitted_at is not null;
create index packages_waiting on packages (ordinal desc) where approval = 'waiting';
create index packages_request on packages (request_id);
-- a request has one answer that is being made
create unique index packages_answer on packages (request_id) where life = 'uploading';
create index packages_deleted on packages (deleted_at) where life = 'deleted';
create index packages_drafts on packages (sender_user_id, ordinal desc) where life = 'uploading';

-- Kept apart from the package so that shredding is one delete. One wrap each: a rotation changes the row as a whole.
create table package_keys (
    package_id uuid primary key references packages,
    kek_id text not null references keks,
    wrapped bytea not null
);
create index package_keys_kek on package_keys (kek_id);

create table recipients (
    id uuid primary key,
    package_id uuid not null references packages,
    -- that of the package, so that an inbox is one walk along an index
    package_ordinal bigint not null,
    ordinal integer not null,
    email text not null,
    blind boolean not null,
    link_hash bytea unique,
    link_sealed bytea,
    notified_at timestamptz,
    opened_at timestamptz,
    -- when it was reminded that the package ends
    reminded_at timestamptz,
    unique (package_id, email)
);
create index recipients_email on recipients (email, package_ordinal desc);

create table files (
    id uuid primary key,
    package_id uuid not null references packages,
    ordinal bigint generated always as identity,
    path_sealed bytea not null,
    -- keyed hash of the path, so that two files of one package can't have the same name
    path_key bytea not null,
    size bigint not null check (size >= 0),
    -- how much of an unfinished upload is known to be stored; written now and then, the blob knows better
    received bigint not null default 0 check (received between 0 and size),
    blob_id bytea not null unique check (length(blob_id) = 16),
    generation bigint not null,
    key_wrapped bytea not null,
    created_at timestamptz not null,
    upload_expires_at timestamptz not null,
    completed_at timestamptz,
    media_type text,
    sha256 bytea check (length(sha256) = 32),
    crc32 bigint,
    check_state text not null default 'pending' check (check_state in ('clean', 'flagged', 'released', 'pending', 'unscannable', 'blocked')),
    -- counts checks and re-checks; the verdicts of the present one carry it
    check_round integer not null default 1,
    -- until then only the process that was told its password looks into it
    reserved_until timestamptz,
    checked_at timestamptz,
    -- when engines looked at it once more without taking it back
    rescanned_at timestamptz,
    released_at timestamptz,
    released_by text,
    released_reason text,
    unique (package_id, path_key),
    check (check_state not in ('clean', 'flagged', 'released') or (completed_at is not null and sha256 is not null and crc32 is not null)),
    check (check_state <> 'released' or (released_at is not null and released_by is not null and released_reason is not null))
);
create index files_sha256 on files (sha256) where sha256 is not null;
create index files_hashed on files (size) where sha256 is not null;
create index files_package on files (package_id, ordinal);
create index files_uploads on files (upload_expires_at) where completed_at is null;
-- the few that wait for a verdict or are held, among very many
create index files_unsettled on files (package_id) where check_state in ('pending', 'blocked', 'unscannable');

-- What is known of each complete file's bytes since somebody last looked; a file without a row was never looked at.
create table file_integrity (
    file_id uuid primary key references files on delete cascade,
    state text not null check (state in ('ok', 'corrupted', 'inaccessible')),
    -- what exactly is wrong, in a word and in words
    kind text check ((kind is null) = (state = 'ok')),
    detail text check ((detail is null) = (state = 'ok')),
    -- whether every byte was read
    deep boolean not null,
    checked_at timestamptz not null
);
create index file_integrity_bad on file_integrity (checked_at) where state <> 'ok';

-- Checks whether everything stored is intact, and how far each is: the shard of blobs and the blob in it.
create table integrity_runs (
    id uuid primary key,
    state text not null check (state in ('running', 'done', 'cancelled', 'failed')),
    deep boolean not null,
    -- who asked; nobody: the schedule
    asked_by text,
    started_at timestamptz not null,
    ended_at timestamptz check ((ended_at is null) = (state = 'running')),
    shard integer not null default 0,
    after bytea,
    -- what it has looked at so far, and what was wrong
    files bigint not null default 0,
    bytes bigint not null default 0,
    problems jsonb not null default '{}',
    -- whether administrators were told
    told boolean not null default false,
    error text
);
create unique index integrity_runs_running on integrity_runs ((true)) where state = 'running';
create index integrity_runs_started on integrity_runs (started_at);

-- Blobs whose row is gone; the worker unlinks them afterwards (row before blob on delete).
create table doomed_blobs (
    blob_id bytea primary key,
    doomed_at timestamptz not null
);

-- What two administrators agreed to let pass: exactly this content, or what an engine calls so.
create table exceptions (
    id uuid primary key,
    -- counts proposals; lists are sorted by it
    ordinal bigint generated always as identity unique,
    sha256 bytea check (octet_length(sha256) = 32),
    engine text,
    pattern text,
    -- an address, a domain behind an @, or the id of a group behind group:; empty is everybody. It is no reference: when
    -- a group is gone its exceptions are nobody's
    sender text not null,
    reason_sealed bytea not null,
    proposed_by uuid not null references administrators,
    proposed_at timestamptz not null,
    approved_by uuid references administrators,
    approved_at timestamptz,
    revoked_by uuid references administrators,
    revoked_at timestamptz,
    expires_at timestamptz not null,
    check ((sha256 is null) = (engine is not null) and (engine is null) = (pattern is null)),
    check (approved_by <> proposed_by),
    check ((approved_by is null) = (approved_at is null) and (revoked_by is null) = (revoked_at is null))
);
create index exceptions_active on exceptions (expires_at) where approved_at is not null and revoked_at is null;

-- Content that is dangerous whatever engines say.
create table listed_hashes (
    sha256 bytea primary key check (octet_length(sha256) = 32),
    ordinal bigint generated always as identity unique,
    comment text not null,
    added_by uuid not null references administrators,
    added_at timestamptz not null
);

create table verdicts (
    id bigint generated always as identity primary key,
    file_id uuid not null references files on delete cascade,
    round integer not null,
    engine text not null,
    outcome text not null check (outcome in ('clean', 'infected', 'suspicious', 'encrypted', 'incomplete', 'skipped', 'unsupported', 'policy_hit', 'error')),
    -- how suspicious, or against which rule
    level text check ((outcome in ('suspicious', 'policy_hit')) = (level is not null)),
    -- which limit, which kind of error, how much was looked at
    qualifier text,
    name text not null,
    object_sealed bytea,
    detail_sealed bytea,
    engine_version text,
    signature_version text,
    -- when the signatures were made: their age at the time of the check
    signature_at timestamptz,
    started_at timestamptz not null,
    finished_at timestamptz not null,
    -- what lets it pass; the verdict stays what it was
    exception_id uuid references exceptions,
    -- keyed hash of all that it was made by beside the content; the same content need not be asked about by the same
    basis bytea check (length(basis) = 32)
);
create index verdicts_file on verdicts (file_id, round);

-- What engines that take minutes remember of the files that they were given: each is given to each once in a round,
-- once more if it was forgotten.
create table tickets (
    file_id uuid not null references files on delete cascade,
    round integer not null,
    engine text not null,
    ticket text not null,
    again boolean not null,
    given_at timestamptz not null,
    primary key (file_id, round, engine)
);

-- What is in a file, as the inspector saw it in a round; only if that is more than the file itself.
create table object_lists (
    file_id uuid not null references files on delete cascade,
    round integer not null,
    objects_sealed bytea not null,
    primary key (file_id, round)
);

-- What a browser has shown for one package or request.
create table grants (
    id uuid primary key,
    visitor_id uuid not null references visitors on delete cascade,
    package_id uuid references packages,
    request_id uuid references requests,
    recipient_id uuid references recipients,
    code_hash bytea,
    code_sent_at timestamptz,
    code_tries integer not null default 0,
    proved_at timestamptz,
    password_at timestamptz,
    access_until timestamptz,
    opened_at timestamptz not null,
    check ((package_id is null) <> (request_id is null))
);
create unique index grants_package on grants (visitor_id, package_id, recipient_id) nulls not distinct where package_id is not null;
create unique index grants_request on grants (visitor_id, request_id) where request_id is not null;

-- The code that proves a guest's address for the guest form.
create table guest_codes (
    visitor_id uuid primary key references visitors on delete cascade,
    email text not null,
    code_hash bytea not null,
    sent_at timestamptz not null,
    tries integer not null default 0
);

-- Accesses spent; one row each (PKG-9).
create table accesses (
    id uuid primary key,
    package_id uuid not null references packages,
    recipient_id uuid references recipients,
    user_id uuid references users,
    at timestamptz not null
);
create index accesses_package on accesses (package_id, recipient_id);

create table downloads (
    id uuid primary key,
    package_id uuid not null references packages,
    file_id uuid references files,
    recipient_id uuid references recipients,
    user_id uuid references users,
    visitor_id uuid references visitors on delete set null,
    administrator_id uuid references administrators,
    started_at timestamptz not null,
    size bigint not null,
    bytes_sent bigint not null default 0,
    finished_at timestamptz,
    complete boolean not null default false,
    ip inet,
    user_agent text
);
create index downloads_package on downloads (package_id, started_at);
create index downloads_resume on downloads (file_id, started_at);

create table jobs (
    id uuid primary key,
    -- counts rows; lists are sorted by it
    seq bigint generated always as identity unique,
    name text not null,
    queue text not null,
    payload jsonb not null,
    dedupe_key text,
    state text not null default 'queued' check (state in ('queued', 'running', 'done', 'dead')),
    -- how often it was claimed; the fence of a claim, so it never goes back
    attempt integer not null default 0,
    -- how many of these claims don't count as attempts
    handed_back integer not null default 0,
    run_at timestamptz not null,
    lease_until timestamptz,
    worker text,
    last_error text,
    request_id text,
    -- whose work it is, for fairness: the sender of a package; null is nobody's in particular
    party uuid,
    -- the order of claims: a party's later jobs come a slice's length after one another, so that others come between
    turn timestamptz not null,
    -- when the broker was told that it is due; only while it waits, and only where there is a broker
    announced_at timestamptz,
    created_at timestamptz not null,
    finished_at timestamptz
);
create index jobs_due on jobs (queue, turn, seq) where state = 'queued';
create index jobs_parties on jobs (queue, party, turn) where state in ('queued', 'running') and party is not null;
create index jobs_leases on jobs (queue, lease_until) where state = 'running';
create index jobs_unannounced on jobs (run_at) where state = 'queued' and announced_at is null;
create index jobs_state on jobs (state, seq desc);
create unique index jobs_dedupe on jobs (name, dedupe_key) where state = 'queued' and dedupe_key is not null;

create table schedule_ticks (
    task text not null,
    tick_at timestamptz not null,
    primary key (task, tick_at)
);

create table leases (
    name text primary key,
    holder text not null,
    epoch bigint not null,
    until timestamptz not null
);

create table mails (
    id uuid primary key,
    seq bigint generated always as identity unique,
    kind text not null,
    -- one transition mails one person once
    dedupe_key text not null unique,
    to_email text not null,
    reply_to text,
    message_id text not null unique,
    locale text not null,
    subject_sealed bytea not null,
    text_sealed bytea not null,
    html_sealed bytea not null,
    package_id uuid references packages,
    recipient_id uuid references recipients,
    state text not null check (state in ('held', 'queued', 'sending', 'sent', 'failed')),
    attempts integer not null default 0,
    created_at timestamptz not null,
    sent_at timestamptz,
    -- when it was given up because what it tells was no longer so; it goes out if that is so again
    dropped_at timestamptz,
    last_error text
);
create index mails_state on mails (state);
create index mails_recipient on mails (recipient_id);
create index mails_dropped on mails (package_id) where dropped_at is not null;

-- The engines beside the internal ones. A removed one stays, so that its verdicts keep their name.
create table engines (
    id text primary key,
    kind text not null,
    name text not null,
    stage text not null check (stage in ('reputation', 'antivirus', 'sandbox')),
    position integer not null,
    enabled boolean not null,
    mandatory boolean not null,
    largest_file bigint not null check (largest_file > 0),
    oversize text not null check (oversize in ('unscannable', 'skip')),
    types jsonb not null,
    at_once integer not null check (at_once between 1 and 64),
    seconds integer not null check (seconds between 1 and 3600),
    config jsonb not null,
    secrets_sealed bytea,
    version bigint not null default 1,
    updated_at timestamptz not null,
    removed_at timestamptz
);

-- Sets of YARA rules. At most one version of each is in force.
create table rule_sets (
    name text primary key,
    last_version integer not null default 0,
    active_version integer
);

create table rule_set_versions (
    set_name text not null references rule_sets (name) on delete cascade,
    number integer not null,
    source_sealed bytea not null,
    sha256 bytea not null,
    bytes bigint not null,
    rules bigint not null,
    administrator_id uuid references administrators (id),
    created_at timestamptz not null,
    primary key (set_name, number)
);
alter table rule_sets add foreign key (name, active_version) references rule_set_versions (set_name, number);

-- Every time that an engine began or ceased to work.
create table engine_history (
    id bigint generated always as identity primary key,
    engine text not null,
    at timestamptz not null,
    available boolean not null,
    version text,
    signature_version text,
    error text
);
create index engine_history_engine on engine_history (engine, id desc);

create table engine_states (
    engine text primary key,
    available boolean,
    version text,
    signature_version text,
    signature_at timestamptz,
    -- since when it has these signatures, as far as was seen
    signatures_since timestamptz not null,
    last_error text,
    probes jsonb not null default '[]',
    -- the canaries that it noticed since it was configured as it is; it may not overlook one of these
    noticed text[] not null default '{}',
    -- since when its self-tests have passed, or failed
    available_since timestamptz not null,
    checked_at timestamptz not null
);

create table audit (
    seq bigint generated always as identity primary key,
    at timestamptz not null,
    event text not null,
    severity text not null check (severity in ('info', 'notice', 'warning', 'alert')),
    actor_kind text not null,
    actor_id uuid,
    actor_label text,
    ip inet,
    object_kind text,
    object_id text,
    data jsonb not null,
    request_id text
);
create index audit_at on audit (at desc);
create index audit_object on audit (object_id);
create index audit_event on audit (event, seq desc);

create function audit_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is append-only';
end
$$;
create trigger audit_append_only before update or delete or truncate on audit
    for each statement execute function audit_is_append_only();
