//! Writing a backup, beside a server that goes on.
//!
//! Rows first, in one snapshot, then the blobs that they name. A blob never changes once it is complete, so it is
//! enough that none of them is unlinked meanwhile; a lease sees to that, and ends by itself if the backup is killed.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use aws_lc_rs::digest::{Context as Digest, SHA256};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::json;
use sofie_domain::Event;
use sofie_store::{
    dump::{self, Snapshot, Table},
    keks, schedule,
};
use sofie_vault::{BlobBackend, BlobId, LocalBackend, copy_blob, link_blob};
use tokio::{
    fs::{self, File, OpenOptions},
    io::AsyncWriteExt as _,
};

use super::{
    AT_ONCE, BLOB_LIST, BLOBS, BackupError, CONFIGURATION, DATABASE, LEASE, MAC, MANIFEST, failed,
    manifest::{BlobLine, FORMAT, KeyUse, Manifest, Part, TablePart},
};
use crate::{App, Context, audit};

const PAGE: i64 = 200;
/// The lease outlives a pause of this length, such as one very large blob.
const LEASE_LASTS: Duration = Duration::from_hours(1);
const RENEW_EVERY: Duration = Duration::from_mins(5);

/// What kind of backup is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The folder; made if it is missing.
    pub to: PathBuf,
    /// Whether blobs are hard links instead of copies.
    pub link: bool,
    /// The configuration without its secrets.
    pub configuration: String,
    /// The version of the program.
    pub program: String,
}

/// What was written.
#[derive(Clone, Debug)]
pub struct Written {
    /// What the backup says about itself.
    pub manifest: Manifest,
}

/// Writes a backup.
///
/// Blobs that are missing or can't be read are left out and named: the rest is worth the more.
pub async fn write(
    app: &App,
    ctx: &Context,
    wanted: &Wanted,
    tell: impl FnMut(u64),
) -> Result<Written, BackupError> {
    prepare(&wanted.to).await?;
    let lease = Lease::take(app).await?;
    let written = write_under(app, &lease, wanted, tell).await;
    lease.give_back().await;
    let written = written?;
    let manifest = &written.manifest;
    let data = json!({
        "blobs": manifest.blobs,
        "bytes": manifest.blob_bytes,
        "lost": manifest.lost.len(),
        "to": wanted.to.display().to_string(),
    });
    let mut tx = app.db().begin().await?;
    audit::record(&mut tx, ctx, Event::BackupMade, None, data).await?;
    tx.commit().await?;
    Ok(written)
}

async fn write_under(
    app: &App,
    lease: &Lease<'_>,
    wanted: &Wanted,
    tell: impl FnMut(u64),
) -> Result<Written, BackupError> {
    let to = &wanted.to;
    let mut snapshot = Snapshot::take(app.db()).await?;
    let made_at = app.now();
    let keys = keys(&mut snapshot).await?;
    let schema = dump::schema(snapshot.tx()).await?;
    let schema = schema
        .into_iter()
        .map(|applied| (applied.version, hex::encode(applied.checksum)))
        .collect();
    let mut tables = Vec::new();
    for table in dump::tables(snapshot.tx()).await? {
        tables.push(write_table(&mut snapshot, to, table).await?);
        lease.renew().await?;
    }
    let blobs = write_blobs(app, lease, &mut snapshot, wanted, tell).await?;
    let mut configuration = Output::create(to.join(CONFIGURATION)).await?;
    configuration.add(wanted.configuration.as_bytes()).await?;
    let manifest = Manifest {
        format: FORMAT,
        program: wanted.program.clone(),
        made_at,
        instance: app.parts().instance.to_string(),
        schema,
        keys,
        tables,
        blob_list: blobs.list,
        blobs: blobs.count,
        blob_bytes: blobs.bytes,
        lost: blobs.lost,
        configuration: configuration.finish().await?,
    };
    seal(app, to, &manifest).await?;
    Ok(Written { manifest })
}

/// Writes the manifest, which makes the folder a backup.
async fn seal(app: &App, to: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    let text = serde_json::to_string_pretty(manifest)
        .map_err(|error| BackupError::Damaged(error.to_string()))?;
    let columns = app.parts().keys.columns();
    let mac = hex::encode(columns.keyed_hash(super::read::MAC_LABEL, text.as_bytes()));
    for (name, text) in [(MAC, &mac), (MANIFEST, &text)] {
        let mut file = Output::create(to.join(name)).await?;
        file.add(text.as_bytes()).await?;
        file.finish().await?;
    }
    sync_folder(to).await
}

/// Makes the folder and its parts, for their owner alone.
async fn prepare(to: &Path) -> Result<(), BackupError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder
        .create(to)
        .await
        .map_err(failed("make the folder", to))?;
    let mut entries = fs::read_dir(to).await.map_err(failed("list", to))?;
    if let Some(_found) = entries.next_entry().await.map_err(failed("list", to))? {
        return Err(BackupError::NotEmpty(to.to_owned()));
    }
    let database = to.join(DATABASE);
    builder
        .create(&database)
        .await
        .map_err(failed("make the folder", database))
}

async fn keys(snapshot: &mut Snapshot) -> Result<Vec<KeyUse>, BackupError> {
    let rows = keks::list(snapshot.tx()).await?;
    let counts = keks::packages(snapshot.tx()).await?;
    let uses = rows.into_iter().map(|row| {
        let count = counts.iter().find(|(id, _)| *id == row.id);
        let packages = count.map_or(0, |(_, packages)| *packages);
        KeyUse {
            packages: u64::try_from(packages).unwrap_or_default(),
            id: row.id,
            active: row.active,
        }
    });
    Ok(uses.collect())
}

