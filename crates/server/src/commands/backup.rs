//! `sofie backup`

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use secrecy::SecretString;
use sofie_app::backup::{self, Wanted};

use super::keys::{sealing_password, write_escrow};
use super::room::Room;
use crate::cli::Backup;
use crate::ground::Site;

/// What the command line asks for.
#[derive(Debug)]
pub struct Asked {
    pub to: PathBuf,
    pub link: bool,
    /// Where the keys go, and the password that seals them.
    pub keys: Option<(PathBuf, SecretString)>,
}

impl Asked {
    /// Reads the password, before anything is opened.
    pub fn read(command: &Backup) -> Result<Self> {
        let to = absolute(&command.to)?;
        let keys = match (&command.with_keys, &command.password_file) {
            (Some(file), Some(password)) => Some((absolute(file)?, password)),
            _ => None,
        };
        if let Some((file, _)) = &keys {
            ensure!(
                !file.starts_with(&to),
                "the keys must not be in the backup: it would be open to whoever finds it and guesses the password"
            );
        }
        let keys = keys
            .map(|(file, password)| Ok::<_, anyhow::Error>((file, sealing_password(password)?)))
            .transpose()?;
        let link = command.link;
        Ok(Self { to, link, keys })
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("cannot tell where {} is", path.display()))
}

pub async fn run(site: Site, asked: Asked) -> Result<ExitCode> {
    ensure!(
        !asked.to.starts_with(&site.dir),
        "the backup must not be in the data directory"
    );
    let configuration = site.config.show()?;
    Room::within(site, async |room| {
        if let Some((file, password)) = &asked.keys {
            let count = write_escrow(&room, file, password).await?;
            println!("{count} keys are sealed in {}", file.display());
        }
        let wanted = Wanted {
            to: asked.to.clone(),
            link: asked.link,
            configuration,
            program: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let written = backup::write(&room.app, &room.ctx, &wanted, progress("blobs")).await?;
        let manifest = written.manifest;
        println!(
            "{}: {} tables, {} blobs, {} bytes",
            asked.to.display(),
            manifest.tables.len(),
            manifest.blobs,
            manifest.blob_bytes
        );
        for key in manifest
            .keys
            .iter()
            .filter(|key| key.active || key.packages > 0)
        {
            println!("it is worth nothing without the key {}", key.id);
        }
        for file in &manifest.lost {
            eprintln!("lost: the blob of the file {file} is not there or can't be read");
        }
        Ok(if manifest.lost.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    })
    .await
}

/// Shows how far it is, to somebody who looks.
pub(super) fn progress(what: &'static str) -> impl FnMut(u64) {
    let terminal = io::stderr().is_terminal();
    let mut shown = 0;
    move |count: u64| {
        if terminal && count >= shown + 100 {
            shown = count;
            eprint!("\r{count} {what} ");
        }
    }
}
