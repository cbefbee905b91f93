//! `sofie keys list | add | activate | rotate | remove | export | import`

use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, ensure};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sofie_app::Error;
use sofie_app::keys::{self, KekView, Progress};
use sofie_vault::{Escrow, EscrowCost, FileKek, KekSource};
use tokio::task::spawn_blocking;

use super::password;
use super::room::{Room, refused};
use crate::cli::Seal;
use crate::ground::Site;

pub async fn list(site: Site, as_json: bool) -> Result<ExitCode> {
    Room::within(site, async |room| {
        let views = keys::list(&room.app, &room.ctx).await.map_err(refused)?;
        if as_json {
            println!("{}", json!(views.iter().map(as_value).collect::<Vec<_>>()));
        } else {
            println!("{:<16}  {:<14}  {:>8}  place", "key", "state", "packages");
            for view in &views {
                println!(
                    "{:<16}  {:<14}  {:>8}  {}",
                    view.id,
                    state(view),
                    view.packages,
                    place(view)
                );
            }
        }
        Ok(if views.iter().any(KekView::lost) {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    })
    .await
}

pub async fn add(mut site: Site, file: Option<PathBuf>, seal: Option<Seal>) -> Result<ExitCode> {
    site.config.keys.seal = seal.map_or(site.config.keys.seal, Into::into);
    Room::within(site, async |room| {
        let kek = file
            .map(|file| {
                FileKek::load(&file)
                    .with_context(|| format!("cannot use the key file {}", file.display()))
            })
            .transpose()?;
        let made = keys::add(&room.app, &room.ctx, kek)
            .await
            .map_err(in_words)?;
        let id = made.kek.id();
        println!("{id}");
        eprintln!(
            "The key is in {}. Copy it to a safe place now, or write all keys into one file by `sofie keys export`; \
             then `sofie keys activate {id}` has it wrap new packages.",
            made.place,
        );
        Ok(ExitCode::SUCCESS)
    })
    .await
}

pub async fn activate(site: Site, id: String) -> Result<ExitCode> {
    Room::within(site, async |room| {
        keys::activate(&room.app, &room.ctx, &id)
            .await
            .map_err(in_words)?;
        println!("new packages are under the key {id}; `sofie keys rotate` moves the others to it");
        Ok(ExitCode::SUCCESS)
    })
    .await
}

pub async fn rotate(site: Site) -> Result<ExitCode> {
    Room::within(site, async |room| {
        let all = keys::begin_rotation(&room.app, &room.ctx)
            .await
            .map_err(in_words)?;
        let terminal = io::stderr().is_terminal();
        let tell = |progress: Progress| {
            if terminal {
                eprint!("\r{} of {all} packages moved", progress.moved);
            }
        };
        let done = keys::rotate(&room.app, &room.ctx, tell)
            .await
            .map_err(in_words)?;
        if terminal {
            eprintln!();
        }
        println!("{} packages moved to the active key", done.moved);
        Ok(ExitCode::SUCCESS)
    })
    .await
}

pub async fn stop_rotation(site: Site) -> Result<ExitCode> {
    Room::within(site, async |room| {
        keys::stop_rotation(&room.app, &room.ctx)
            .await
            .map_err(in_words)?;
        println!("packages stay under the keys that they have now");
        Ok(ExitCode::SUCCESS)
    })
    .await
}

pub async fn remove(site: Site, id: String) -> Result<ExitCode> {
    Room::within(site, async |room| {
        let views = keys::list(&room.app, &room.ctx).await.map_err(refused)?;
        keys::remove(&room.app, &room.ctx, &id)
            .await
            .map_err(in_words)?;
        println!("the key {id} is off the list");
        let place = views.into_iter().find(|view| view.id == id);
        if let Some(place) = place.and_then(|view| view.place) {
            eprintln!(
                "Its file {place} is left where it is: backups made until now need it. Once they are gone, delete it."
            );
        }
        Ok(ExitCode::SUCCESS)
    })
    .await
}

pub async fn export(site: Site, to: PathBuf, password: SecretString) -> Result<ExitCode> {
    Room::within(site, async |room| {
        let count = write_escrow(&room, &to, &password).await?;
        println!("{count} keys are sealed in {}", to.display());
        Ok(ExitCode::SUCCESS)
    })
    .await
}

/// Seals all keys of the installation into a new file; the audit log tells of it before there is one.
pub(super) async fn write_escrow(room: &Room, to: &Path, password: &SecretString) -> Result<usize> {
    ensure!(!to.exists(), "{} exists already", to.display());
    let escrow = keys::export(&room.app, &room.ctx).await.map_err(in_words)?;
    let count = escrow.keks.len();
    let password = password.clone();
    let sealing = move || {
        let password = password.expose_secret().as_bytes();
        escrow.seal(password, EscrowCost::default(), keys::derive)
    };
    let text = spawn_blocking(sealing).await??;
    write_new(to, &text).with_context(|| format!("cannot write {}", to.display()))?;
    Ok(count)
}

/// Puts the keys where this installation looks for them; needs no database.
pub async fn import(
    mut site: Site,
    (from, seal): (PathBuf, Option<Seal>),
    password: SecretString,
) -> Result<ExitCode> {
    site.config.keys.seal = seal.map_or(site.config.keys.seal, Into::into);
    let placed = spawn_blocking(move || read_escrow(&site, &from, &password)).await??;
    for (id, place) in placed {
        println!("{id}  {place}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens sealed keys and puts them in their place; returns their names and places.
pub fn read_escrow(
    site: &Site,
    from: &Path,
    password: &SecretString,
) -> Result<Vec<(String, String)>> {
    let text =
        std::fs::read_to_string(from).with_context(|| format!("cannot read {}", from.display()))?;
    let escrow = Escrow::open(&text, password.expose_secret().as_bytes(), keys::derive)
        .with_context(|| format!("cannot open {}", from.display()))?;
    let source = site.kek_files()?;
    let mut placed = Vec::new();
    for kek in &escrow.keks {
        let found = source.store(kek)?;
        placed.push((kek.id().to_string(), found.place));
    }
    Ok(placed)
}

/// Reads the password that seals keys.
pub fn sealing_password(file: &Path) -> Result<SecretString> {
    /// Whoever finds the file may try as many passwords as there is time.
    const LEAST: usize = 16;
    let password = password::read(file)?;
    ensure!(
        password.expose_secret().chars().count() >= LEAST,
        "the password that seals keys needs {LEAST} characters or more"
    );
    Ok(password)
}

pub(super) fn write_new(to: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o400)
        .open(to)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn place(view: &KekView) -> String {
    let place = view.place.as_deref().unwrap_or("NOT FOUND");
    match (&view.closed, &view.seal) {
        (Some(why), _) => format!("{place}  CLOSED: {why}"),
        (None, Some(seal)) => format!("{place}  (sealed by {seal})"),
        (None, None) => place.to_owned(),
    }
}

fn state(view: &KekView) -> String {
    let state = view.state.as_str();
    if view.active {
        format!("{state}, active")
    } else {
        state.to_owned()
    }
}

fn as_value(view: &KekView) -> serde_json::Value {
    json!({
        "id": view.id,
        "active": view.active,
        "state": view.state.as_str(),
        "packages": view.packages,
        "wraps": view.wraps,
        "unwraps": view.unwraps,
        "last_used_at": view.last_used_at,
        "place": view.place,
        "seal": view.seal,
        "closed": view.closed,
        "added_at": view.added_at,
        "activated_at": view.activated_at,
    })
}

fn in_words(error: Error) -> anyhow::Error {
    match error {
        Error::NotFound => anyhow!("this installation has no such key"),
        Error::Conflict("key_known") => anyhow!("the key is known already"),
        Error::Conflict("key_active") => {
            anyhow!("the key is the active one: make another one the active one first")
        }
        Error::Conflict("key_in_use") => {
            anyhow!("packages need the key: `sofie keys rotate` moves them to the active one")
        }
        other => refused(other),
    }
}
