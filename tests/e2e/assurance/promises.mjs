// What is promised, which tests try to break it, and what is left: the table of the assurance report.

/** The steps at which a death is asked for, as they are in this design. */
export const POINTS = [
  ['K1', 'after create', 'the row of an upload is committed, the client has no answer', 'resumable.rs'],
  ['K2', 'mid part write', 'a batch of a part (256 KiB) is written, the others are not', 'settle.rs'],
  ['K3', 'part written, before fdatasync', 'all that came is written, nothing of it synced', 'settle.rs'],
  ['K4', 'after fdatasync, before the part row', 'parts have no rows: the data is synced, the progress slot of the blob is not written', 'settle.rs'],
  ['K5', 'after the part row, before the reply', 'the slot is synced, the client has no answer', 'resumable.rs'],
  ['K6', 'during the manifest', 'the manifest is written behind the last part, the length not yet set, nothing synced', 'settle.rs'],
  ['K7', 'after manifest fsync, before rename', 'as it says: the manifest is part of the file that is renamed', 'settle.rs'],
  ['K8', 'after rename, before dir fsync', 'as it says', 'local.rs'],
  ['K9', 'after dir fsync, before DB commit', 'the blob is final, its row still says that bytes are missing', 'resumable.rs'],
  ['K3-put, K9-put', 'the same of a small file by PUT', 'one write and one sync, then the row: written and not synced; synced and without a row', 'vault.rs, whole.rs'],
  ['K10', 'after commit (outbox pending), before reply', 'the package is submitted and its job is there, nobody was woken', 'send.rs'],
  ['K11', 'relay published, not marked', 'the other way round here: a row is marked as announced first. Marked and not published; published and the process gone', 'relay.rs'],
  ['K12', 'worker took lease', 'the job runs, nothing of it is done', 'check_package.rs'],
  ['K13', 'mid stream to engine', 'the first piece of the file went to the engines', 'examine.rs'],
  ['K14', 'engine replied, before verdict tx', 'every engine has spoken, nothing is written down', 'file.rs'],
  ['K15', 'after verdict, before mail', 'verdict, state, audit entry and mail rows are one commit; nobody was woken', 'package.rs'],
  ['K16', 'after SMTP 250, before commit', 'as it says: the one window of a second mail', 'deliver_mail.rs'],
  ['K17', 'during expiry: key row deleted, blob not', 'the package key is destroyed and committed, the blob is on the disk', 'lives.rs'],
  ['K18', 'during KEK rewrap', 'a batch of wraps is exchanged, not committed', 'rotate.rs'],
];

/**
 * [id, promise, how often it should be tried (on each change / before a release), what proves it, what is left]. Proofs are stories or, with `rust:`, patterns of names of Rust tests; the
 * report takes their outcome and their counts.
 */
