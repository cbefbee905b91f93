//! Where key-encryption keys come from.

use std::{
    collections::HashMap,
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use crate::{FileKek, Kek, KekError, Seal, SealError, kek_sealed::SealedKek};

const SUFFIX: &str = "kek";
const SEALED: &str = "sealed";

/// A key, and where it was found, in words for people.
#[derive(Clone, Debug)]
pub struct FoundKek {
    /// The key.
    pub kek: Kek,
    /// Its place, such as the path of a file.
    pub place: String,
    /// What sealed it there; nothing if it lies there as it is.
    pub seal: Option<String>,
}

/// A key that is there and can't be opened now.
#[derive(Clone, Debug)]
pub struct ClosedKek {
    /// Its name.
    pub id: String,
    /// Its place.
    pub place: String,
    /// Why.
    pub error: SealError,
}

/// What a place has.
#[derive(Clone, Debug, Default)]
pub struct Keks {
    /// The keys, each once.
    pub found: Vec<FoundKek>,
    /// Those that are there and can't be opened now.
    pub closed: Vec<ClosedKek>,
}

impl Keks {
    /// Whether nothing at all is there.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty() && self.closed.is_empty()
    }

    /// The key of a name.
    pub fn get(&self, id: &str) -> Option<&FoundKek> {
        self.found
            .iter()
            .find(|found| found.kek.id().as_str() == id)
    }

    /// The key of a name that can't be opened.
    pub fn closed(&self, id: &str) -> Option<&ClosedKek> {
        self.closed.iter().find(|closed| closed.id == id)
    }
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
pub trait KekSource: fmt::Debug + Send + Sync + 'static {
    /// All keys that are there, in any order. None is no error, and neither is one that can't be opened now; one that
    /// is damaged is.
    fn load(&self) -> Result<Keks, KekSourceError>;

    /// Keeps a key, durably. Fine if it is there already; never replaces another one.
    fn store(&self, kek: &Kek) -> Result<FoundKek, KekSourceError>;
}

/// KEKs in files: the first one in a file of its own, the others as `ID.kek` in a folder beside it, named like the
/// file with `.d` behind, and those that a [`Seal`] protects as `ID.sealed` in the same folder.
#[derive(Clone, Debug)]
pub struct KekFiles {
    first: PathBuf,
    seals: Vec<Arc<dyn Seal>>,
    /// What seals keys that are stored from now on.
    by: Option<Arc<dyn Seal>>,
    /// What was opened, and from which text: a service is asked once in a process's life.
    opened: Arc<Mutex<HashMap<PathBuf, (SealedKek, Kek)>>>,
}

impl KekFiles {
    /// Takes the path of the first key's file; nothing has to be there.
    pub fn new(first: impl Into<PathBuf>) -> Self {
        Self {
            first: first.into(),
            seals: Vec::new(),
            by: None,
            opened: Arc::default(),
        }
    }

    /// Opens sealed keys by these.
    #[must_use]
    pub fn opened_by(mut self, seals: Vec<Arc<dyn Seal>>) -> Self {
        self.seals = seals;
        self
    }

    /// Seals what is stored by the one of this kind; without one keys lie there as they are.
    pub fn sealed_by(mut self, kind: Option<&str>) -> Result<Self, SealError> {
        self.by = kind.map(|kind| self.seal(kind)).transpose()?;
        Ok(self)
    }

