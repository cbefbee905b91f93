//! Where key-encryption keys come from.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use crate::{FileKek, Kek, KekError};

const SUFFIX: &str = "kek";

/// A key, and where it was found, in words for people.
#[derive(Clone, Debug)]
pub struct FoundKek {
    /// The key.
    pub kek: Kek,
    /// Its place, such as the path of a file.
    pub place: String,
}

/// A key that could not be read from or written to its place.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the key file {place}")]
pub struct KekSourceError {
    /// The place.
    pub place: String,
    /// Why.
    #[source]
    pub source: KekError,
}

/// A place that keeps KEKs. All calls block.
///
/// A KEK is fetched when a process starts and when it meets an id that it does not know, never to read a package.
/// So a service or a device that unseals keys instead of giving them out (a transit engine, a cloud KMS, a
/// PKCS#11 token) fits behind it: [`KekSource::load`] asks it to unseal what it sealed in [`KekSource::store`].
pub trait KekSource: fmt::Debug + Send + Sync + 'static {
    /// All keys that are there, in any order. None is no error; one that is damaged is.
    fn load(&self) -> Result<Vec<FoundKek>, KekSourceError>;

    /// Keeps a key, durably. Fine if it is there already; never replaces another one.
    fn store(&self, kek: &Kek) -> Result<FoundKek, KekSourceError>;
}

/// KEKs in files: the first one in a file of its own, the others as `ID.kek` in a folder beside it, named like the
/// file with `.d` behind.
#[derive(Clone, Debug)]
pub struct KekFiles {
    first: PathBuf,
}

impl KekFiles {
    /// Takes the path of the first key's file; nothing has to be there.
    pub fn new(first: impl Into<PathBuf>) -> Self {
        let first = first.into();
        Self { first }
    }

    /// The file of the first key.
    pub fn first(&self) -> &Path {
        &self.first
    }

    /// The folder of the other keys.
    pub fn folder(&self) -> PathBuf {
        let mut name = self.first.as_os_str().to_owned();
        name.push(".d");
        name.into()
    }

    fn others(&self) -> Result<Vec<PathBuf>, KekSourceError> {
        let folder = self.folder();
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(failed(&folder)(KekError::Io(e))),
        };
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(|e| failed(&folder)(KekError::Io(e)))?.path();
            if path.extension().is_some_and(|suffix| suffix == SUFFIX) {
                paths.push(path);
            }
        }
        paths.sort();
        Ok(paths)
    }
}

impl KekSource for KekFiles {
    fn load(&self) -> Result<Vec<FoundKek>, KekSourceError> {
        let mut found: Vec<FoundKek> = Vec::new();
        for path in std::iter::once(self.first.clone()).chain(self.others()?) {
            let kek = match FileKek::load(&path) {
                Ok(kek) => kek,
                // Only the first may be missing: the others were listed.
                Err(KekError::Missing) => continue,
                Err(error) => return Err(failed(&path)(error)),
            };
            if !found.iter().any(|known| known.kek.id() == kek.id()) {
                let place = path.display().to_string();
                found.push(FoundKek { kek, place });
            }
        }
        Ok(found)
    }

    fn store(&self, kek: &Kek) -> Result<FoundKek, KekSourceError> {
        if let Some(known) = self.load()?.into_iter().find(|f| f.kek.id() == kek.id()) {
            return Ok(known);
        }
        let folder = self.folder();
        let (path, parent) = if self.first.exists() {
            (folder.join(format!("{}.{SUFFIX}", kek.id())), Some(folder))
        } else {
            (self.first.clone(), self.first.parent().map(Path::to_owned))
        };
        if let Some(parent) = parent.filter(|parent| !parent.as_os_str().is_empty()) {
            make_folder(&parent).map_err(|e| failed(&parent)(KekError::Io(e)))?;
        }
        FileKek::write_new(&path, kek).map_err(failed(&path))?;
        let (kek, place) = (kek.clone(), path.display().to_string());
        Ok(FoundKek { kek, place })
    }
}

