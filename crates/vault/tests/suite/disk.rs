//! A disk that forgets what was not synced, and breaks on request.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering::SeqCst},
    },
};

use sofie_vault::{Area, BlobBackend, BlobFile, BlobId, BlobInfo, Error};

type Names = BTreeMap<(BlobId, Area), Arc<Mutex<Content>>>;

/// What happens when the operations that were granted are used up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// Every further operation fails: the process is dead.
    Dead,
    /// Every further write finds the volume full.
    Full,
    /// Every further sync fails.
    Sync,
}

#[derive(Debug)]
pub struct Disk {
    names: Mutex<Names>,
    durable: Mutex<Names>,
    granted: Arc<AtomicI64>,
    fault: Fault,
}

#[derive(Clone, Debug, Default)]
struct Content {
    cache: Vec<u8>,
    disk: Vec<u8>,
    pending: Vec<Op>,
}

#[derive(Clone, Debug)]
enum Op {
    Write(usize, Vec<u8>),
    Size(usize),
}

impl Disk {
    pub fn new(granted: i64, fault: Fault) -> Arc<Self> {
        Self::with(Names::new(), granted, fault)
    }

    fn with(names: Names, granted: i64, fault: Fault) -> Arc<Self> {
        Arc::new(Self {
            durable: Mutex::new(names.clone()),
            names: Mutex::new(names),
            granted: Arc::new(AtomicI64::new(granted)),
            fault,
        })
    }

    /// The disk after `kill -9`: everything that was written is there.
    pub fn killed(&self) -> Arc<Self> {
        let copy = |content: &Arc<Mutex<Content>>| {
            let content = content.lock().unwrap().clone();
            Arc::new(Mutex::new(content))
        };
        let names = self.names.lock().unwrap();
        let names = names.iter().map(|(k, v)| (*k, copy(v))).collect();
        Self::with(names, i64::MAX, Fault::Dead)
    }

    /// The disk after a power failure: each unsynced write, name and half of a write by chance.
    pub fn power_lost(&self, seed: u64) -> Arc<Self> {
        let mut chance = Chance(seed | 1);
        let durable = self.durable.lock().unwrap().clone();
        let mut names = durable.clone();
        for (name, content) in self.names.lock().unwrap().iter() {
            if chance.next().is_multiple_of(2) {
                names.entry(*name).or_insert_with(|| Arc::clone(content));
            }
        }
        let names = names.into_iter().map(|(name, content)| {
            let content = content.lock().unwrap().survivor(&mut chance);
            (name, Arc::new(Mutex::new(content)))
        });
        Self::with(names.collect(), i64::MAX, Fault::Dead)
    }

    fn step(&self, kind: Fault) -> Result<(), Error> {
        step(&self.granted, self.fault, kind)
    }
}

fn step(granted: &AtomicI64, fault: Fault, kind: Fault) -> Result<(), Error> {
    if fault != Fault::Dead && fault != kind {
        return Ok(());
    }
    if granted.fetch_sub(1, SeqCst) > 0 {
        return Ok(());
    }
    Err(match fault {
        Fault::Dead => Error::Stopped,
        Fault::Full => Error::NoSpace(io::ErrorKind::StorageFull.into()),
        Fault::Sync => Error::Sync(io::Error::other("injected")),
    })
}

struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        self.0 >> 33
    }
}

impl Content {
    fn survivor(&self, chance: &mut Chance) -> Self {
        let mut disk = self.disk.clone();
        for op in &self.pending {
            match (chance.next() % 4, op) {
                (0 | 1, op) => op.apply(&mut disk),
                (2, Op::Write(at, bytes)) => {
                    let torn = bytes.len() / 2 / 512 * 512;
                    Op::Write(*at, bytes[..torn].to_vec()).apply(&mut disk);
                }
                _ => {}
            }
        }
        Self {
            cache: disk.clone(),
            disk,
            pending: Vec::new(),
        }
    }
}

impl Op {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Size(size) => to.resize(*size, 0),
            Self::Write(at, bytes) => {
                if to.len() < at + bytes.len() {
                    to.resize(at + bytes.len(), 0);
                }
                to[*at..at + bytes.len()].copy_from_slice(bytes);
            }
        }
    }
}

