//! One private PostgreSQL server per test process, without any care for durability.

use std::{
    fs,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use sofie_store::ConnectOptions;

const USER: &str = "sofie";
const PORT: u16 = 5432;
const PATIENCE: Duration = Duration::from_mins(1);

/// A running server. It ends with this process, even if that is killed: it is told by the end of a pipe.
#[derive(Debug)]
pub(crate) struct Postgres {
    binaries: PathBuf,
    directory: PathBuf,
    account: Option<(u32, u32)>,
    /// Its standard input is the pipe.
    _server: Child,
}

impl Postgres {
    /// Returns the server of this process; the first call starts it.
    pub fn shared() -> &'static Self {
        static SERVER: OnceLock<Postgres> = OnceLock::new();
        SERVER.get_or_init(Self::start)
    }

    fn start() -> Self {
        let binaries = newest_binaries();
        // Short, because the path of a socket has at most 107 bytes.
        let directory = tempfile::Builder::new()
            .prefix("sofie-pg-")
            .tempdir_in("/tmp")
            .expect("a temporary folder")
            .keep();
        let account = account_for_root();
        if let Some((uid, gid)) = account {
            chown(&directory, Some(uid), Some(gid)).expect("root may change the owner");
        }
        let data = directory.join("data");
        let mut initdb = command_as(account, &binaries.join("initdb"));
        initdb
            .arg("--pgdata")
            .arg(&data)
            .args(["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"])
            .args(["--no-instructions", "--username", USER]);
        run(&mut initdb);
        let server = launch(&binaries, &directory, account);
        let postgres = Self {
            binaries,
            directory,
            account,
            _server: server,
        };
        postgres.wait_until_ready();
        postgres
    }

    fn wait_until_ready(&self) {
        let pid_file = self.directory.join("data/postmaster.pid");
        let begun = Instant::now();
        // The last line of the file says how the server is.
        while !fs::read_to_string(&pid_file).is_ok_and(|text| text.trim_end().ends_with("ready")) {
            if begun.elapsed() > PATIENCE {
                let log = fs::read_to_string(self.directory.join("log")).unwrap_or_default();
                panic!("PostgreSQL does not start:\n{log}");
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Runs a statement outside any test's database.
    pub fn execute(&self, sql: &str) {
        let mut psql = command_as(self.account, &self.binaries.join("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"])
            .args(["--username", USER, "--dbname=postgres"])
            .arg("--host")
            .arg(&self.directory)
            .args(["--command", sql]);
        run(&mut psql);
    }

    /// Tells how to connect to a database.
    pub fn connect_options(&self, database: &str) -> ConnectOptions {
        ConnectOptions::Socket {
            directory: self.directory.clone(),
            port: PORT,
            user: USER.to_owned(),
            database: database.to_owned(),
        }
    }
}

fn launch(binaries: &Path, directory: &Path, account: Option<(u32, u32)>) -> Child {
    // The shell waits for the end of our pipe, then stops the server and clears away.
    const KEEPER: &str = r#"dir=$1; shift
        "$@" </dev/null >"$dir/log" 2>&1 &
        cat >/dev/null
        kill -INT $!
        wait $!
        rm -rf "$dir""#;
    command_as(account, Path::new("/bin/sh"))
        .args(["-c", KEEPER, "sh"])
        .arg(directory)
        .arg(binaries.join("postgres"))
        .arg("-D")
        .arg(directory.join("data"))
        .arg("-k")
        .arg(directory)
        .args(["-c", "listen_addresses=", "-c", "fsync=off"])
        .args(["-c", "synchronous_commit=off", "-c", "full_page_writes=off"])
        .args(["-c", "wal_level=minimal", "-c", "max_wal_senders=0"])
        .args(["-c", "max_connections=200", "-c", "shared_buffers=32MB"])
        .args(["-c", "autovacuum=off"])
        .stdin(Stdio::piped())
        // Ctrl-C is for the tests; the server ends after them.
        .process_group(0)
        .spawn()
        .expect("the server starts")
}

fn newest_binaries() -> PathBuf {
    let major = |path: &Path| {
        let name = path.file_name()?.to_str()?;
        name.parse::<u32>().ok()
    };
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let newest = installed
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.join("bin/initdb").exists())
        .max_by_key(|path| major(path));
    newest
        .expect("tests need the Debian package postgresql")
        .join("bin")
}

/// PostgreSQL refuses to run as root: returns the account that runs it then.
fn account_for_root() -> Option<(u32, u32)> {
    let own = fs::metadata("/proc/self").expect("/proc is there");
    if std::os::unix::fs::MetadataExt::uid(&own) != 0 {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").expect("accounts are readable");
    let line = accounts
        .lines()
        .find(|line| line.starts_with("postgres:"))
        .expect("root needs the account postgres");
    let number = |index| line.split(':').nth(index)?.parse::<u32>().ok();
    Some((number(2)?, number(3)?))
}

fn command_as(account: Option<(u32, u32)>, program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/").stdin(Stdio::null());
    if let Some((uid, gid)) = account {
        command.uid(uid).gid(gid);
    }
    command
}

fn run(command: &mut Command) {
    let output = command.output().expect("the program starts");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{words}");
}
