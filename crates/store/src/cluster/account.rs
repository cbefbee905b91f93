//! Who runs the server: PostgreSQL refuses root, and `initdb` needs a name for its user id.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use super::{ClusterError, ClusterOptions, folder};

/// The accounts that are tried when root does not say which.
const FOR_ROOT: &[&str] = &["postgres", "nobody"];

/// The system account that the server runs as.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub uid: u32,
    pub gid: u32,
    /// The name of the user id; a user id in a container may have none.
    pub name: Option<String>,
    /// The name of our own user id.
    pub own_name: Option<String>,
    /// Whether the server must change to this account, because we are root.
    pub switch: bool,
}

impl Account {
    /// Chooses the account for the cluster of `dir`: the owner of an existing one, else as the options say.
    pub fn choose(dir: &Path, options: &ClusterOptions) -> Result<Self, ClusterError> {
        let uid = rustix::process::geteuid().as_raw();
        let existing = fs::metadata(folder::path(dir))
            .ok()
            .map(|found| (found.uid(), found.gid()));
        let own = lookup(&uid.to_string());
        let own_name = own.as_ref().map(|own| own.name.clone());
        if uid != 0 {
            if let Some((owner, _)) = existing.filter(|(owner, _)| *owner != uid) {
                return Err(ClusterError::ForeignOwner {
                    path: folder::path(dir),
                    owner,
                    uid,
                });
            }
            let gid = rustix::process::getegid().as_raw();
            return Ok(Self {
                uid,
                gid,
                name: own_name.clone(),
                own_name,
                switch: false,
            });
        }
        if let Some((uid, gid)) = existing.filter(|(owner, _)| *owner != 0) {
            let name = lookup(&uid.to_string()).map(|entry| entry.name);
            return Ok(Self {
                uid,
                gid,
                name,
                own_name,
                switch: true,
            });
        }
        let wanted: Vec<&str> = match &options.run_as {
            Some(name) => vec![name],
            None => FOR_ROOT.to_vec(),
        };
        let Some(entry) = wanted
            .iter()
            .find_map(|name| lookup(name).filter(|entry| entry.uid != 0))
        else {
            return Err(ClusterError::NoAccountForRoot {
                names: wanted.join(" or "),
            });
        };
        Ok(Self {
            uid: entry.uid,
            gid: entry.gid,
            name: Some(entry.name),
            own_name,
            switch: true,
        })
    }
}

#[derive(Debug, PartialEq)]
struct Entry {
    name: String,
    uid: u32,
    gid: u32,
}

/// Finds a name or a user id, first in the file, then in whatever directory the system asks.
fn lookup(key: &str) -> Option<Entry> {
    let matches = |entry: &Entry| entry.name == key || entry.uid.to_string() == key;
    let file = fs::read_to_string("/etc/passwd").unwrap_or_default();
    if let Some(entry) = file.lines().filter_map(parse).find(matches) {
        return Some(entry);
    }
    let output = Command::new("getent").args(["passwd", key]).output().ok()?;
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(parse)
        .find(matches)
}

/// Reads a line of passwd(5): `name:password:uid:gid:…`.
fn parse(line: &str) -> Option<Entry> {
    let mut fields = line.split(':');
    let name = fields.next().filter(|name| !name.is_empty())?.to_owned();
    let uid = fields.nth(1)?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    Some(Entry { name, uid, gid })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwd_lines_are_read() {
        let line = "postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash";
        assert_eq!(
            parse(line),
            Some(Entry {
                name: "postgres".to_owned(),
                uid: 101,
                gid: 104
            })
        );
        for broken in ["", "a", "a:x", "a:x:1", "a:x:y:1", ":x:1:1", "+::::::"] {
            assert_eq!(parse(broken), None, "{broken}");
        }
    }

    #[test]
    fn root_is_found_by_name_and_by_number() {
        assert_eq!(lookup("root").map(|entry| entry.uid), Some(0));
        assert_eq!(lookup("0").map(|entry| entry.name), Some("root".to_owned()));
        assert_eq!(lookup("no-such-account-here"), None);
    }
}
