//! Blobs in memory, for tests.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use super::{Area, BlobBackend, BlobFile, BlobInfo, marker};
use crate::{BlobId, Error};

type Content = Arc<Mutex<Vec<u8>>>;
/// Bytes that can still be written, if there is a limit.
type Free = Arc<Mutex<Option<u64>>>;

/// Keeps blobs in memory; durable as long as it lives.
#[derive(Debug)]
pub struct MemoryBackend {
    state: Mutex<State>,
    free: Free,
}

#[derive(Debug)]
struct State {
    files: BTreeMap<(BlobId, Area), (Content, SystemTime)>,
    condemned: BTreeMap<BlobId, (Content, SystemTime)>,
    marker: Option<String>,
    now: SystemTime,
}

impl MemoryBackend {
    /// An empty store.
    pub fn new() -> Self {
        Self {
            state: Mutex::new(State {
                files: BTreeMap::new(),
                condemned: BTreeMap::new(),
                marker: None,
                now: SystemTime::UNIX_EPOCH,
            }),
            free: Free::default(),
        }
    }

    /// Sets the time which blobs made from now on are listed with.
    pub fn set_now(&self, now: SystemTime) {
        lock(&self.state).now = now;
    }

    /// Sets how many bytes can be written from now on; without a limit, any number. What is removed gives
    /// nothing back.
    pub fn set_free(&self, free: Option<u64>) {
        *lock(&self.free) = free;
    }

    /// Makes it the store of another instance, or of none.
    pub fn set_marker(&self, instance: Option<&str>) -> Result<(), Error> {
        lock(&self.state).marker = instance.map(marker::text).transpose()?;
        Ok(())
    }
}

impl MemoryBackend {
    fn file(&self, content: Content) -> MemoryFile {
        let free = Arc::clone(&self.free);
        MemoryFile { content, free }
    }
}

impl Default for MemoryBackend {
    fn default() -> Self {
        Self::new()
    }
}

impl BlobBackend for MemoryBackend {
    fn ensure_marker(&self, instance: &str) -> Result<(), Error> {
        let text = marker::text(instance)?;
        let mut state = lock(&self.state);
        match &state.marker {
            Some(found) => marker::compare(found.as_bytes(), &text),
            None if state.files.is_empty() => {
                state.marker = Some(text);
                Ok(())
            }
            None => Err(Error::Marker("it holds files but no marker")),
        }
    }

    fn require_marker(&self, instance: &str) -> Result<(), Error> {
        let text = marker::text(instance)?;
        match &lock(&self.state).marker {
            Some(found) => marker::compare(found.as_bytes(), &text),
            None => Err(Error::Marker("its marker is missing")),
        }
    }

    fn create(&self, blob: BlobId, area: Area) -> Result<Arc<dyn BlobFile>, Error> {
        let mut state = lock(&self.state);
        if state.files.contains_key(&(blob, area)) {
            return Err(Error::AlreadyExists);
        }
        let (content, now) = (Content::default(), state.now);
        state
            .files
            .insert((blob, area), (Arc::clone(&content), now));
        Ok(Arc::new(self.file(content)))
    }

    fn open(&self, blob: BlobId, area: Area) -> Result<Arc<dyn BlobFile>, Error> {
        let state = lock(&self.state);
        let (content, _) = state.files.get(&(blob, area)).ok_or(Error::NotFound)?;
        Ok(Arc::new(self.file(Arc::clone(content))))
    }

    fn sync_names(&self, _: BlobId) -> Result<(), Error> {
        Ok(())
    }

    fn publish(&self, blob: BlobId) -> Result<(), Error> {
        let mut state = lock(&self.state);
        let data = state.files.remove(&(blob, Area::Data));
        state
            .files
            .insert((blob, Area::Blob), data.ok_or(Error::NotFound)?);
        state.files.remove(&(blob, Area::Tail));
        Ok(())
    }

    fn condemn(&self, blob: BlobId) -> Result<(), Error> {
        let mut state = lock(&self.state);
        let data = state.files.remove(&(blob, Area::Data));
        state.condemned.insert(blob, data.ok_or(Error::NotFound)?);
        Ok(())
    }

    fn remove(&self, blob: BlobId) -> Result<(), Error> {
        let mut state = lock(&self.state);
        state.files.retain(|(id, _), _| *id != blob);
        state.condemned.remove(&blob);
        Ok(())
    }

    fn list(&self, shard: u8) -> Result<Vec<BlobInfo>, Error> {
        let state = lock(&self.state);
        let mut out: BTreeMap<BlobId, BlobInfo> = BTreeMap::new();
        let condemned = state.condemned.iter().map(|(id, v)| (*id, Area::Data, v));
        let files = state.files.iter().map(|((id, area), v)| (*id, *area, v));
        for (blob, area, (content, created)) in files.chain(condemned) {
            if blob.0[0] != shard {
                continue;
            }
            let info = out.entry(blob).or_insert(BlobInfo {
                blob,
                created: *created,
                modified: *created,
                committed: false,
                size: 0,
            });
            info.committed |= area == Area::Blob;
            info.size += lock(content).len() as u64;
        }
        Ok(out.into_values().collect())
    }

    fn free_space(&self) -> Result<Option<u64>, Error> {
        Ok(*lock(&self.free))
    }
}

#[derive(Debug)]
struct MemoryFile {
    content: Content,
    free: Free,
}

impl MemoryFile {
    /// Takes room for more bytes.
    fn grow(&self, more: usize) -> Result<(), Error> {
        let mut free = lock(&self.free);
        if let Some(left) = *free {
            let rest = left.checked_sub(more as u64);
            *free = Some(rest.ok_or_else(|| Error::NoSpace(io::ErrorKind::StorageFull.into()))?);
        }
        Ok(())
    }
}

impl BlobFile for MemoryFile {
    fn read_at(&self, buf: &mut [u8], at: u64) -> Result<(), Error> {
        let content = lock(&self.content);
        let start = usize::try_from(at).ok();
        let end = start.and_then(|s| s.checked_add(buf.len()));
        let range = start.zip(end).and_then(|(s, e)| content.get(s..e));
        buf.copy_from_slice(range.ok_or(Error::Corrupt("file too short"))?);
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> Result<(), Error> {
        let mut content = lock(&self.content);
        let start = usize::try_from(at).map_err(|_| Error::Corrupt("offset"))?;
        let end = start + bytes.len();
        if content.len() < end {
            self.grow(end - content.len())?;
            content.resize(end, 0);
        }
        content[start..end].copy_from_slice(bytes);
        Ok(())
    }

    fn size(&self) -> Result<u64, Error> {
        Ok(lock(&self.content).len() as u64)
    }

    fn set_size(&self, size: u64) -> Result<(), Error> {
        let size = usize::try_from(size).map_err(|_| Error::Corrupt("size"))?;
        lock(&self.content).resize(size, 0);
        Ok(())
    }

    fn sync(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// A panic elsewhere can't leave these plain containers half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
