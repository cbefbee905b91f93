//! Making and starting the server.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, chown};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{Connection, PgConnection};
use tokio::process::{Child, Command};

use super::ClusterError;
use super::account::Account;
use super::binaries::Binaries;
use super::folder::{self, DATABASE, Folder, PORT, ROLE, SUPERUSER};

/// Moves the open folder from the standard input, the only handle that can be handed over, to a number of its
/// own that the programs which `initdb` starts inherit too.
const HAND_OVER: &str = "exec 9<&0 </dev/null; exec \"$@\"";
const HANDED_OVER: &str = "/proc/self/fd/9";
/// A server that does not accept connections is asked again so often.
const POLL: Duration = Duration::from_millis(10);
/// How much of a program's last words an error shows.
const LAST_WORDS: usize = 1000;

/// Makes the cluster of the data directory `dir`; it appears whole or not at all.
pub(super) async fn initialise(
    dir: &Path,
    binaries: &Binaries,
    account: &Account,
) -> Result<(), ClusterError> {
    if account.name.is_none() {
        return Err(ClusterError::NamelessUser { uid: account.uid });
    }
    let unfinished = dir.join("postgres.new");
    prepare(&unfinished, account).map_err(ClusterError::io("make the folder", &unfinished))?;
    let handle = folder::open_handle(&unfinished)?;
    let output = command(&handle, account, binaries.initdb().as_os_str())?
        .args([
            "--pgdata",
            HANDED_OVER,
            "--username",
            SUPERUSER,
            "--encoding=UTF8",
        ])
        // Sorting by code point never changes with the system's libraries, so no index breaks with them.
        .args(["--lc-collate=C", "--lc-ctype=C.UTF-8", "--lc-messages=C"])
        .args(["--lc-monetary=C", "--lc-numeric=C", "--lc-time=C"])
        .args(["--auth=reject", "--data-checksums", "--no-instructions"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .await
        .map_err(ClusterError::io("run", binaries.initdb()))?;
    if !output.status.success() {
        return Err(ClusterError::Init {
            output: last_words(&String::from_utf8_lossy(&output.stderr)),
        });
    }
    let complete = folder::path(dir);
    fs::rename(&unfinished, &complete).map_err(ClusterError::io("rename to", &complete))?;
    let sync = || File::open(dir)?.sync_all();
    sync().map_err(ClusterError::io("sync", dir))
}

fn prepare(unfinished: &Path, account: &Account) -> io::Result<()> {
    match fs::remove_dir_all(unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::DirBuilder::new().mode(0o700).create(unfinished)?;
    if account.switch {
        chown(unfinished, Some(account.uid), Some(account.gid))?;
    }
    Ok(())
}

/// A command for a program that gets the open folder of the cluster, runs as the account, sees none of our
/// environment, and is out of the reach of the terminal's Ctrl-C, which is ours to handle.
fn command(folder: &OwnedFd, account: &Account, program: &OsStr) -> Result<Command, ClusterError> {
    let handle = folder
        .try_clone()
        .map_err(ClusterError::io("hand over", HANDED_OVER))?;
    let mut command = Command::new("/bin/sh");
    command.args(["-c", HAND_OVER, "sh"]).arg(program);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LC_ALL", "C")
        .env("TZ", "UTC");
    command.current_dir("/").stdin(handle).process_group(0);
    if account.switch {
        command.uid(account.uid).gid(account.gid);
    }
    Ok(command)
}

/// All that is needed to start the server, once or again.
#[derive(Debug)]
pub(super) struct Launch {
    pub binaries: Binaries,
    pub account: Account,
    pub folder: Folder,
    pub start_timeout: Duration,
}

impl Launch {
    /// Starts the server and waits until our database accepts connections.
    pub async fn start(&self) -> Result<Postmaster, ClusterError> {
        let log = folder::start_log(&self.folder.data_dir);
        let open_log = || {
            OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&log)
        };
        let output = open_log().map_err(ClusterError::io("open", &log))?;
        let program = self.binaries.postgres();
        let mut command = command(&self.folder.handle, &self.account, program.as_os_str())?;
        let child = command
            .args(["-D", HANDED_OVER])
            .stdout(Stdio::null())
            .stderr(output)
            .spawn()
            .map_err(ClusterError::io("run", &program))?;
        let mut postmaster = Postmaster::new(child, &program)?;
        let started = Instant::now();
        loop {
            match prepare_database(&self.folder).await {
                Ok(()) => return Ok(postmaster),
                Err(error) if !is_not_ready(&error) => return Err(ClusterError::Database(error)),
                Err(error) if started.elapsed() > self.start_timeout => {
                    return Err(slow(self.start_timeout, error));
                }
                Err(_) => {}
            }
            if let Ok(Some(_)) = postmaster.child.try_wait() {
                let output = fs::read_to_string(&log).unwrap_or_default();
                return Err(ClusterError::Start {
                    output: last_words(&output),
                });
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

/// Waits for a server that another process runs, or is just starting.
pub(super) async fn wait_until_usable(
    folder: &Folder,
    limit: Duration,
) -> Result<(), ClusterError> {
    // Its holder may be at its end, or not yet at `postgres`: in both cases there is soon a clear answer.
    let limit = limit.min(Duration::from_secs(30));
    let started = Instant::now();
    loop {
        match connect(folder, ROLE, DATABASE).await {
            Ok(()) => return Ok(()),
            Err(error) if started.elapsed() > limit => return Err(slow(limit, error)),
            Err(_) => tokio::time::sleep(POLL * 5).await,
        }
    }
}

fn slow(limit: Duration, source: sqlx::Error) -> ClusterError {
    ClusterError::Slow {
        seconds: limit.as_secs(),
        source: Some(source),
    }
}

/// Makes the role and the database when they are missing.
async fn prepare_database(folder: &Folder) -> Result<(), sqlx::Error> {
    let Err(error) = connect(folder, ROLE, DATABASE).await else {
        return Ok(());
    };
    // 28000: no such role; 3D000: no such database.
    let missing = matches!(code(&error).as_deref(), Some("28000" | "3D000"));
    if !missing {
        return Err(error);
    }
    let mut superuser = PgConnection::connect_with(&options(folder, SUPERUSER, "postgres")).await?;
    let role: bool =
        sqlx::query_scalar("select exists (select from pg_roles where rolname = 'sofie')")
            .fetch_one(&mut superuser)
            .await?;
    if !role {
        sqlx::query("create role sofie login")
            .execute(&mut superuser)
            .await?;
    }
    let database: bool =
        sqlx::query_scalar("select exists (select from pg_database where datname = 'sofie')")
            .fetch_one(&mut superuser)
            .await?;
    if !database {
        sqlx::query("create database sofie owner sofie")
            .execute(&mut superuser)
            .await?;
    }
    superuser.close().await?;
    connect(folder, ROLE, DATABASE).await
}

async fn connect(folder: &Folder, role: &str, database: &str) -> Result<(), sqlx::Error> {
    PgConnection::connect_with(&options(folder, role, database))
        .await?
        .close()
        .await
}

fn options(folder: &Folder, role: &str, database: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(folder.socket_folder())
        .port(PORT)
        .username(role)
        .database(database)
        .ssl_mode(PgSslMode::Disable)
}

fn code(error: &sqlx::Error) -> Option<String> {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .map(Into::into)
}

/// No socket yet, or `57P03`: the server is starting up, or still shutting down.
fn is_not_ready(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_)) || code(error).as_deref() == Some("57P03")
}

fn last_words(text: &str) -> String {
    let text = text.trim();
    let skipped = text
        .char_indices()
        .rev()
        .nth(LAST_WORDS)
        .map_or(0, |(at, _)| at);
    text[skipped..].to_owned()
}

/// The running server process.
#[derive(Debug)]
pub(super) struct Postmaster {
    child: Child,
    /// Names the process without the danger that its number has gone to another.
    handle: OwnedFd,
}

impl Postmaster {
    fn new(child: Child, program: &Path) -> Result<Self, ClusterError> {
        let pid = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        let open = || {
            rustix::process::pidfd_open(pid.ok_or(rustix::io::Errno::SRCH)?, PidfdFlags::empty())
        };
        let handle = open().map_err(ClusterError::io("watch", program))?;
        Ok(Self { child, handle })
    }

    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Fast shutdown within ten seconds, immediate shutdown within five, then the end.
    pub async fn stop(&mut self) {
        for (signal, seconds) in [(Signal::INT, 10), (Signal::QUIT, 5)] {
            self.signal(signal);
            if tokio::time::timeout(Duration::from_secs(seconds), self.child.wait())
                .await
                .is_ok()
            {
                return;
            }
            tracing::warn!(
                signal = signal.as_raw(),
                seconds,
                "the private PostgreSQL does not stop"
            );
        }
        // An error means that it has ended at last.
        let _ = self.child.kill().await;
    }

    fn signal(&self, signal: Signal) {
        // An error means that it has ended already.
        let _ = rustix::process::pidfd_send_signal(&self.handle, signal);
    }
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        self.signal(Signal::INT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_are_cut_between_characters() {
        assert_eq!(last_words("  short \n"), "short");
        let long = "ž".repeat(5000);
        assert_eq!(last_words(&long).chars().count(), LAST_WORDS + 1);
    }
}
