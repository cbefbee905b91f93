//! The collaborators of every use case.

use std::sync::Arc;

use sofie_domain::{Clock, InstanceId};
use sofie_identity::{CodeKey, Passwords};
use sofie_queue::{Waker, kafka::Link};
use sofie_store::Database;
use sofie_vault::Vault;
use tokio_util::task::TaskTracker;

use crate::{
    Changes, downloads::Permits, keys::Keyring, licences::Licences, sessions::CookieKeys,
    settings::SettingsCache, uploads::Uploads,
};

/// Everything that a use case works with; the composition root fills it in once.
#[derive(Debug)]
pub struct Parts {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The encrypted files.
    pub vault: Vault,
    /// The keys that wrap the keys of packages.
    pub keys: Arc<Keyring>,
    /// The detection engines.
    pub engines: crate::engines::Engines,
    /// The uploads that this process is taking in.
    pub uploads: Uploads,
    /// The downloads that this process has just let through.
    pub permits: Permits,
    /// This installation.
    pub instance: InstanceId,
    /// Wakes the job runner of this process after a commit that enqueued something.
    pub waker: Waker,
    /// How the connection to Kafka stands; none where the database tells of jobs alone.
    pub kafka: Option<Link>,
    /// News for open pages.
    pub changes: Changes,
    /// Where people reach the server while the setting `instance.base_url` is empty.
    pub local_url: String,
    /// Hashes and compares passwords.
    pub passwords: Passwords,
    /// Writes and reads session cookies; [`crate::setup::open`] gives them.
    pub cookies: CookieKeys,
    /// What goes on after a request was answered; it may be lost with the process.
    pub tasks: TaskTracker,
    /// The settings in force.
    pub settings: SettingsCache,
    /// The licence, and who checks it.
    pub licences: Licences,
}

/// A cheap handle to the [`Parts`].
#[derive(Clone, Debug)]
pub struct App {
    parts: Arc<Parts>,
    db: Database,
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(db: Database, parts: Parts) -> Self {
        let parts = Arc::new(parts);
        Self { parts, db }
    }

    /// Returns the same app as another process sees it that reaches the database in a role of its own; for tests.
    #[cfg(feature = "test-util")]
    #[must_use]
    pub fn with_database(&self, db: Database) -> Self {
        let parts = Arc::clone(&self.parts);
        Self { parts, db }
    }

    /// Returns the parts.
    #[must_use]
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Returns the database.
    #[must_use]
    pub fn db(&self) -> &Database {
        &self.db
    }

    /// Returns the present moment.
    #[must_use]
    pub fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.parts.clock.now()
    }

    /// Returns the key under which mailed codes are hashed; who has the database alone can't try them out.
    pub(crate) fn code_key(&self) -> CodeKey {
        let columns = self.parts.keys.columns();
        CodeKey::new(&columns.keyed_hash("mailed codes", b""))
    }
}
