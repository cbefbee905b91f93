//! Decisions that still hold: who reads a file in many small ranges is not looked at anew for each.
//!
//! A permit is what [`sofie_domain::deliverable`] said of one caller and one file, kept for at most [`LIFE`]
//! after the question, together with the opened file. It is found only by the very credentials that it was given
//! to. Everything that takes the right away is seen at the latest when it has run out: docs/adr/006-permits.md.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use aws_lc_rs::digest::{Context as Digest, SHA256};
use chrono::{DateTime, Utc};
use sofie_domain::{Deliverable, File, FileId, PackageId};
use sofie_vault::Reader;
use tokio_util::task::TaskTracker;

use super::Tally;
use crate::{App, sessions::Credentials};

/// How long a decision is good, from before anything was read for it.
const LIFE: Duration = Duration::from_secs(1);
/// More are not kept: each holds an open file.
const MOST: usize = 256;

/// The permits of this process.
#[derive(Debug, Default)]
pub struct Permits {
    inner: Mutex<Inner>,
    /// What is just being written down of downloads that are over.
    pub(super) notes: TaskTracker,
}

#[derive(Debug, Default)]
struct Inner {
    kept: HashMap<Name, (Instant, Permit)>,
    /// When a package last changed: what was asked before is not kept after.
    changed: HashMap<PackageId, Instant>,
    /// Whether somebody is there to throw away what has run out.
    swept: bool,
}

/// Names a caller's permit for a file, without keeping the credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Name([u8; 32]);

/// A file that may leave, opened, and the record that it leaves under.
#[derive(Clone, Debug)]
pub(super) struct Permit {
    pub(super) proof: Deliverable,
    pub(super) file: Arc<File>,
    pub(super) reader: Reader,
    pub(super) tally: Arc<Tally>,
}

impl Name {
    pub(super) fn of(credentials: &Credentials, package: PackageId, file: FileId) -> Self {
        let mut digest = Digest::new(&SHA256);
        let c = credentials;
        for secret in [&c.bearer, &c.administrator, &c.user, &c.visitor] {
            // Neither a missing nor a shifted secret can make two callers one.
            let len = secret.as_ref().map_or(u64::MAX, |s| s.len() as u64);
            digest.update(&len.to_be_bytes());
            digest.update(secret.as_deref().unwrap_or_default().as_bytes());
        }
        digest.update(package.0.as_bytes());
        digest.update(file.0.as_bytes());
        let mut name = [0; 32];
        name.copy_from_slice(digest.finish().as_ref());
        Self(name)
    }
}

impl Permits {
    /// Returns the permit of this name if it is still good.
    pub(super) fn find(&self, name: &Name, now: DateTime<Utc>) -> Option<Permit> {
        let inner = self.lock();
        let (since, permit) = inner.kept.get(name)?;
        (since.elapsed() < LIFE && permit.proof.holds(now)).then(|| permit.clone())
    }

    /// Throws the permits of a package away: something about it changed.
    pub(crate) fn forget(&self, package: PackageId) {
        let mut inner = self.lock();
        let over = inner.take(|_, permit| permit.proof.package_id() == package);
        inner.changed.insert(package, Instant::now());
        if inner.changed.len() > MOST {
            inner.changed.retain(|_, at| at.elapsed() < LIFE);
        }
        drop(inner);
        drop(over);
    }

    /// Ends all permits and waits until the counts of all downloads that are over are written down.
    pub async fn settle(&self) {
        let over = self.lock().take(|_, _| true);
        drop(over);
        self.notes.close();
        self.notes.wait().await;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Takes permits out; the caller drops them when the lock is free, since that may start work.
    fn take(&mut self, is_over: impl Fn(Instant, &Permit) -> bool) -> Vec<Permit> {
        let over = self
            .kept
            .extract_if(|_, (since, permit)| is_over(*since, permit));
        over.map(|(_, (_, permit))| permit).collect()
    }
}

/// Keeps a permit that was asked for at `since`; there may be too many already.
pub(super) fn keep(app: &App, name: Name, since: Instant, permit: Permit) {
    let mut inner = app.parts().permits.lock();
    let changed = inner.changed.get(&permit.proof.package_id());
    if inner.kept.len() >= MOST || changed.is_some_and(|at| *at >= since) {
        return;
    }
    let before = inner.kept.insert(name, (since, permit));
    if !inner.swept {
        inner.swept = true;
        tokio::spawn(sweep(app.clone()));
    }
    drop(inner);
    drop(before);
}

/// Throws away what has run out, until nothing is left.
async fn sweep(app: App) {
    loop {
        tokio::time::sleep(LIFE).await;
        let mut inner = app.parts().permits.lock();
        let over = inner.take(|since, _| since.elapsed() >= LIFE);
        inner.swept = !inner.kept.is_empty();
        let goes_on = inner.swept;
        drop(inner);
        drop(over);
        if !goes_on {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(user: Option<&str>, visitor: Option<&str>, file: FileId) -> Name {
        let credentials = Credentials {
            user: user.map(str::to_owned),
            visitor: visitor.map(str::to_owned),
            ..Credentials::default()
        };
        Name::of(&credentials, PackageId(uuid::Uuid::nil()), file)
    }

    #[test]
    fn only_the_same_credentials_and_the_same_file_have_the_same_name() {
        let file = FileId::fresh();
        let one = name(Some("ab"), Some("c"), file);
        assert_eq!(one, name(Some("ab"), Some("c"), file));
        for other in [
            name(Some("a"), Some("bc"), file),
            name(Some("abc"), None, file),
            name(Some("abc"), Some(""), file),
            name(None, Some("abc"), file),
            name(Some("ab"), Some("c"), FileId::fresh()),
        ] {
            assert_ne!(one, other);
        }
    }
}
