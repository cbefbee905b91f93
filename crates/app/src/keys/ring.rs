//! The key-encryption keys at hand.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use chrono::{DateTime, Utc};
use sofie_store::{ColumnCipher, Database, instance, keks};
use sofie_vault::{
    ClosedKek, ColumnKey, FoundKek, Kek, KekSource, KekSourceError, Keks, SealError, WrappedKey,
};
use tokio::task::spawn_blocking;

use super::{Columns, uses::Uses};

/// Why the keys that are needed can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    /// None of the keys found is one of this installation's.
    #[error(
        "none of the keys found ({found}) is one of this database's ({known}): put back the copy of the right key \
         file, or name its place in keys.kek_file"
    )]
    Foreign {
        /// What was found.
        found: String,
        /// What is known.
        known: String,
    },
    /// A key that something hangs on is not there.
    #[error("the key {0} is needed, and its file is not there")]
    Missing(String),
    /// A key that something hangs on is there, and what sealed it does not open it.
    #[error("the key {id} is needed, and what sealed it does not open it")]
    Closed {
        /// The key.
        id: String,
        /// Why.
        source: SealError,
    },
    /// The database does not name an active key.
    #[error("the database names no active key")]
    NoneActive,
    /// The place of the keys.
    #[error(transparent)]
    Source(#[from] KekSourceError),
    /// The database.
    #[error("could not read which keys there are")]
    Store(#[from] sofie_store::Error),
    /// A cryptographic operation.
    #[error("could not open or wrap a key")]
    Vault(#[from] sofie_vault::Error),
    /// The runtime is shutting down.
    #[error("the blocking task was cut short")]
    Stopped,
}

/// The key-encryption keys of this process, and the cipher of sealed columns.
///
/// Other processes may add keys and make another one the active one at any time: a key that is not known is looked
/// for where keys are kept, so a rotation needs no restart.
#[derive(Debug)]
pub struct Keyring {
    source: Arc<dyn KekSource>,
    columns: Arc<Columns>,
    column_key: ColumnKey,
    held: RwLock<Held>,
    uses: Uses,
}

#[derive(Debug)]
struct Held {
    active: Kek,
    all: HashMap<String, Kek>,
}

impl Keyring {
    /// Opens a migrated database by the keys that were found; the first of them begins a database without any.
    ///
    /// Fails when the key of sealed columns can't be opened by them, or when the active one is missing.
    pub async fn open(
        db: &Database,
        source: Arc<dyn KekSource>,
        found: &Keks,
        now: DateTime<Utc>,
    ) -> Result<Self, RingError> {
        let mut rows = keks::list(&mut db.read().await?).await?;
        if rows.is_empty() {
            begin(db, found, now).await?;
            rows = keks::list(&mut db.read().await?).await?;
        }
        let column_key = open_column_key(&rows, found)?;
        let held = Held::new(&rows, found)?;
        Ok(Self {
            source,
            columns: Arc::new(Columns::new(column_key.cipher()?)),
            column_key,
            held: RwLock::new(held),
            uses: Uses::default(),
        })
    }

    /// The cipher of sealed columns.
    #[must_use]
    pub fn columns(&self) -> Arc<dyn ColumnCipher> {
        Arc::clone(&self.columns) as _
    }

    /// The key that wraps the keys of new packages.
    #[must_use]
    pub fn active(&self) -> Kek {
        self.read().active.clone()
    }

    /// How often each was used here.
    pub(super) fn uses(&self) -> &Uses {
        &self.uses
    }

    /// Where keys are kept.
    #[must_use]
    pub fn source(&self) -> &Arc<dyn KekSource> {
        &self.source
    }

    /// The keys at hand, in no useful order.
    #[must_use]
    pub fn all(&self) -> Vec<Kek> {
        self.read().all.values().cloned().collect()
    }

    /// The key of a name; looked for where keys are kept if it is not at hand.
    pub async fn find(&self, db: &Database, id: &str) -> Result<Kek, RingError> {
        if let Some(kek) = self.at_hand(id) {
            return Ok(kek);
        }
        let keks = self.look(db).await?;
        self.at_hand(id).ok_or_else(|| missing(id, &keks))
    }

    /// Reads again which keys there are and which is the active one. Keys at hand stay, so that what was read before
    /// they were taken off the list can still be used.
    pub async fn reload(&self, db: &Database) -> Result<(), RingError> {
        self.look(db).await.map(drop)
    }

    async fn look(&self, db: &Database) -> Result<Keks, RingError> {
        let rows = keks::list(&mut db.read().await?).await?;
        let source = Arc::clone(&self.source);
        let found = spawn_blocking(move || source.load())
            .await
            .map_err(|_| RingError::Stopped)??;
        let mut fresh = Held::new(&rows, &found)?;
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        for (id, kek) in held.all.drain() {
            fresh.all.entry(id).or_insert(kek);
        }
        *held = fresh;
        Ok(found)
    }

    /// Wraps the key of sealed columns by another key.
    pub(super) fn wrap_column_key(&self, kek: &Kek) -> Result<Vec<u8>, RingError> {
        Ok(kek.wrap_column_key(&self.column_key)?.to_bytes())
    }

    fn at_hand(&self, id: &str) -> Option<Kek> {
        self.read().all.get(id).cloned()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RingError {
    fn closed(kek: &ClosedKek) -> Self {
        let id = kek.id.clone();
        let source = kek.error.clone();
        Self::Closed { id, source }
    }
}

/// Why a key is not among those that were found.
fn missing(id: &str, keks: &Keks) -> RingError {
    let closed = keks.closed(id).map(RingError::closed);
    closed.unwrap_or_else(|| RingError::Missing(id.to_owned()))
}

impl Held {
    fn new(rows: &[keks::KekRow], keks: &Keks) -> Result<Self, RingError> {
        let all: HashMap<String, Kek> = keks
            .found
            .iter()
            .map(|found| (found.kek.id().to_string(), found.kek.clone()))
            .filter(|(id, _)| rows.iter().any(|row| row.id == *id))
            .collect();
        let row = rows.iter().find(|row| row.active);
        let id = &row.ok_or(RingError::NoneActive)?.id;
        let active = all.get(id).cloned().ok_or_else(|| missing(id, keks))?;
        Ok(Self { active, all })
    }
}

async fn begin(db: &Database, keks: &Keks, now: DateTime<Utc>) -> Result<(), RingError> {
    let Some(FoundKek { kek, .. }) = keks.found.first() else {
        return Err(RingError::NoneActive);
    };
    let wrapped = kek.wrap_column_key(&ColumnKey::generate()?)?.to_bytes();
    let mut tx = db.begin().await?;
    if instance::exists(&mut tx).await? {
        // A fresh column key would not open what is there.
        return Err(RingError::NoneActive);
    }
    keks::begin(&mut tx, kek.id().as_str(), &wrapped, now).await?;
    tx.commit().await?;
    Ok(())
}

fn open_column_key(rows: &[keks::KekRow], keks: &Keks) -> Result<ColumnKey, RingError> {
    for row in rows {
        if let Some(found) = keks.get(&row.id) {
            let wrapped = WrappedKey::from_bytes(&row.column_key)?;
            return Ok(found.kek.unwrap_column_key(&wrapped)?);
        }
    }
    // The active one is needed in any case, so it decides whether waiting is of use.
    let active = rows.iter().filter(|row| row.active);
    let mut rows_by_need = active.chain(rows);
    if let Some(closed) = rows_by_need.find_map(|row| keks.closed(&row.id)) {
        return Err(RingError::closed(closed));
    }
    let found = keks.found.iter().map(|f| f.kek.id().to_string());
    let known = rows.iter().map(|row| {
        let mark = if row.active { ", the active one" } else { "" };
        format!("{}{mark}", row.id)
    });
    Err(RingError::Foreign {
        found: found.collect::<Vec<_>>().join(", "),
        known: known.collect::<Vec<_>>().join("; "),
    })
}
