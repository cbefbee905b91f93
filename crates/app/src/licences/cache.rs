//! What of the licence is kept in memory.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sofie_domain::HeldLicence;
use sofie_identity::CheckingKey;
use sofie_store::{Database, licences as rows};
use tokio::sync::{Mutex, RwLock};

use super::{LicenceServer, held};
use crate::Result;

/// How long a change made by another process may stay unseen.
const REFRESH: Duration = Duration::from_secs(5);

/// The keys that check licences, the server that gives them, and what the database said last.
#[derive(Debug)]
pub struct Licences {
    keys: Vec<CheckingKey>,
    server: Option<Arc<dyn LicenceServer>>,
    cached: RwLock<Option<Cached>>,
    /// Held by the one who asks the database; the others go on with what is known.
    asking: Mutex<()>,
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
            cached: RwLock::default(),
            asking: Mutex::default(),
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
        // Whoever asks just now may have the row from before the change.
        let _asking = self.asking.lock().await;
        *self.cached.write().await = None;
    }

    async fn last(&self, within: Duration) -> Option<Known> {
        let cached = self.cached.read().await;
        let cached = cached.as_ref().filter(|c| c.checked.elapsed() < within);
        cached.map(|cached| cached.known.clone())
    }

    pub(super) async fn known(&self, db: &Database) -> Result<Known> {
        if let Some(known) = self.last(REFRESH).await {
            return Ok(known);
        }
        let _asking = match (self.asking.try_lock(), self.last(Duration::MAX).await) {
            (Ok(asking), _) => asking,
            (Err(_), Some(known)) => return Ok(known),
            (Err(_), None) => self.asking.lock().await,
        };
        if let Some(known) = self.last(REFRESH).await {
            return Ok(known);
        }
        let checked = Instant::now();
        let mut tx = db.read().await?;
        let mut known = Known::default();
        if let Some(row) = rows::find(&mut tx).await? {
            known.held = Some(held(&row, &self.keys));
            known.users = rows::users(&mut tx).await?;
        }
        *self.cached.write().await = Some(Cached {
            known: known.clone(),
            checked,
        });
        Ok(known)
    }
}
