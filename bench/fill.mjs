// An installation with very many packages, for the benchmarks of lists and growth: on a PostgreSQL of its own, filled by
// statements of SQL. Ids and sealed words come from a small program (crates/test-support/examples/sealed), so that the
// product can list what it finds; the files have no content.
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const SEALED = join(root, 'target/release/examples/sealed');

/** Users; the first sends and receives a tenth of everything, as a program would. */
export const USERS = 10_000;
export const userOf = (number) => `user-${number}@example.org`;

/**
 * Of a hundred packages: what can be fetched, what is in the recycle bin, and what is over, as after some months of steady
 * work; the times are such that the schedule has nothing to do about it. Of ten thousand: what is being checked, in quarantine, waiting for an approver, and not sent.
 */
const LIFE = `case when n % 10000 < 5 then 'uploading' when n % 10000 < 35 then 'submitted'
  when n % 100 < 60 then 'shredded' when n % 100 < 70 then 'deleted' else 'active' end`;
/** When it was made: a year back to now, in the order of the numbers. */
const MADE = (table) => `(now() - interval '1 year' * (1 - ${table}.n::float8 / $count))`;
/** Somebody by chance that is the same each time. */
const CHANCE = (what) => `abs(hashint8(${what})::bigint)`;

/** What the audit log has of each package; of so many in ten thousand only, where a number is given. */
const EVENTS = `(values (0, 'PACKAGE_CREATED', 10000), (1, 'FILE_UPLOADED', 10000), (2, 'PACKAGE_SENT', 9995), (3, 'PACKAGE_DELIVERED', 9965),
  (4, 'FILE_DOWNLOADED', 6000), (5, 'FILE_BLOCKED', 10))`;

const STATEMENTS = [
  `create unlogged table made as select s.*, ${LIFE} as life, ${MADE('s')} as at,
     case when ${CHANCE('n')} % 10 = 0 then 0 else ${CHANCE('n')} % $users end as sender,
     case when ${CHANCE('n + 1')} % 10 = 0 then 0 else ${CHANCE('n + 1')} % $users end as receiver
   from sealed s where s.n >= $from and s.n < $to`,
  'create index on made (n); analyze made',
  `insert into packages (id, kind, life, approval, sender_user_id, sender_email, title_sealed, note_sealed, expires_in_days,
     created_at, changed_at, send_requested_at, submitted_at, activated_at, expires_at, deleted_at, deleted_reason, shredded_at,
     checks_started_at)
   select package, 'private', life, case when n % 10000 between 5 and 9 then 'waiting' else 'not_required' end, u.id, u.email,
     title, note, 30, at, now(), sent, sent, case when life not in ('uploading', 'submitted') then at end,
     case when life <> 'uploading' then now() + interval '25 days' end,
     case life when 'deleted' then now() when 'shredded' then at + interval '30 days' end,
     case when life in ('deleted', 'shredded') then 'expired' end, case when life = 'shredded' then at + interval '60 days' end,
     case when n % 10000 between 10 and 24 then at end
   from (select *, case when life <> 'uploading' then at end as sent from made) m
   join users u on u.email = 'user-' || sender || '@example.org' order by n`,
  // A recipient or two of the house; every second package has one outside it too.
  `insert into recipients (id, package_id, package_ordinal, ordinal, email, blind, notified_at, opened_at)
   select gen_random_uuid(), p.id, p.ordinal, r.place, r.email, false, m.at, case when n % 3 > 0 then m.at end
   from made m join packages p on p.id = m.package
   cross join lateral (values (0, 'user-' || m.receiver || '@example.org'), (1, 'guest-' || n % 50000 || '@example.net')) r (place, email)
   where r.place = 0 or n % 2 = 0 order by p.ordinal`,
  `insert into package_keys (package_id, kek_id, wrapped)
   select package, k.id, decode(repeat('00', 60), 'hex') from made, keks k where life <> 'shredded' and k.active`,
  `insert into files (id, package_id, path_sealed, path_key, size, received, blob_id, generation, key_wrapped, created_at,
     upload_expires_at, completed_at, media_type, sha256, crc32, check_state, checked_at)
   select f.id, package, f.path, f.key, 100000 + n % 1000000, 100000 + n % 1000000, decode(md5(f.id::text), 'hex'), 1,
     decode(repeat('00', 60), 'hex'), at, at + interval '1 day', at, 'application/pdf', sha256(f.id::text::bytea), 0,
     case when life = 'uploading' or n % 10000 between 10 and 24 then 'pending' when life = 'submitted' then 'blocked' else 'clean' end,
     case when life <> 'uploading' and n % 10000 not between 10 and 24 then now() end
   from made m cross join lateral (values (0, file1, path1, key1), (1, file2, path2, key2)) f (place, id, path, key)
   where f.place = 0 or n % 2 = 1 order by n`,
  `insert into verdicts (file_id, round, engine, outcome, level, name, started_at, finished_at)
   select f.id, 1, e.engine, case when f.check_state = 'blocked' then 'infected' else 'clean' end, null, '', m.at, m.at
   from made m join files f on f.package_id = m.package cross join (values ('inspector'), ('clamd')) e (engine)
   where f.check_state <> 'pending'`,
  `insert into mails (id, kind, dedupe_key, to_email, message_id, locale, subject_sealed, text_sealed, html_sealed, package_id,
     state, attempts, created_at, sent_at)
   select mail, 'new_package', mail::text, 'user-' || receiver || '@example.org', mail::text, 'en', subject, '', '', package,
     case when n % 10000 = 0 then 'failed' else 'sent' end, 1, at, at
   from made where life not in ('uploading', 'submitted') order by n`,
  `insert into downloads (id, package_id, file_id, user_id, started_at, size, bytes_sent, finished_at, complete, ip)
   select gen_random_uuid(), package, file1, u.id, at, 100000, 100000, at, true, '10.0.0.1'
   from made join users u on u.email = 'user-' || receiver || '@example.org' where life not in ('uploading', 'submitted') and n % 3 > 0`,
  `insert into audit (at, event, severity, actor_kind, actor_id, actor_label, ip, object_kind, object_id, data)
   select m.at + e.place * interval '1 minute', e.event, case when e.event = 'FILE_BLOCKED' then 'warning' else 'info' end, 'user', null,
     'user-' || m.sender || '@example.org', '10.0.0.1', 'package', m.package::text, '{"files": 1}'
   from made m cross join ${EVENTS} e (place, event, part) where n % 10000 < e.part order by n, e.place`,
  `insert into jobs (id, name, queue, payload, state, attempt, run_at, turn, created_at, finished_at)
   select gen_random_uuid(), 'check_package', 'checks', jsonb_build_object('package_id', package), case when n % 10000 = 0 then 'dead' else 'done' end,
     1, at, at, at, now() from made where n % 10 = 0`,
  'drop table made',
];

