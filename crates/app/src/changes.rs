//! News for open pages.

use sofie_domain::PackageId;
use tokio::sync::broadcast;

/// Something that an open page may show has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A package, its files or their verdicts.
    Package(PackageId),
}

/// Tells open pages of this process that something changed; a page then asks for what it may see.
///
/// News is a hint only: a slow listener loses old news and asks again, and processes that share a database
/// learn of each other's changes by asking too.
#[derive(Clone, Debug)]
pub struct Changes {
    sender: broadcast::Sender<Change>,
}

impl Default for Changes {
    fn default() -> Self {
        Self {
            sender: broadcast::channel(1024).0,
        }
    }
}

impl Changes {
    /// Tells everybody; call it after the commit.
    pub fn tell(&self, change: Change) {
        // Nobody listening is no failure.
        let _ = self.sender.send(change);
    }

    /// Listens from now on.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Change> {
        self.sender.subscribe()
    }
}