async fn write_table(
    snapshot: &mut Snapshot,
    to: &Path,
    table: Table,
) -> Result<TablePart, BackupError> {
    let path = to.join(DATABASE).join(format!("{}.copy", table.name));
    let mut file = Output::create(path).await?;
    let mut rows = std::pin::pin!(snapshot.rows(&table).await?);
    while let Some(bytes) = rows.try_next().await? {
        file.add(&bytes).await?;
    }
    Ok(TablePart {
        name: table.name,
        columns: table.columns,
        file: file.finish().await?,
    })
}

struct Blobs {
    list: Part,
    count: u64,
    bytes: u64,
    lost: Vec<String>,
}

/// Copies the blobs of complete files; those that are still on their way begin anew after a restore.
async fn write_blobs(
    app: &App,
    lease: &Lease<'_>,
    snapshot: &mut Snapshot,
    wanted: &Wanted,
    mut tell: impl FnMut(u64),
) -> Result<Blobs, BackupError> {
    let target = Arc::new(LocalBackend::open(wanted.to.join(BLOBS))?);
    target.ensure_marker(&app.parts().instance.to_string())?;
    let mut index = Output::create(wanted.to.join(BLOB_LIST)).await?;
    let (mut count, mut bytes, mut missing) = (0, 0, Vec::new());
    for shard in 0..=u8::MAX {
        let mut after = None;
        loop {
            let files = snapshot.files(shard, after, PAGE).await?;
            let Some(last) = files.last() else { break };
            after = Some(last.secrets.blob_id);
            lease.renew().await?;
            let complete = files.into_iter().filter(|file| file.complete);
            let mut copies = stream::iter(complete)
                .map(|file| {
                    let (blob, target) = (BlobId(file.secrets.blob_id), Arc::clone(&target));
                    let copied = copy(app, target, blob, wanted.link);
                    async move { (file.id, copied.await) }
                })
                .buffered(AT_ONCE);
            while let Some((file, copied)) = copies.next().await {
                match copied? {
                    Some(line) => {
                        index.add(format!("{line}\n").as_bytes()).await?;
                        count += 1;
                        bytes += line.sealed.len;
                    }
                    None => missing.push(file.to_string()),
                }
            }
            tell(count);
        }
    }
    Ok(Blobs {
        list: index.finish().await?,
        count,
        bytes,
        lost: missing,
    })
}

/// Copies one blob; `None` if it is not there or can't be read. A target that fails ends the backup.
async fn copy(
    app: &App,
    target: Arc<LocalBackend>,
    blob: BlobId,
    link: bool,
) -> Result<Option<BlobLine>, BackupError> {
    let source = Arc::clone(app.parts().vault.backend());
    let sealed = if link {
        link_blob(source, target, blob).await
    } else {
        copy_blob(source, target, blob).await
    };
    match sealed {
        Ok(sealed) => Ok(Some(BlobLine { blob, sealed })),
        Err(
            sofie_vault::Error::NotFound
            | sofie_vault::Error::Io {
                action: "read a blob",
                ..
            },
        ) => Ok(None),
        Err(source) => Err(BackupError::Blob {
            blob: blob.to_string(),
            source,
        }),
    }
}

/// A file of the backup, hashed as it is written.
struct Output {
    path: PathBuf,
    file: File,
    digest: Digest,
    bytes: u64,
}

impl Output {
    async fn create(path: PathBuf) -> Result<Self, BackupError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let file = options.open(&path).await;
        Ok(Self {
            file: file.map_err(failed("make", &path))?,
            path,
            digest: Digest::new(&SHA256),
            bytes: 0,
        })
    }

    async fn add(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        self.digest.update(bytes);
        self.bytes += bytes.len() as u64;
        let written = self.file.write_all(bytes).await;
        written.map_err(failed("write", &self.path))
    }

    async fn finish(mut self) -> Result<Part, BackupError> {
        let flushed = self.file.flush().await;
        flushed.map_err(failed("write", &self.path))?;
        let synced = self.file.sync_all().await;
        synced.map_err(failed("write", &self.path))?;
        Ok(Part {
            bytes: self.bytes,
            sha256: hex::encode(self.digest.finish()),
        })
    }
}

async fn sync_folder(path: &Path) -> Result<(), BackupError> {
    let file = File::open(path).await.map_err(failed("open", path))?;
    file.sync_all().await.map_err(failed("sync", path))
}

/// Holds the unlinking of blobs off.
struct Lease<'a> {
    app: &'a App,
    holder: String,
    renewed: std::sync::Mutex<Instant>,
}

impl<'a> Lease<'a> {
    async fn take(app: &'a App) -> Result<Self, BackupError> {
        let lease = Self {
            app,
            holder: uuid::Uuid::new_v4().to_string(),
            renewed: std::sync::Mutex::new(Instant::now()),
        };
        lease.prolong().await?;
        Ok(lease)
    }

    async fn renew(&self) -> Result<(), BackupError> {
        if self.is_due() {
            self.prolong().await
        } else {
            Ok(())
        }
    }

    fn is_due(&self) -> bool {
        let mut renewed = self
            .renewed
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let due = renewed.elapsed() >= RENEW_EVERY;
        if due {
            *renewed = Instant::now();
        }
        due
    }

    async fn prolong(&self) -> Result<(), BackupError> {
        let mut tx = self.app.db().read().await?;
        if schedule::lead(&mut tx, LEASE, &self.holder, LEASE_LASTS).await? {
            Ok(())
        } else {
            Err(BackupError::Busy)
        }
    }

    /// If that fails, the lease ends by itself.
    async fn give_back(&self) {
        if let Ok(mut tx) = self.app.db().read().await {
            let _ = schedule::resign(&mut tx, LEASE, &self.holder).await;
        }
    }
}
