//! What is to be sent: files, and folders with all that is in them.

use std::{
    collections::BTreeSet,
    fs::{self, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use serde::Serialize;

use crate::{Error, Progress, Result};

/// The deepest folders; the server takes no deeper ones.
const DEEPEST: usize = 32;

/// One file to send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Source {
    /// Where it is here.
    pub path: PathBuf,
    /// What it is called in the package, folders with `/` between them.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// When it was last changed, in nanoseconds; only compared.
    modified: (i64, i64),
}

impl Source {
    fn new(path: PathBuf, name: String, meta: &Metadata) -> Self {
        Self {
            path,
            name,
            size: meta.len(),
            modified: (meta.mtime(), meta.mtime_nsec()),
        }
    }

    /// Fails when the file is no longer the one that was found.
    pub fn check_unchanged(&self) -> Result<()> {
        let meta = fs::metadata(&self.path).map_err(Error::file("read", &self.path))?;
        let now = Self::new(self.path.clone(), self.name.clone(), &meta);
        if now == *self {
            Ok(())
        } else {
            Err(Error::BadFile {
                path: self.path.clone(),
                why: "it was changed while it was being sent",
            })
        }
    }
}

/// Finds the files behind the arguments of a command, in a stable order.
///
/// A symbolic link named as an argument is followed; those inside folders, and what is neither file nor folder, are left out
/// with a note.
pub(crate) fn collect(paths: &[PathBuf], progress: &dyn Progress) -> Result<Vec<Source>> {
    let mut found = Vec::new();
    for path in paths {
        let meta = fs::metadata(path).map_err(Error::file("read", path))?;
        let name = own_name(path)?;
        if meta.is_dir() {
            let before = found.len();
            walk(path, &name, &mut found, progress)?;
            if found.len() == before {
                return Err(Error::BadFile {
                    path: path.clone(),
                    why: "there is no file in this folder",
                });
            }
        } else if meta.is_file() {
            check_readable(path)?;
            found.push(Source::new(path.clone(), name, &meta));
        } else {
            return Err(Error::BadFile {
                path: path.clone(),
                why: "it is neither a file nor a folder",
            });
        }
    }
    if found.is_empty() {
        return Err(Error::Usage("name at least one file".to_owned()));
    }
    check_distinct(&found)?;
    Ok(found)
}

fn check_distinct(found: &[Source]) -> Result<()> {
    let mut names = BTreeSet::new();
    for source in found {
        if !names.insert(&source.name) {
            return Err(Error::BadFile {
                path: source.path.clone(),
                why: "another file of this name is to be sent too; rename one or send their folders",
            });
        }
    }
    Ok(())
}

fn check_readable(path: &Path) -> Result<()> {
    fs::File::open(path)
        .map(drop)
        .map_err(Error::file("read", path))
}

/// Returns what a file or folder is called, also when it was named as `.` or `..`.
fn own_name(path: &Path) -> Result<String> {
    if let Some(name) = path.file_name() {
        return Ok(sendable(&name.to_string_lossy()));
    }
    let whole = fs::canonicalize(path).map_err(Error::file("read", path))?;
    Ok(whole.file_name().map_or_else(
        || "root".to_owned(),
        |name| sendable(&name.to_string_lossy()),
    ))
}

/// The server takes no control characters in names.
fn sendable(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_control() { '_' } else { c })
        .collect()
}

fn walk(root: &Path, name: &str, found: &mut Vec<Source>, progress: &dyn Progress) -> Result<()> {
    // A list of what is to be visited, not recursion: a hostile tree can't exhaust the stack.
    let mut todo = vec![(root.to_owned(), name.to_owned(), 0)];
    let mut files = Vec::new();
    while let Some((folder, name, depth)) = todo.pop() {
        if depth == DEEPEST {
            return Err(Error::BadFile {
                path: folder,
                why: "the folders are too deep",
            });
        }
        for entry in fs::read_dir(&folder).map_err(Error::file("read", &folder))? {
            let entry = entry.map_err(Error::file("read", &folder))?;
            let path = entry.path();
            let meta = match fs::symlink_metadata(&path) {
                Ok(meta) => meta,
                // Gone since the folder was read.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(Error::file("read", &path)(error)),
            };
            let name = format!("{name}/{}", sendable(&entry.file_name().to_string_lossy()));
            if meta.is_dir() {
                todo.push((path, name, depth + 1));
            } else if meta.is_file() {
                check_readable(&path)?;
                files.push(Source::new(path, name, &meta));
            } else {
                let shown = crate::names::printable(&name);
                progress.note(&format!("{shown} is left out: it is not a plain file"));
            }
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    found.append(&mut files);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::Silent;

    fn names(paths: &[PathBuf]) -> Result<Vec<String>> {
        Ok(collect(paths, &Silent)?
            .into_iter()
            .map(|s| s.name)
            .collect())
    }

    #[test]
    fn folders_keep_their_structure_and_links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path().join("tree");
        fs::create_dir_all(tree.join("sub/deep")).unwrap();
        fs::write(tree.join("b.txt"), "b").unwrap();
        fs::write(tree.join("sub/deep/a\n.txt"), "a").unwrap();
        symlink("/etc/passwd", tree.join("passwd")).unwrap();
        symlink("..", tree.join("sub/up")).unwrap();
        assert_eq!(
            names(std::slice::from_ref(&tree)).unwrap(),
            ["tree/b.txt", "tree/sub/deep/a_.txt"]
        );
        assert_eq!(
            names(&[tree.join("sub/.."), tree.join("b.txt")]).unwrap(),
            ["tree/b.txt", "tree/sub/deep/a_.txt", "b.txt"]
        );
    }

    #[test]
    fn empty_folders_and_equal_names_are_errors() {
        let dir = tempfile::tempdir().unwrap();
        for sub in ["a", "b", "empty/emptier"] {
            fs::create_dir_all(dir.path().join(sub)).unwrap();
        }
        fs::write(dir.path().join("a/x"), "1").unwrap();
        fs::write(dir.path().join("b/x"), "2").unwrap();
        assert_eq!(
            names(&[dir.path().join("empty")]).unwrap_err().exit_code(),
            7
        );
        assert_eq!(
            names(&[dir.path().join("a/x"), dir.path().join("b/x")])
                .unwrap_err()
                .exit_code(),
            7
        );
        assert_eq!(
            names(&[dir.path().join("none")]).unwrap_err().exit_code(),
            7
        );
        assert_eq!(names(&[]).unwrap_err().exit_code(), 2);
    }

    #[test]
    fn changes_are_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        fs::write(&path, "1").unwrap();
        let source = collect(std::slice::from_ref(&path), &Silent)
            .unwrap()
            .remove(0);
        assert!(source.check_unchanged().is_ok());
        fs::write(&path, "22").unwrap();
        assert!(source.check_unchanged().is_err());
    }
}
