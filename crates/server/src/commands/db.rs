//! `sofie db export | import`: everything in the database moves to another PostgreSQL.

use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use sofie_store::cluster::ClusterAccess;
use sofie_store::{schema, transfer};
use tokio::fs::File;
use tokio::io::{BufReader, BufWriter};

use crate::commands::migrate;
use crate::ground::{Base, Power, Purpose, Site};

/// Writes all rows to a file.
pub async fn export(site: Site, file: PathBuf) -> Result<ExitCode> {
    let base = Base::open(site, Purpose::Move).await?;
    let done = export_from(&base, &file).await;
    base.power.off().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn export_from(base: &Base, file: &Path) -> Result<()> {
    if let Power::Guest(ClusterAccess::Attached(_)) = base.power {
        bail!("the server is running: stop it first, so that nothing is sent or fetched meanwhile");
    }
    let due = schema::due(&base.connect).await?;
    if !due.is_empty() {
        bail!("the database's schema is older than this program: run `sofie migrate` first");
    }
    // It holds what the database holds: nobody else may read it, and no other file is written over.
    let made = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .with_context(|| format!("cannot make {}", file.display()))?;
    let mut tables = Tables::default();
    let out = BufWriter::new(File::from_std(made.try_clone()?));
    let written = match transfer::export(&base.connect, out, |table| tables.tell(table)).await {
        Ok(()) => made.sync_all().map_err(Into::into),
        Err(error) => Err(anyhow::Error::from(error)),
    };
    if let Err(error) = written {
        // Half an export is of no use to anybody.
        let _ = std::fs::remove_file(file);
        return Err(error);
    }
    println!("{tables} were written to {}", file.display());
    Ok(())
}

/// Reads all rows of a file into an empty database.
pub async fn import(site: Site, file: PathBuf) -> Result<ExitCode> {
    if site.cluster_options().is_some() {
        bail!(
            "the database is our own PostgreSQL: set database.kind = \"server\" and the address of yours first"
        );
    }
    let base = Base::open(site, Purpose::Move).await?;
    let done = import_into(&base, &file).await;
    base.power.off().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn import_into(base: &Base, file: &Path) -> Result<()> {
    let input = File::open(file)
        .await
        .with_context(|| format!("cannot open {}", file.display()))?;
    transfer::ensure_empty(&base.connect).await?;
    schema::migrate(&base.connect, false, migrate::tell).await?;
    let mut tables = Tables::default();
    let input = BufReader::with_capacity(1 << 18, input);
    transfer::import(&base.connect, input, |table| tables.tell(table)).await?;
    println!("{tables} arrived as they were");
    Ok(())
}

/// What was copied so far.
#[derive(Debug, Default)]
struct Tables {
    tables: u64,
    rows: u64,
}

impl Tables {
    fn tell(&mut self, table: &transfer::Contents) {
        println!("{:<20} {:>10}  {}", table.table, table.rows, table.sha256);
        self.tables += 1;
        self.rows += table.rows;
    }
}

impl std::fmt::Display for Tables {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} tables with {} rows", self.tables, self.rows)
    }
}
