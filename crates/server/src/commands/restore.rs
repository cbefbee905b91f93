//! `sofie restore`: an installation out of a backup, where there is none.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use futures_util::TryStreamExt as _;
use secrecy::SecretString;
use sofie_app::backup::{self, Backup, BackupError, Restored};
use sofie_store::{Database, NoCipher};
use sofie_vault::{BlobBackend, KekSource, Vault};

use super::backup::progress;
use super::keys::{read_escrow, sealing_password};
use super::room::Room;
use super::verify;
use crate::cli::Restore;
use crate::ground::{Base, Ground, Purpose, Site};
use crate::storage;

/// What the command line asks for.
#[derive(Debug)]
pub struct Asked {
    pub from: PathBuf,
    /// Sealed keys and their password.
    pub keys: Option<(PathBuf, SecretString)>,
}

impl Asked {
    /// Reads the password, before anything is opened.
    pub fn read(command: &Restore) -> Result<Self> {
        let keys = match (&command.keys, &command.password_file) {
            (Some(file), Some(password)) => Some((file.clone(), sealing_password(password)?)),
            _ => None,
        };
        let from = command.from.clone();
        Ok(Self { from, keys })
    }
}

pub async fn run(site: Site, asked: Asked) -> Result<ExitCode> {
    let backup = Backup::open(&asked.from).await?;
    ensure_empty(&site.dir)?;
    if let Some((file, password)) = &asked.keys {
        read_escrow(&site, file, password)?;
    }
    ensure_keys(&site, &backup)?;
    let base = Base::open(site, Purpose::Serve).await?;
    let restored = match fill(&base, &backup).await {
        Ok(restored) => restored,
        Err(error) => {
            let place = base.site.dir.display().to_string();
            base.power.off().await;
            return Err(error).with_context(|| {
                format!("the restore is not complete and must not be used; remove {place} before you try again")
            });
        }
    };
    let ground = Ground::on(base, Purpose::Command, None).await?;
    let outcome = prove(&ground, &backup, restored).await;
    ground.close().await;
    outcome
}

/// Rows, then blobs; both compared with what the backup says about itself.
async fn fill(base: &Base, backup: &Backup) -> Result<Restored> {
    let db = Database::connect(&base.connect, Arc::new(NoCipher), 2)
        .await
        .context("cannot reach the database")?;
    let rows = backup.fill(&db).await;
    db.close().await;
    let rows = rows?;
    let blobs = empty_store(&base.site).await?;
    let restored = backup.copy_blobs(blobs, progress("blobs")).await?;
    Ok(Restored { rows, ..restored })
}

/// The store of the configuration, which must hold no blob: those of another installation would be mixed with these.
async fn empty_store(site: &Site) -> Result<Arc<dyn BlobBackend>> {
    let kind = site.config.storage.kind;
    let blobs = storage::backend(site, kind)?;
    let vault = Vault::new(Arc::clone(&blobs));
    let mut held = std::pin::pin!(vault.list());
    ensure!(
        held.try_next().await?.is_none(),
        "{} holds files already",
        storage::place(site, kind)
    );
    Ok(blobs)
}

/// Opens what was restored like any installation, and decrypts and compares every file.
async fn prove(ground: &Ground, backup: &Backup, restored: Restored) -> Result<ExitCode> {
    backup.authenticate(&*ground.keys.ring.columns()).await?;
    let room = Room::open(ground).await?;
    backup::reopen_uploads(&room.app, &room.ctx, backup, restored).await?;
    println!(
        "{} rows and {} blobs of {} are restored",
        restored.rows, restored.blobs, backup.manifest.made_at
    );
    for file in &backup.manifest.lost {
        eprintln!("lost: the blob of the file {file} was not there when the backup was made");
    }
    verify::examine(&room, true, false).await
}

fn ensure_empty(dir: &Path) -> Result<()> {
    match fs::read_dir(dir) {
        Ok(mut entries) => {
            ensure!(
                entries.next().is_none(),
                BackupError::NotEmpty(dir.to_owned())
            );
            Ok(())
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e).with_context(|| format!("cannot list {}", dir.display())),
    }
}

/// Makes sure that the keys are there before anything is written.
fn ensure_keys(site: &Site, backup: &Backup) -> Result<()> {
    let source = site.kek_files()?;
    let keks = source.load()?;
    for key in &backup.manifest.keys {
        let needed = key.active || key.packages > 0;
        if let Some(closed) = keks.closed(&key.id).filter(|_| needed) {
            return Err(closed.error.clone())
                .with_context(|| format!("cannot open the sealed key {}", closed.place));
        }
        if needed && keks.get(&key.id).is_none() {
            bail!(
                "the backup is under the key {}, which is neither {} nor in {}: put a copy of its file there, or \
                 give a file of sealed keys by --keys",
                key.id,
                source.first().display(),
                source.folder().display()
            );
        }
    }
    Ok(())
}
