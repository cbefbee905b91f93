//! A download that is running ends when its files are taken back (PKG-22).

use std::time::{Duration, Instant};

use futures_util::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use sofie_domain::{FileId, PackageId};
use tokio::sync::broadcast::{Receiver, error::TryRecvError};

use super::Chunk;
use crate::{App, changes::Change};

/// What other processes did is found out by asking, this often.
const ASK_AFTER: Duration = Duration::from_secs(5);
/// A part this short is over as soon as it was decided about.
const SHORT: u64 = 1 << 20;

/// Asks between the chunks of a stream whether its files still may leave.
struct Guard {
    app: App,
    package: PackageId,
    files: Vec<FileId>,
    news: Receiver<Change>,
    asked: Instant,
}

/// Lets `content` through, `len` bytes, as long as the files in it pass.
pub(super) fn guard(
    app: &App,
    package: PackageId,
    files: Vec<FileId>,
    content: BoxStream<'static, Chunk>,
    len: u64,
) -> BoxStream<'static, Chunk> {
    if len <= SHORT {
        return content;
    }
    let guard = Guard {
        app: app.clone(),
        package,
        files,
        news: app.parts().changes.listen(),
        asked: Instant::now(),
    };
    guard.watch(content).boxed()
}

impl Guard {
    fn watch(self, content: BoxStream<'static, Chunk>) -> impl Stream<Item = Chunk> + Send {
        stream::unfold(Some((self, content)), |state| async move {
            let (mut guard, mut content) = state?;
            let chunk = content.next().await?;
            if guard.has_news() && !guard.holds().await {
                // The connection breaks off: nobody takes the part for the whole.
                return Some((Err(sofie_vault::Error::NotFound), None));
            }
            Some((chunk, Some((guard, content))))
        })
    }

    fn has_news(&mut self) -> bool {
        let mut is_due = self.asked.elapsed() >= ASK_AFTER;
        loop {
            match self.news.try_recv() {
                Ok(Change::Package(id)) => is_due |= id == self.package,
                Err(TryRecvError::Lagged(_)) => is_due = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        if is_due {
            self.asked = Instant::now();
        }
        is_due
    }

    /// Who can't ask does not go on.
    async fn holds(&self) -> bool {
        let asked = async {
            let mut tx = self.app.db().read().await?;
            sofie_store::downloads::may_go_on(&mut tx, self.package, &self.files).await
        };
        asked.await.unwrap_or_else(|error| {
            tracing::warn!(%error, package.id = %self.package, "could not ask whether a download may go on");
            false
        })
    }
}
