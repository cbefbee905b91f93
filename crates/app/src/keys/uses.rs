//! How often each key-encryption key is used.
//!
//! Each process counts for itself and adds its counts to the database now and then: a row that every download wrote
//! would be the slowest thing about it. A process that is killed loses the counts of some seconds.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use sofie_store::keks;

use crate::{App, Result};

/// What was done with one key since the last time it was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Use {
    wraps: i64,
    unwraps: i64,
}

/// The counts of this process.
#[derive(Debug, Default)]
pub(super) struct Uses(Mutex<BTreeMap<String, Use>>);

impl Uses {
    pub(super) fn wrapped(&self, id: &str) {
        self.count(id, |one| one.wraps += 1);
    }

    pub(super) fn unwrapped(&self, id: &str) {
        self.count(id, |one| one.unwraps += 1);
    }

    fn count(&self, id: &str, count: impl FnOnce(&mut Use)) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get_mut(id) {
            Some(one) => count(one),
            None => count(all.entry(id.to_owned()).or_default()),
        }
    }

    fn take(&self) -> BTreeMap<String, Use> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn give_back(&self, uses: BTreeMap<String, Use>) {
        for (id, old) in uses {
            self.count(&id, |one| {
                one.wraps += old.wraps;
                one.unwraps += old.unwraps;
            });
        }
    }
}

/// Adds this process's counts to those in the database.
pub async fn tell_uses(app: &App) -> Result<()> {
    let uses = app.parts().keys.uses().take();
    if uses.is_empty() {
        return Ok(());
    }
    let told = tell(app, &uses).await;
    if told.is_err() {
        app.parts().keys.uses().give_back(uses);
    }
    told
}

async fn tell(app: &App, uses: &BTreeMap<String, Use>) -> Result<()> {
    let rows: Vec<(String, i64, i64)> = uses
        .iter()
        .map(|(id, one)| (id.clone(), one.wraps, one.unwraps))
        .collect();
    let mut tx = app.db().begin().await?;
    keks::add_uses(&mut tx, &rows, app.now()).await?;
    Ok(tx.commit().await?)
}