export const PROMISES = [
  ['P1', 'an acknowledged part or file is never lost or changed', '200 / 5,000 kills', ['crash'], 'the processes die one by one in `production` and `kafka`, not under this load'],
  ['P2', 'the same at every step, K1 to K18', 'all once / ×50', ['kills'], 'strace sweeps of a release build over every fdatasync, fsync, rename and sendto'],
  ['P3', 'survives power loss', '30 / 1,000 cuts', ['power', 'rust:crash::'], 'the file system is cut off without its journal (ext4 shutdown); what a disk loses that lied about a flush is only in the simulation of the vault'],
  ['P4', 'EIO of fsync and write', '50 / 1,000', ['disk', 'rust:crash::'], 'EIO below PostgreSQL; readiness does not turn red for one failed sync (the upload is condemned instead)'],
  ['P5', 'disk full', '20 / 500', ['disk', 'storage'], 'RLIMIT_FSIZE; a full disk below PostgreSQL'],
  ['P6', 'database down, hung, slow, read-only, exhausted', '5 modes / ×20', ['database', 'postgres', 'production'], 'a slow server (tc netem); a question that is under way when the server hangs is given up after 45 s (a Rust test, `a_database_that_keeps_silent`); refused within 5 to 14 s, not 2'],
  ['P7', 'Kafka down, slow, loses, doubles, reorders', '10 min / 4 h', ['kafka', 'long-kafka', 'rust:kafka'], 'the rates of the table (drain, p99) are not measured; loss and disorder come from dead and hung brokers and rewound groups, not from a proxy'],
  ['P8', 'idempotent consumers', '10k / 1M messages', ['kafka', 'rust:contract', 'rust:simulation::'], 'the model is beside the store in memory, which meets the same contract as the tables'],
  ['P9', 'a poison message or job is isolated', '100 / 1,000', ['kafka', 'rust:runner::'], 'jobs that eat the memory of the worker itself (those of the inspector are jailed)'],
  ['P10', 'no unscanned or blocked byte reaches a recipient', '100k / 10M attempts', ['crash', 'kills', 'rust:checks::', 'rust:recall'], 'a hammer of 50 downloads a second through all faults at once'],
  ['P11', 'engine faults fail closed (matrix 4.5)', 'all / ×100', ['engines', 'sandboxes', 'rust:faults::'], 'database reload and 2 GB files of a real clamd'],
  ['P12', 'SMTP faults (matrix 4.6)', 'all / ×100', ['kills', 'rust:smtp::'], 'ten thousand mails after an hour of outage'],
  ['P13', 'clock', '6 cases / ×50', ['time', 'doctor'], 'processes whose clocks differ among themselves; summer time (everything is in UTC)'],
  ['P14', 'one effect of the schedule per tick', '50 / 2,000', ['production', 'rust:schedule'], 'three schedulers under SIGSTOP; the database fails over'],
  ['P15', 'zombie worker', '50 / 1,000', ['time', 'rust:lease'], 'its late result has no audit row: it is in the log and the metrics'],
  ['P16', 'corrupt ciphertext', '300 / 10k', ['disk', 'rust:tamper'], 'chmod and EIO of single reads'],
  ['P17', 'partial uploads and downloads', '500 / 20k', ['tus', 'cli', 'crash', 'rust:upload'], ''],
  ['P18', 'graceful stop, rolling restart', '20 / 500', ['production', 'rust:serve::'], 'two versions side by side'],
  ['P19', 'bounded memory, descriptors, disk', '300 MB / 1,000', ['load', 'marker'], 'the 1 GB figures: `make test-long`'],
  ['P20', 'fairness under overload', 'p95 ≤ 2×', ['soak', 'rust:rows_meet_the_contract', 'rust:keeps_a_place_for_newcomers'], 'the figures are in the remarks of `soak`: measured, with a bound only on the order'],
  ['P21', 'fuzz', '60 s / 10^8 per target', ['openapi', 'rust:no_target_breaks', 'rust:survived'], 'libFuzzer: `make fuzz`'],
  ['P22', 'migration, rollback', '10 / 200', ['postgres', 'rust:schema'], 'one migration so far: a kill in the middle of a long one, an older program on a newer schema'],
  ['P23', 'backup and restore', '1 / 50', ['backup', 'rust:backup'], ''],
  ['P24', 'KEK rotation under kill', '20 / 200', ['backup', 'kills', 'rust:keys'], ''],
  ['P25', 'mount missing, hung, stale', '3 / 50', ['storage', 'doctor', 'rust:serve::'], 'a hung NFS'],
  ['P26', 'the audit log is complete', '200 / 5,000', ['kills', 'crash', 'rust:audit'], 'an external witness of its head'],
  ['P27', 'soak', '10 min / 24 h', ['soak', 'crash'], 'the drift of the 99th percentile is told, not judged; hours only when asked for'],
  ['P28', 'simulation of queue, lease, outbox and clock', '20k / 10M seeds', ['rust:simulation::', 'rust:contract', 'rust:runner::'], 'which of two things of the same instant comes first is not of the seed'],
];
