//! The files of a cluster, and who holds them.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::fs::FlockOperation;

use super::ClusterError;
use super::account::Account;
use crate::ConnectOptions;

/// The settings of every private cluster; our file replaces that of `initdb`.
const SETTINGS: &str = include_str!("postgresql.conf");
/// Names the socket, no more: there is no TCP listener.
pub(super) const PORT: u16 = 5432;
/// The owner of our database; not a superuser.
pub(super) const ROLE: &str = "sofie";
pub(super) const SUPERUSER: &str = "postgres";
pub(super) const DATABASE: &str = "sofie";
/// A socket's address holds a path of at most 107 bytes, unix(7).
const LONGEST_SOCKET_PATH: usize = 107;

/// The folder of the cluster in a data directory.
pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join("postgres")
}

/// Where the server writes until its own log is open.
pub(super) fn start_log(dir: &Path) -> PathBuf {
    dir.join("postgres.start.log")
}

/// Makes a directory that only we can enter; one that exists is left as it is.
pub(super) fn create_private(dir: &Path) -> Result<(), ClusterError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(ClusterError::io("create the data directory", dir))
}

/// The major version that made the cluster of `dir`; `None` when there is no complete one.
pub(super) fn made_by(dir: &Path) -> Result<Option<u32>, ClusterError> {
    let file = path(dir).join("PG_VERSION");
    match fs::read_to_string(&file) {
        Ok(text) => {
            let invalid = |_| io::Error::from(io::ErrorKind::InvalidData);
            text.trim()
                .parse()
                .map(Some)
                .map_err(invalid)
                .map_err(ClusterError::io("read the version in", file))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ClusterError::io("read", file)(error)),
    }
}

/// The right to use a data directory; the kernel takes it back when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, waiting at most `patience` for its holder to end.
    pub async fn take(dir: &Path, patience: Duration) -> Result<Self, ClusterError> {
        let path = dir.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(ClusterError::io("open", &path))?;
        let started = Instant::now();
        while let Err(error) = rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            if error != rustix::io::Errno::WOULDBLOCK {
                return Err(ClusterError::io("lock", path)(error));
            }
            if started.elapsed() >= patience {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                return Err(ClusterError::Locked {
                    dir: dir.to_owned(),
                    holder: holder.trim().to_owned(),
                });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let write = |file: &mut File| -> io::Result<()> {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        write(&mut file).map_err(ClusterError::io("write", path))?;
        Ok(Self { _file: file })
    }
}

/// The open folder of a cluster.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    pub data_dir: PathBuf,
    pub path: PathBuf,
    pub handle: Arc<OwnedFd>,
}

impl Folder {
    pub fn open(dir: &Path) -> Result<Self, ClusterError> {
        let data_dir = fs::canonicalize(dir).map_err(ClusterError::io("find", dir))?;
        let path = path(&data_dir);
        let handle = open_handle(&path)?;
        Ok(Self {
            data_dir,
            path,
            handle: Arc::new(handle),
        })
    }

    /// Writes our settings and access rules.
    pub fn configure(&self, account: &Account) -> Result<(), ClusterError> {
        write_for(account, &self.path, "postgresql.conf", &settings())?;
        let (hba, ident) = access_rules(account);
        write_for(account, &self.path, "pg_hba.conf", &hba)?;
        write_for(account, &self.path, "pg_ident.conf", &ident)
    }

    /// How to reach our database in this cluster.
    pub fn connect_options(&self) -> ConnectOptions {
        ConnectOptions::Socket {
            directory: self.socket_folder(),
            port: PORT,
            user: ROLE.to_owned(),
            database: DATABASE.to_owned(),
        }
    }

    /// The folder of the socket; by our own open handle where its name would be too long for an address.
    pub fn socket_folder(&self) -> PathBuf {
        let socket = self.path.join(format!(".s.PGSQL.{PORT}"));
        if socket.as_os_str().len() <= LONGEST_SOCKET_PATH {
            self.path.clone()
        } else {
            PathBuf::from(format!("/proc/self/fd/{}", self.handle.as_raw_fd()))
        }
    }
}