/// Made for its owner alone, unless it is there; its own name is made durable too.
fn make_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if path.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)?;
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => fs::File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

fn failed(path: &Path) -> impl FnOnce(KekError) -> KekSourceError {
    let place = path.display().to_string();
    move |source| KekSourceError { place, source }
}

/// KEKs in memory, for tests: clones share them, as processes share files.
#[derive(Clone, Debug, Default)]
pub struct MemoryKeks {
    keks: std::sync::Arc<Mutex<Vec<Kek>>>,
}

impl MemoryKeks {
    /// Loses a key, as a deleted file is lost.
    pub fn lose(&self, id: &str) {
        let mut keks = self.keks.lock().unwrap_or_else(PoisonError::into_inner);
        keks.retain(|kek| kek.id().as_str() != id);
    }
}

impl KekSource for MemoryKeks {
    fn load(&self) -> Result<Vec<FoundKek>, KekSourceError> {
        let keks = self.keks.lock().unwrap_or_else(PoisonError::into_inner);
        let found = keks.iter().map(|kek| FoundKek {
            kek: kek.clone(),
            place: "memory".to_owned(),
        });
        Ok(found.collect())
    }

    fn store(&self, kek: &Kek) -> Result<FoundKek, KekSourceError> {
        let mut keks = self.keks.lock().unwrap_or_else(PoisonError::into_inner);
        if !keks.iter().any(|known| known.id() == kek.id()) {
            keks.push(kek.clone());
        }
        let (kek, place) = (kek.clone(), "memory".to_owned());
        Ok(FoundKek { kek, place })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn ids(source: &dyn KekSource) -> Vec<String> {
        let found = source.load().unwrap();
        found.iter().map(|f| f.kek.id().to_string()).collect()
    }

    #[test]
    fn the_first_key_has_the_file_and_others_the_folder() {
        let temp = tempfile::tempdir().unwrap();
        let source = KekFiles::new(temp.path().join("keys/kek"));
        assert!(ids(&source).is_empty());
        let (first, second) = (Kek::generate().unwrap(), Kek::generate().unwrap());
        assert!(source.store(&first).unwrap().place.ends_with("keys/kek"));
        let place = source.store(&second).unwrap().place;
        assert_eq!(
            Path::new(&place),
            source.folder().join(format!("{}.kek", second.id()))
        );
        assert_eq!(
            source.store(&second).unwrap().place,
            place,
            "once is enough"
        );
        fs::write(source.folder().join("notes.txt"), "not a key").unwrap();
        assert_eq!(
            ids(&source),
            [first.id().to_string(), second.id().to_string()]
        );
        let mode = fs::metadata(source.folder()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);

        fs::remove_file(source.first()).unwrap();
        assert_eq!(ids(&source), [second.id().to_string()]);
    }

    #[test]
    fn a_damaged_file_is_named() {
        let temp = tempfile::tempdir().unwrap();
        let source = KekFiles::new(temp.path().join("kek"));
        source.store(&Kek::generate().unwrap()).unwrap();
        let place = source.store(&Kek::generate().unwrap()).unwrap().place;
        fs::set_permissions(&place, fs::Permissions::from_mode(0o644)).unwrap();
        let error = source.load().unwrap_err();
        assert!(error.to_string().contains(&place), "{error}");
        assert!(matches!(error.source, KekError::TooOpen { .. }));
    }

    #[test]
    fn memory_forgets_what_it_lost() {
        let source = MemoryKeks::default();
        let kek = Kek::generate().unwrap();
        source.store(&kek).unwrap();
        source.clone().store(&kek).unwrap();
        assert_eq!(ids(&source), [kek.id().to_string()]);
        source.lose(kek.id().as_str());
        assert!(ids(&source).is_empty());
    }
}
