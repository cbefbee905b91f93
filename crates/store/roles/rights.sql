-- What the roles of the processes may do (ADR 012): as much as they need, and nothing else. A new table needs its lines
-- here. Applied as a whole, by the owner of the database, whenever this text has changed.

-- Who may come in at all, and make things.
do $$
declare
    ours regclass;
begin
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect on database %I to sofie_web, sofie_worker, sofie_scheduler', current_database());
    -- The schema is the owner's from PostgreSQL 15 on; before, it is the administrator's to do this (deploy.md).
    if pg_has_role((select nspowner from pg_namespace where nspname = 'public'), 'usage') then
        revoke create on schema public from public, sofie_web, sofie_worker, sofie_scheduler;
        grant usage on schema public to sofie_web, sofie_worker, sofie_scheduler;
    end if;
    -- Begin with nothing; an extension's tables are not ours to take away.
    for ours in
        select oid from pg_class
         where relnamespace = 'public'::regnamespace and relkind = 'r' and pg_has_role(relowner, 'usage')
    loop
        execute format('revoke all on table %s from public, sofie_web, sofie_worker, sofie_scheduler', ours);
    end loop;
end
$$;

-- The schema itself.
grant select on _sqlx_migrations, schema_state to sofie_web, sofie_worker, sofie_scheduler;

-- Logs: they only grow. Of a download its progress is written.
grant select, insert on audit to sofie_web;
grant insert on audit to sofie_worker;
grant select, insert on accesses to sofie_web;
grant select, insert, update (bytes_sent, finished_at, complete) on downloads to sofie_web;
grant select on downloads to sofie_worker;

-- The installation and its keys for cookies. The lock is all that is updated.
grant select, insert, update (one) on instance to sofie_web, sofie_worker;
grant select, insert on signing_keys to sofie_web;
grant select, insert, delete on signing_keys to sofie_worker;
grant select, insert, update, delete on settings to sofie_web;
grant select, update on settings_revision to sofie_web;
grant select on settings, settings_revision to sofie_worker;
grant select, insert, update, delete on licences to sofie_web;
grant select, update on licences to sofie_worker;

-- Accounts. The worker writes to people, and knows no password and no secret.
grant select, insert, update on users, administrators, api_tokens to sofie_web;
grant select (id, email, name, state, locale, permissions, created_at, last_login_at) on users to sofie_worker;
grant select (id, email, name, state, permissions, created_at, last_login_at) on administrators to sofie_worker;
grant select, insert, update, delete on groups to sofie_web;
grant select, insert, delete on group_members to sofie_web;
grant select on groups, group_members to sofie_worker;
grant select, insert, update, delete on sessions, secret_links, rate_limits, visitors, grants, guest_codes to sofie_web;
grant select (expires_at), delete on sessions to sofie_worker;
grant select (purpose, user_id, used_at, expires_at), insert, delete on secret_links to sofie_worker;
grant select (window_start), delete on rate_limits to sofie_worker;
grant select (id, expires_at), delete on visitors to sofie_worker;

-- The key-encryption keys by name, and the column key that they wrap. The worker moves packages from one to another.
grant select, insert, update, delete on keks to sofie_web;
grant select, insert, update on keks to sofie_worker;

-- Packages. Their rows stay for ever; shredding one deletes its keys.
grant select, insert, update on packages, requests to sofie_web;
grant select, update on packages to sofie_worker;
-- Whose rules an answer to a request is judged by.
grant select (id, user_id) on requests to sofie_worker;
grant select, insert, update, delete on package_keys to sofie_web;
grant select, update, delete on package_keys to sofie_worker;
grant select, insert, update, delete on recipients to sofie_web;
grant select, update on recipients to sofie_worker;
grant select, insert, update, delete on files to sofie_web;
grant select, update, delete on files to sofie_worker;
grant select, insert on doomed_blobs to sofie_web;
grant select, insert, delete on doomed_blobs to sofie_worker;

grant select, insert, update on file_integrity, integrity_runs to sofie_web, sofie_worker;

-- Checks.
grant select, insert, update, delete on verdicts, object_lists to sofie_web, sofie_worker;
grant select on tickets to sofie_web;
grant select, insert, update, delete on tickets to sofie_worker;
grant select, insert, update on exceptions to sofie_web;
grant select, insert, delete on listed_hashes to sofie_web;
grant select on exceptions, listed_hashes to sofie_worker;
-- The worker enters a scanner of this machine that it found.
grant select, insert, update on engines to sofie_web;
grant select, insert on engines to sofie_worker;
grant select, insert, update, delete on engine_states to sofie_web, sofie_worker;
grant select, insert, delete on engine_history to sofie_web, sofie_worker;
grant select, insert, update, delete on rule_sets, rule_set_versions to sofie_web;
grant select on rule_sets, rule_set_versions to sofie_worker;

-- Work.
grant select, insert, update on jobs, mails to sofie_web;
grant select, insert, update, delete on jobs to sofie_worker;
grant select, insert, update on mails to sofie_worker;
grant select, delete on schedule_ticks to sofie_worker;
-- The schedule asks for jobs, and asks earlier for one that waits already; it sees neither what they are about nor
-- what came of them.
grant select (name, queue, party, state, dedupe_key, run_at, turn), insert, update (run_at, turn) on jobs to sofie_scheduler;
grant select, insert on schedule_ticks to sofie_scheduler;
grant select, insert, update on leases to sofie_scheduler, sofie_web;
-- While a backup is made nothing is unlinked.
grant select on leases to sofie_worker;