/** The program that seals is built with what the tests are built with. */
export function buildSealed() {
  execFileSync('cargo', ['build', '--release', '--locked', '--quiet', '--package', 'sofie-test-support', '--example', 'sealed'], {
    cwd: root,
    stdio: 'inherit',
  });
}

/** Makes the users and, in a table beside the product's, what is sealed of so many packages; `fleet` has run once. */
export function prepareFill(postgres, fleet, count) {
  postgres.sql(`create unlogged table sealed (n bigint, package uuid, title bytea, note bytea, file1 uuid, path1 bytea, key1 bytea,
      file2 uuid, path2 bytea, key2 bytea, mail uuid, subject bytea);
    insert into users (id, email, name, state, permissions, created_at)
    select gen_random_uuid(), 'user-' || n || '@example.org', 'User ' || n, 'active', (select permissions from users limit 1),
      now() - interval '1 year' + n * interval '1 second' from generate_series(0, ${USERS - 1}) n on conflict (email) do nothing;`);
  const words = '"$1" "$2" "$3" "$4" | psql -X -q -h "$5" -p "$6" -U postgres -c "copy sealed from stdin"';
  const args = [SEALED, postgres.address, `${fleet.data}.kek`, count, postgres.dir, postgres.port].map(String);
  execFileSync('bash', ['-o', 'pipefail', '-c', words, 'bash', ...args], {
    stdio: 'inherit',
  });
  postgres.sql('create index on sealed (n)');
}

/** Adds the packages from one number to another, and looks at the tables as the server would do in time. */
export function fill(postgres, from, to, count) {
  const values = { from, to, count, users: USERS };
  const statements = STATEMENTS.map((sql) => sql.replaceAll(/\$(from|to|count|users)/g, (_, name) => values[name]));
  // What refers to what is right as it is written; to look at each row once more would take three times as long.
  postgres.sql(`set session_replication_role = replica;\n${statements.map((sql) => `${sql};\n`).join('')}`);
  postgres.sql('vacuum analyze');
}