pub(super) fn open_handle(path: &Path) -> Result<OwnedFd, ClusterError> {
    File::open(path)
        .map(OwnedFd::from)
        .map_err(ClusterError::io("open the folder", path))
}

fn settings() -> String {
    let shared_memory = if everybody_may_write(Path::new("/dev/shm")) {
        "posix"
    } else {
        // Some containers have no shared memory file system, or one for root alone.
        "mmap"
    };
    format!("{SETTINGS}dynamic_shared_memory_type = {shared_memory}\n")
}

fn everybody_may_write(dir: &Path) -> bool {
    fs::metadata(dir).is_ok_and(|found| found.is_dir() && found.permissions().mode() & 0o002 != 0)
}

/// The rules of pg_hba.conf and pg_ident.conf: who the kernel says the other end is, it must be us or root.
fn access_rules(account: &Account) -> (String, String) {
    let mut names: Vec<&str> = ["root"]
        .into_iter()
        .chain(account.own_name.as_deref())
        .collect();
    names.dedup();
    let method = if account.own_name.is_some() {
        "peer map=sofie"
    } else {
        // PostgreSQL can't name a peer that has no passwd entry. The folder of the socket keeps others out.
        "trust"
    };
    let hba = [SUPERUSER, ROLE]
        .map(|role| format!("local all {role} {method}\n"))
        .concat();
    let ident = names
        .iter()
        .flat_map(|name| [SUPERUSER, ROLE].map(|role| format!("sofie \"{name}\" {role}\n")));
    (hba, ident.collect())
}

/// Replaces a file of the cluster. The folder is the account's, and we may be root: nothing that lies there is
/// followed or written to.
fn write_for(account: &Account, folder: &Path, name: &str, text: &str) -> Result<(), ClusterError> {
    let path = folder.join(name);
    let next = folder.join(format!("{name}.new"));
    let replace = || -> io::Result<()> {
        match fs::remove_file(&next) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&next)?;
        file.write_all(text.as_bytes())?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        if account.switch {
            fchown(&file, Some(account.uid), Some(account.gid))?;
        }
        file.sync_all()?;
        fs::rename(&next, &path)
    };
    replace().map_err(ClusterError::io("write", path.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(own_name: Option<&str>) -> Account {
        let name = own_name.map(str::to_owned);
        Account {
            uid: 7,
            gid: 7,
            name: name.clone(),
            own_name: name,
            switch: false,
        }
    }

    #[test]
    fn only_we_and_root_get_in() {
        let (hba, ident) = access_rules(&account(Some("sofie")));
        assert_eq!(
            hba,
            "local all postgres peer map=sofie\nlocal all sofie peer map=sofie\n"
        );
        assert_eq!(
            ident,
            "sofie \"root\" postgres\nsofie \"root\" sofie\nsofie \"sofie\" postgres\nsofie \"sofie\" sofie\n"
        );
        assert_eq!(access_rules(&account(Some("root"))).1.lines().count(), 2);
        assert!(access_rules(&account(None)).0.contains("trust"));
    }

    #[test]
    fn shared_memory_of_root_alone_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!everybody_may_write(dir.path()));
        assert!(!everybody_may_write(&dir.path().join("missing")));
        fs::set_permissions(dir.path(), Permissions::from_mode(0o1777)).unwrap();
        assert!(everybody_may_write(dir.path()));
    }

    #[test]
    fn a_planted_link_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let victim = dir.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        std::os::unix::fs::symlink(&victim, dir.path().join("postgresql.conf")).unwrap();
        std::os::unix::fs::symlink(&victim, dir.path().join("postgresql.conf.new")).unwrap();
        write_for(&account(None), dir.path(), "postgresql.conf", "ours").unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
        assert_eq!(
            fs::read_to_string(dir.path().join("postgresql.conf")).unwrap(),
            "ours"
        );
    }
}