    /// What opens and seals keys here.
    pub fn seals(&self) -> &[Arc<dyn Seal>] {
        &self.seals
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

    fn seal(&self, kind: &str) -> Result<Arc<dyn Seal>, SealError> {
        let seal = self.seals.iter().find(|seal| seal.kind() == kind);
        let seal = seal.ok_or_else(|| SealError::Unknown(kind.to_owned()))?;
        Ok(Arc::clone(seal))
    }

    /// The files of the folder, in the order of their names.
    fn others(&self, suffix: &str) -> Result<Vec<PathBuf>, KekSourceError> {
        let folder = self.folder();
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(failed(&folder)(KekError::Io(e))),
        };
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(|e| failed(&folder)(KekError::Io(e)))?.path();
            if path.extension().is_some_and(|found| found == suffix) {
                paths.push(path);
            }
        }
        paths.sort();
        Ok(paths)
    }

    /// Opens a sealed key, or remembers what it opened.
    fn open(&self, path: &Path, sealed: SealedKek) -> Result<Kek, SealError> {
        let opened = || self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, kek)) = opened().get(path).filter(|(known, _)| *known == sealed) {
            return Ok(kek.clone());
        }
        // The lock is not held while the service is waited for.
        let kek = sealed.open(&*self.seal(&sealed.by)?)?;
        opened().insert(path.to_owned(), (sealed, kek.clone()));
        Ok(kek)
    }

    fn store_sealed(&self, kek: &Kek, seal: &dyn Seal) -> Result<FoundKek, KekSourceError> {
        let folder = self.folder();
        let path = folder.join(format!("{}.{SEALED}", kek.id()));
        make_folder(&folder).map_err(|e| failed(&folder)(KekError::Io(e)))?;
        let sealed = SealedKek::seal(kek, seal).map_err(KekError::Seal);
        let sealed = sealed.map_err(failed(&path))?;
        sealed.write_new(&path).map_err(failed(&path))?;
        Ok(FoundKek {
            kek: kek.clone(),
            place: path.display().to_string(),
            seal: Some(seal.kind().to_owned()),
        })
    }
}

impl KekSource for KekFiles {
    fn load(&self) -> Result<Keks, KekSourceError> {
        let mut keks = Keks::default();
        for path in std::iter::once(self.first.clone()).chain(self.others(SUFFIX)?) {
            let kek = match FileKek::load(&path) {
                Ok(kek) => kek,
                // Only the first may be missing: the others were listed.
                Err(KekError::Missing) => continue,
                Err(error) => return Err(failed(&path)(error)),
            };
            if keks.get(kek.id().as_str()).is_none() {
                let place = path.display().to_string();
                let seal = None;
                keks.found.push(FoundKek { kek, place, seal });
            }
        }
        for path in self.others(SEALED)? {
            let sealed = SealedKek::load(&path).map_err(failed(&path))?;
            if keks.get(&sealed.id).is_some() {
                continue;
            }
            let (id, seal) = (sealed.id.clone(), Some(sealed.by.clone()));
            let place = path.display().to_string();
            match self.open(&path, sealed) {
                Ok(kek) => keks.found.push(FoundKek { kek, place, seal }),
                Err(error) => keks.closed.push(ClosedKek { id, place, error }),
            }
        }
        Ok(keks)
    }

    fn store(&self, kek: &Kek) -> Result<FoundKek, KekSourceError> {
        if let Some(known) = self.load()?.get(kek.id().as_str()) {
            return Ok(known.clone());
        }
        if let Some(seal) = &self.by {
            return self.store_sealed(kek, &**seal);
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
        let seal = None;
        Ok(FoundKek { kek, place, seal })
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
    keks: Arc<Mutex<Vec<Kek>>>,
}

impl MemoryKeks {
    /// Loses a key, as a deleted file is lost.
    pub fn lose(&self, id: &str) {
        let mut keks = self.keks.lock().unwrap_or_else(PoisonError::into_inner);
        keks.retain(|kek| kek.id().as_str() != id);
    }
}

impl KekSource for MemoryKeks {
    fn load(&self) -> Result<Keks, KekSourceError> {
        let keks = self.keks.lock().unwrap_or_else(PoisonError::into_inner);
        let found = keks.iter().map(in_memory).collect();
        let closed = Vec::new();
        Ok(Keks { found, closed })
    }

    fn store(&self, kek: &Kek) -> Result<FoundKek, KekSourceError> {
        let mut keks = self.keks.lock().unwrap_or_else(PoisonError::into_inner);
        if !keks.iter().any(|known| known.id() == kek.id()) {
            keks.push(kek.clone());
        }
        Ok(in_memory(kek))
    }
}

fn in_memory(kek: &Kek) -> FoundKek {
    FoundKek {
        kek: kek.clone(),
        place: "memory".to_owned(),
        seal: None,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn ids(source: &dyn KekSource) -> Vec<String> {
        let found = source.load().unwrap().found;
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
