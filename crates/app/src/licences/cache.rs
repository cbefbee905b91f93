//! What of the licence is kept in memory.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sofie_domain::HeldLicence;
use sofie_identity::CheckingKey;
use sofie_store::{Database, licences as rows};
use tokio::sync::Mutex;

use super::{LicenceServer, held};
use crate::Result;

/// How long a change made by another process may stay unseen.
const REFRESH: Duration = Duration::from_secs(5);

/// The keys that check licences, the server that gives them, and what the database said last.
#[derive(Debug)]
pub struct Licences {
    keys: Vec<CheckingKey>,
    server: Option<Arc<dyn LicenceServer>>,
    known: Mutex<Option<Cached>>,
}

#[derive(Debug)]
struct Cached {
    known: Known,
    checked: Instant,
}

/// What the database said.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub held: Option<HeldLicence>,
    pub users: u64,
}

impl Licences {
    /// Takes licences that one of `keys` signed, and refreshes them by `server`; without it nobody is asked.
    #[must_use]
    pub fn new(keys: Vec<CheckingKey>, server: Option<Arc<dyn LicenceServer>>) -> Self {
        Self {
            keys,
            server,
            known: Mutex::default(),
        }
    }

    pub(super) fn keys(&self) -> &[CheckingKey] {
        &self.keys
    }

    pub(super) fn server(&self) -> Option<Arc<dyn LicenceServer>> {
        self.server.clone()
    }

    /// Makes the next reader ask the database.
    pub(crate) async fn forget(&self) {
        *self.known.lock().await = None;
    }

    pub(super) async fn known(&self, db: &Database) -> Result<Known> {
        let mut cached = self.known.lock().await;
        if let Some(cached) = cached.as_ref().filter(|c| c.checked.elapsed() < REFRESH) {
            return Ok(cached.known.clone());
        }
        let checked = Instant::now();
        let mut tx = db.read().await?;
        let mut known = Known::default();
        if let Some(row) = rows::find(&mut tx).await? {
            known.held = Some(held(&row, &self.keys));
            known.users = rows::users(&mut tx).await?;
        }
        *cached = Some(Cached {
            known: known.clone(),
            checked,
        });
        Ok(known)
    }
}