#[derive(Debug)]
struct DiskFile(Arc<Mutex<Content>>, Arc<AtomicI64>, Fault);

impl DiskFile {
    fn apply(&self, op: Op) {
        let mut content = self.0.lock().unwrap();
        op.apply(&mut content.cache);
        content.pending.push(op);
    }
}

impl BlobFile for DiskFile {
    fn read_at(&self, buf: &mut [u8], at: u64) -> Result<(), Error> {
        let content = self.0.lock().unwrap();
        let range = content.cache.get(at as usize..at as usize + buf.len());
        buf.copy_from_slice(range.ok_or(Error::Corrupt("file too short"))?);
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> Result<(), Error> {
        step(&self.1, self.2, Fault::Full)?;
        self.apply(Op::Write(at as usize, bytes.to_vec()));
        Ok(())
    }

    fn size(&self) -> Result<u64, Error> {
        Ok(self.0.lock().unwrap().cache.len() as u64)
    }

    fn set_size(&self, size: u64) -> Result<(), Error> {
        step(&self.1, self.2, Fault::Full)?;
        self.apply(Op::Size(size as usize));
        Ok(())
    }

    fn sync(&self) -> Result<(), Error> {
        step(&self.1, self.2, Fault::Sync)?;
        let mut content = self.0.lock().unwrap();
        let content = &mut *content;
        content.disk.clone_from(&content.cache);
        content.pending.clear();
        Ok(())
    }
}

impl BlobBackend for Disk {
    fn ensure_marker(&self, _: &str) -> Result<(), Error> {
        Ok(())
    }

    fn require_marker(&self, _: &str) -> Result<(), Error> {
        Ok(())
    }

    fn create(&self, blob: BlobId, area: Area) -> Result<Arc<dyn BlobFile>, Error> {
        self.step(Fault::Full)?;
        let content = Arc::new(Mutex::new(Content::default()));
        let mut names = self.names.lock().unwrap();
        if names.contains_key(&(blob, area)) {
            return Err(Error::AlreadyExists);
        }
        names.insert((blob, area), Arc::clone(&content));
        Ok(Arc::new(DiskFile(
            content,
            Arc::clone(&self.granted),
            self.fault,
        )))
    }

    fn open(&self, blob: BlobId, area: Area) -> Result<Arc<dyn BlobFile>, Error> {
        let names = self.names.lock().unwrap();
        let content = names.get(&(blob, area)).ok_or(Error::NotFound)?;
        let granted = Arc::clone(&self.granted);
        Ok(Arc::new(DiskFile(Arc::clone(content), granted, self.fault)))
    }

    fn sync_names(&self, _: BlobId) -> Result<(), Error> {
        self.step(Fault::Sync)?;
        let names = self.names.lock().unwrap();
        *self.durable.lock().unwrap() = names.clone();
        Ok(())
    }

    fn publish(&self, blob: BlobId) -> Result<(), Error> {
        self.step(Fault::Dead)?;
        let mut names = self.names.lock().unwrap();
        let data = names.remove(&(blob, Area::Data)).ok_or(Error::NotFound)?;
        names.insert((blob, Area::Blob), data);
        drop(names);
        self.step(Fault::Dead)?;
        self.names.lock().unwrap().remove(&(blob, Area::Tail));
        self.sync_names(blob)
    }

    fn condemn(&self, blob: BlobId) -> Result<(), Error> {
        let mut names = self.names.lock().unwrap();
        names
            .remove(&(blob, Area::Data))
            .map(drop)
            .ok_or(Error::NotFound)
    }

    fn remove(&self, blob: BlobId) -> Result<(), Error> {
        self.names.lock().unwrap().retain(|(id, _), _| *id != blob);
        self.sync_names(blob)
    }

    fn list(&self, _: u8) -> Result<Vec<BlobInfo>, Error> {
        Ok(Vec::new())
    }

    fn free_space(&self) -> Result<Option<u64>, Error> {
        Ok(None)
    }
}
