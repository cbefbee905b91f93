//! What this process knows of running uploads.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use sofie_domain::{FileId, PackageId};
use sofie_store::files;
use tokio_util::sync::CancellationToken;

use super::{body::Pace, drafts::Draft, space::Expected};
use crate::App;

/// The uploads that this process is taking in.
#[derive(Debug, Default)]
pub struct Uploads {
    counter: AtomicU64,
    seats: Mutex<HashMap<FileId, (u64, CancellationToken)>>,
    drafts: Mutex<HashMap<PackageId, Draft>>,
    pub(super) expected: Expected,
    pub(super) pace: Pace,
}

impl Uploads {
    /// Returns a desk that takes bodies at another pace than the usual.
    #[must_use]
    pub fn at(pace: Pace) -> Self {
        Self {
            pace,
            ..Self::default()
        }
    }

    pub(super) fn drafts(&self) -> MutexGuard<'_, HashMap<PackageId, Draft>> {
        self.drafts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seats(&self) -> MutexGuard<'_, HashMap<FileId, (u64, CancellationToken)>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks whoever appends to the file at present to stop: a caller who comes back has lost the other
    /// connection, even if nobody noticed yet (PKG-15).
    pub(super) fn interrupt(&self, file: FileId) {
        if let Some((_, token)) = self.seats().get(&file) {
            token.cancel();
        }
    }
}

/// The right of one request to append to a file; the next one takes it away.
pub(super) struct Seat {
    app: App,
    file: FileId,
    number: u64,
    pub(super) token: CancellationToken,
}

impl Seat {
    pub(super) fn take(app: &App, file: FileId) -> Self {
        let uploads = &app.parts().uploads;
        let number = uploads.counter.fetch_add(1, Ordering::Relaxed);
        let token = CancellationToken::new();
        let before = uploads.seats().insert(file, (number, token.clone()));
        if let Some((_, token)) = before {
            token.cancel();
        }
        Self {
            app: app.clone(),
            file,
            number,
            token,
        }
    }
}

impl Seat {
    /// Writes down how far the upload is, so that its bytes are not expected any more.
    pub(super) async fn note(&self, offset: u64) {
        let noted = async {
            let mut tx = self.app.db().read().await?;
            files::note_received(&mut tx, self.file, offset).await
        };
        if let Err(error) = noted.await {
            tracing::warn!(%error, file.id = %self.file, "could not note how far an upload is");
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.app.parts().uploads.seats();
        if seats
            .get(&self.file)
            .is_some_and(|(n, _)| *n == self.number)
        {
            seats.remove(&self.file);
        }
    }
}
