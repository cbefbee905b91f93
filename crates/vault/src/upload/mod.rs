//! Unfinished uploads: appending, settling what arrived, committing.
//!
//! `Data` holds the header and whole parts in their final place. A part that is not whole yet
//! survives as *pieces* in `Tail`: messages of their own, each under its own salt. When enough
//! bytes have come, the part is sealed afresh into `Data`. Two alternating slots at the head of
//! `Tail` say how many parts are durable (docs/adr/003-blob-format.md).

mod appender;
mod batcher;
mod pieces;
mod queue;
mod session;
mod settle;
mod slots;

use std::sync::{Arc, Mutex, PoisonError};

pub use appender::Appender;
pub(crate) use {batcher::LARGE, session::Session};

use crate::{
    BlobBackend, BlobFile, BlobId, Error,
    backend::Area,
    format::{Envelope, HEADER},
    vault::Lock,
};

/// The open files of one upload. The lock goes with the last clone, so a write still on its way to
/// the disk keeps others out.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) env: Envelope,
    pub(crate) data: Arc<dyn BlobFile>,
    blob: BlobId,
    backend: Arc<dyn BlobBackend>,
    tail: Mutex<Option<Arc<dyn BlobFile>>>,
    _lock: Option<Lock>,
}

impl Upload {
    /// Opens an unfinished upload; [`Error::NotFound`] if there is none.
    pub(crate) fn open(
        backend: Arc<dyn BlobBackend>,
        spec: &crate::BlobSpec,
        lock: Option<Lock>,
    ) -> Result<Self, Error> {
        let data = backend.open(spec.blob, Area::Data)?;
        let mut header = [0; HEADER];
        data.read_at(&mut header, 0)?;
        let env = Envelope::read(spec, &header)?;
        let tail = match backend.open(spec.blob, Area::Tail) {
            Ok(file) => Some(file),
            Err(Error::NotFound) => None,
            Err(e) => return Err(e),
        };
        Ok(Self {
            env,
            data,
            blob: spec.blob,
            backend,
            tail: Mutex::new(tail),
            _lock: lock,
        })
    }

    /// The tail file if there is one.
    pub(crate) fn tail(&self) -> Option<Arc<dyn BlobFile>> {
        self.tail
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The tail file, made durably if there was none.
    fn tail_or_make(&self) -> Result<Arc<dyn BlobFile>, Error> {
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &*tail {
            return Ok(Arc::clone(file));
        }
        let file = self.backend.create(self.blob, Area::Tail)?;
        self.backend.sync_names(self.blob)?;
        *tail = Some(Arc::clone(&file));
        Ok(file)
    }

    /// Passes `result` on; after a failed sync the upload is taken out of use, because the page
    /// cache may now show bytes that the disk does not have.
    fn condemn_on_sync_error<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        if let Err(Error::Sync(_)) = &result
            && let Err(error) = self.backend.condemn(self.blob)
        {
            tracing::error!(%error, blob.id = %self.blob, "could not condemn an upload");
        }
        result
    }
}
