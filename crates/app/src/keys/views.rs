//! The key-encryption keys as administrators see them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sofie_domain::AdministratorPermission;
use sofie_store::keks::{self, KekRow};
use sofie_vault::{KekSource, Keks};

use super::change::blocking;
use crate::{App, Context, Result};

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KekState {
    /// Nothing is happening to it.
    Ready,
    /// Packages of others are moving to it.
    Adding,
    /// Its packages are moving to the active one.
    Removing,
}

impl KekState {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Adding => "adding",
            Self::Removing => "removing",
        }
    }
}

/// A key-encryption key, as administrators see it.
#[derive(Clone, Debug)]
pub struct KekView {
    /// Its name.
    pub id: String,
    /// Whether it wraps the keys of new packages.
    pub active: bool,
    /// Where it stands.
    pub state: KekState,
    /// How many packages need it.
    pub packages: u64,
    /// Where it lies; nothing if this process can't find it.
    pub place: Option<String>,
    /// What sealed it there; nothing if it lies there as it is.
    pub seal: Option<String>,
    /// Why it can't be opened although it is there.
    pub closed: Option<String>,
    /// How many keys of packages it has wrapped.
    pub wraps: u64,
    /// How many it has unwrapped.
    pub unwraps: u64,
    /// When it last did either; some seconds may be missing.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it became known.
    pub added_at: DateTime<Utc>,
    /// Since when it is active, or when it last became so.
    pub activated_at: Option<DateTime<Utc>>,
}

impl KekView {
    /// Whether something that needs the key can't be read now.
    #[must_use]
    pub fn lost(&self) -> bool {
        (self.place.is_none() || self.closed.is_some()) && (self.active || self.packages > 0)
    }
}

/// Lists the keys, the oldest first.
pub async fn list(app: &App, ctx: &Context) -> Result<Vec<KekView>> {
    ctx.may_administrate(AdministratorPermission::Keys)?;
    let mut tx = app.db().read().await?;
    let rows = keks::list(&mut tx).await?;
    let counts: HashMap<String, i64> = keks::packages(&mut tx).await?.into_iter().collect();
    drop(tx);
    let keks = blocking(app, KekSource::load).await?;
    let moving = rows.iter().any(|row| row.retiring);
    let views = rows.into_iter().map(|row| {
        let packages = counts.get(&row.id).copied().unwrap_or_default();
        view(row, packages, moving, &keks)
    });
    Ok(views.collect())
}

fn view(row: KekRow, packages: i64, moving: bool, keks: &Keks) -> KekView {
    let (found, closed) = (keks.get(&row.id), keks.closed(&row.id));
    let place = found.map(|found| &found.place);
    let place = place.or_else(|| closed.map(|closed| &closed.place));
    let count = |n: i64| u64::try_from(n).unwrap_or_default();
    KekView {
        state: match (row.retiring, row.active && moving) {
            (true, _) => KekState::Removing,
            (_, true) => KekState::Adding,
            _ => KekState::Ready,
        },
        packages: count(packages),
        place: place.cloned(),
        seal: found.and_then(|found| found.seal.clone()),
        closed: closed.map(|closed| closed.error.to_string()),
        wraps: count(row.wraps),
        unwraps: count(row.unwraps),
        id: row.id,
        active: row.active,
        last_used_at: row.last_used_at,
        added_at: row.added_at,
        activated_at: row.activated_at,
    }
}
