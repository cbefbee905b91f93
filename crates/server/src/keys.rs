//! The key-encryption keys: found, the first one made once, never made over existing data.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use sofie_app::keys::Keyring;
use sofie_domain::Clock;
use sofie_store::{Database, instance};
use sofie_vault::{FoundKek, Kek, KekFiles, KekSource};

use crate::clock::SystemClock;

/// The keys in use.
#[derive(Debug)]
pub struct Keys {
    pub ring: Arc<Keyring>,
    /// Where the first key lies, if it was made just now.
    fresh: Option<String>,
}

impl Keys {
    /// Loads the keys; makes the first one when the installation has not begun.
    pub async fn open(file: PathBuf, database: &Database) -> Result<Self> {
        let source = KekFiles::new(file);
        let mut found = source.load()?;
        let mut fresh = None;
        if found.is_empty() {
            if instance::exists(&mut database.read().await?).await? {
                bail!(
                    "the key file {} is missing, and this installation has begun with a key: put back the copy of \
                     it, or name its place in keys.kek_file. Nothing was changed",
                    source.first().display()
                );
            }
            let made = make(&source)?;
            fresh = Some(made.place.clone());
            found = vec![made];
        }
        let ring = Keyring::open(database, Arc::new(source), &found, SystemClock.now())
            .await
            .context("cannot use the keys")?;
        let ring = Arc::new(ring);
        Ok(Self { ring, fresh })
    }

    /// What its owner must know about a key that was just made.
    pub fn warning(&self) -> Option<String> {
        self.fresh.as_ref().map(|place| {
            format!(
                "A new key was made: {place}\nWithout this file nothing that is stored can ever be read, and nobody \
                 can help.\nCopy it to a safe place now, apart from the data and its backups."
            )
        })
    }
}

fn make(source: &KekFiles) -> Result<FoundKek> {
    let kek = Kek::generate().context("cannot make a key")?;
    Ok(source.store(&kek)?)
}
