//! The key-encryption keys: found, the first one made once, never made over existing data.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sofie_app::keys::Keyring;
use sofie_domain::Clock;
use sofie_store::{Database, instance};
use sofie_vault::{FoundKek, Kek, KekFiles, KekSource, SealError};
use tokio::task::spawn_blocking;

use crate::clock::SystemClock;
use crate::lifecycle::Lifecycle;

/// How long what opens the keys is left alone before it is asked again.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The keys in use.
#[derive(Debug)]
pub struct Keys {
    pub ring: Arc<Keyring>,
    /// The first key, if it was made just now.
    fresh: Option<FoundKek>,
}

impl Keys {
    /// Loads the keys; makes the first one when the installation has not begun.
    ///
    /// With a life, what opens the keys is waited for: nothing is lost, and the process is not ready meanwhile.
    pub async fn open(
        files: KekFiles,
        database: &Database,
        life: Option<&Lifecycle>,
    ) -> Result<Self> {
        let mut pause = PAUSE;
        loop {
            let error = match Self::look(&files, database).await {
                Ok(keys) => return Ok(keys),
                Err(error) => error,
            };
            let Some(life) = life.filter(|_| is_passing(&error)) else {
                return Err(error);
            };
            tracing::warn!(
                error = format!("{error:#}"),
                retry_seconds = pause.as_secs(),
                "the keys can't be opened yet; trying again"
            );
            life.wait(
                "the service that opens the keys can't be used now; the log says more",
                pause,
            );
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn look(files: &KekFiles, database: &Database) -> Result<Self> {
        let source = files.clone();
        let mut keks = spawn_blocking(move || source.load()).await??;
        let mut fresh = None;
        if keks.is_empty() {
            if instance::exists(&mut database.read().await?).await? {
                bail!(
                    "the key file {} is missing, and this installation has begun with a key: put back the copy of \
                     it, or name its place in keys.kek_file. Nothing was changed",
                    files.first().display()
                );
            }
            let source = files.clone();
            let made = spawn_blocking(move || make(&source)).await??;
            fresh = Some(made.clone());
            keks.found.push(made);
        }
        let ring = Keyring::open(database, Arc::new(files.clone()), &keks, SystemClock.now())
            .await
            .context("cannot use the keys")?;
        for closed in &keks.closed {
            tracing::warn!(
                key = closed.id,
                error = %closed.error,
                "a key is there and can't be opened; packages under it can't be read"
            );
        }
        let ring = Arc::new(ring);
        Ok(Self { ring, fresh })
    }

    /// What its owner must know about a key that was just made.
    pub fn warning(&self) -> Option<String> {
        let FoundKek { place, seal, .. } = self.fresh.as_ref()?;
        Some(match seal {
            None => format!(
                "A new key was made: {place}\nWithout this file nothing that is stored can ever be read, and nobody \
                 can help.\nCopy it to a safe place now, apart from the data and its backups."
            ),
            Some(seal) => format!(
                "A new key was made: {place}\nOnly {seal} opens it. Copy the file, and seal the key by a password too \
                 (sofie keys export): if {seal} loses its own key, nothing else opens what is stored."
            ),
        })
    }
}

/// Whether what opens the keys is away, and may come back by itself.
fn is_passing(error: &anyhow::Error) -> bool {
    sealed(error).is_some_and(SealError::is_passing)
}

/// Whether what opens the keys says no. A service manager must not try again and again: a token locks itself after some
/// wrong PINs.
pub fn is_refused(error: &anyhow::Error) -> bool {
    sealed(error).is_some_and(|cause| !cause.is_passing())
}

fn sealed(error: &anyhow::Error) -> Option<&SealError> {
    let mut causes = error.chain();
    causes.find_map(|cause| cause.downcast_ref::<SealError>())
}

fn make(source: &KekFiles) -> Result<FoundKek> {
    let kek = Kek::generate().context("cannot make a key")?;
    Ok(source.store(&kek)?)
}
