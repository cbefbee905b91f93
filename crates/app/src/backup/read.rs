//! Reading a backup into an installation that has nothing yet.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use aws_lc_rs::digest::{Context as Digest, SHA256};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use serde_json::json;
use sofie_domain::Event;
use sofie_store::{
    ColumnCipher, Database,
    dump::{self, Loader, Table},
    integrity,
};
use sofie_vault::{BlobBackend, LocalBackend, copy_blob};
use tokio::{
    fs::{self, File},
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
};

use super::{
    AT_ONCE, BLOB_LIST, BLOBS, BackupError, DATABASE, MAC, MANIFEST, failed,
    manifest::{BlobLine, FORMAT, Manifest, Part},
};
use crate::{App, Context, Result as AppResult, audit, error::chain, keys};

/// Separates the manifest's keyed hash from others.
pub(super) const MAC_LABEL: &str = "backup manifest";
const PIECE: usize = 64 << 10;
const PAGE: i64 = 200;

/// A whole backup, not yet read.
#[derive(Debug)]
pub struct Backup {
    dir: PathBuf,
    text: String,
    /// What it says about itself; authentic only after [`Backup::authenticate`].
    pub manifest: Manifest,
}

/// What was restored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Rows of all tables.
    pub rows: u64,
    /// Blobs.
    pub blobs: u64,
    /// Their stored bytes.
    pub bytes: u64,
}

impl Backup {
    /// Opens a backup; nothing but its manifest is looked at.
    pub async fn open(dir: &Path) -> Result<Self, BackupError> {
        let path = dir.join(MANIFEST);
        let text = match fs::read_to_string(&path).await {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Err(BackupError::NoBackup(dir.to_owned()));
            }
            Err(e) => return Err(failed("read", path)(e)),
        };
        let manifest: Manifest = serde_json::from_str(&text)
            .map_err(|error| BackupError::Damaged(format!("{MANIFEST}: {error}")))?;
        if manifest.format != FORMAT {
            return Err(BackupError::OtherSchema(manifest.program));
        }
        Ok(Self {
            dir: dir.to_owned(),
            text,
            manifest,
        })
    }

    /// Fills an empty, migrated database with the rows, all or nothing; returns how many there were.
    pub async fn fill(&self, db: &Database) -> Result<u64, BackupError> {
        let schema = dump::schema(&mut db.read().await?).await?;
        let schema = schema.into_iter();
        let ours: Vec<_> = schema
            .map(|applied| (applied.version, hex::encode(applied.checksum)))
            .collect();
        if ours != self.manifest.schema {
            return Err(BackupError::OtherSchema(self.manifest.program.clone()));
        }
        let loader = Loader::begin(db).await?;
        let mut loader = loader.ok_or(BackupError::DatabaseNotEmpty)?;
        let mut rows = 0;
        for part in &self.manifest.tables {
            let table = Table {
                name: part.name.clone(),
                columns: part.columns.clone(),
            };
            let path = self.dir.join(DATABASE).join(format!("{}.copy", part.name));
            let input = checked(path, part.file.clone());
            rows += loader.fill(&table, input).await??;
        }
        loader.finish().await?;
        Ok(rows)
    }

    /// Makes sure that the manifest is of the installation whose keys are at hand.
    pub async fn authenticate(&self, columns: &dyn ColumnCipher) -> Result<(), BackupError> {
        let path = self.dir.join(MAC);
        let found = fs::read_to_string(&path)
            .await
            .map_err(failed("read", path))?;
        let mac = columns.keyed_hash(MAC_LABEL, self.text.as_bytes());
        // Who can try others has the backup in hand and nothing to learn from how long this takes.
        if found.trim() == hex::encode(mac) {
            Ok(())
        } else {
            Err(BackupError::Forged)
        }
    }

    /// Copies the blobs into an empty store and compares each with the list.
    pub async fn copy_blobs(
        &self,
        to: Arc<dyn BlobBackend>,
        mut tell: impl FnMut(u64),
    ) -> Result<Restored, BackupError> {
        let (target, name) = (Arc::clone(&to), self.manifest.instance.clone());
        // A bucket is far away.
        let marked = tokio::task::spawn_blocking(move || target.ensure_marker(&name)).await;
        marked
            .map_err(io::Error::other)
            .map_err(failed("mark", "the store"))??;
        let from: Arc<dyn BlobBackend> = Arc::new(LocalBackend::open(self.dir.join(BLOBS))?);
        from.require_marker(&self.manifest.instance)?;
        let list = self.dir.join(BLOB_LIST);
        // Before anything is copied by it.
        let mut whole = std::pin::pin!(checked(list.clone(), self.manifest.blob_list.clone()));
        while whole.try_next().await?.is_some() {}
        let file = File::open(&list).await.map_err(failed("open", &list))?;
        let lines = stream::try_unfold(BufReader::new(file).lines(), |mut lines| async move {
            Ok(lines.next_line().await?.map(|line| (line, lines)))
        });
        let mut copies = std::pin::pin!(
            lines
                .map(|line: io::Result<String>| {
                    let (from, to) = (Arc::clone(&from), Arc::clone(&to));
                    let list = list.clone();
                    async move { copy(from, to, &line.map_err(failed("read", list))?).await }
                })
                .buffer_unordered(AT_ONCE)
        );
        let mut done = Restored::default();
        while let Some(len) = copies.try_next().await? {
            done.blobs += 1;
            done.bytes += len;
            tell(done.blobs);
        }
        if done.blobs != self.manifest.blobs {
            return Err(BackupError::Damaged("the number of blobs".to_owned()));
        }
        Ok(done)
    }
}

async fn copy(
    from: Arc<dyn BlobBackend>,
    to: Arc<dyn BlobBackend>,
    line: &str,
) -> Result<u64, BackupError> {
    let line: BlobLine = line.parse()?;
    let blob = line.blob;
    let copied = copy_blob(from, to, blob).await;
    let sealed = copied.map_err(|source| BackupError::Blob {
        blob: blob.to_string(),
        source,
    })?;
    if sealed == line.sealed {
        Ok(sealed.len)
    } else {
        Err(BackupError::Damaged(format!("the blob {blob}")))
    }
}

/// The bytes of a part; the last thing that comes is an error if they are not what the manifest says.
fn checked(path: PathBuf, part: Part) -> impl Stream<Item = Result<Bytes, BackupError>> + Send {
    struct Input {
        path: PathBuf,
        file: Option<File>,
        digest: Digest,
        bytes: u64,
        part: Part,
    }
    let input = Input {
        path,
        file: None,
        digest: Digest::new(&SHA256),
        bytes: 0,
        part,
    };
    stream::try_unfold(input, |mut input| async move {
        let mut file = match input.file.take() {
            Some(file) => file,
            None => File::open(&input.path)
                .await
                .map_err(failed("open", &input.path))?,
        };
        let mut piece = vec![0; PIECE];
        let len = file.read(&mut piece).await;
        piece.truncate(len.map_err(failed("read", &input.path))?);
        if piece.is_empty() {
            let same = input.bytes == input.part.bytes
                && hex::encode(input.digest.finish()) == input.part.sha256;
            let shown = input.path.display();
            return if same {
                Ok(None)
            } else {
                Err(BackupError::Damaged(shown.to_string()))
            };
        }
        input.digest.update(&piece);
        input.bytes += piece.len() as u64;
        input.file = Some(file);
        Ok(Some((Bytes::from(piece), input)))
    })
}

/// Begins the uploads anew that were on their way when the backup was made, so that their senders can go on, and
/// writes into the audit log what was restored.
pub async fn reopen_uploads(
    app: &App,
    ctx: &Context,
    backup: &Backup,
    restored: Restored,
) -> AppResult<()> {
    for shard in 0..=u8::MAX {
        let mut after = None;
        loop {
            let mut tx = app.db().read().await?;
            let files = integrity::files(&mut tx, shard, after, PAGE).await?;
            drop(tx);
            let Some(last) = files.last() else { break };
            after = Some(last.secrets.blob_id);
            for file in files.iter().filter(|file| !file.complete) {
                let (package, id) = (file.package, file.id);
                let spec = keys::open_blob(app, &file.key, package, id, &file.secrets).await?;
                if let Err(error) = app.parts().vault.create(&spec).await {
                    tracing::warn!(
                        file.id = %file.id,
                        error = chain(&error),
                        "an upload that was on its way could not be begun anew"
                    );
                }
            }
        }
    }
    let data = json!({
        "made_at": backup.manifest.made_at,
        "rows": restored.rows,
        "blobs": restored.blobs,
        "bytes": restored.bytes,
    });
    let mut tx = app.db().begin().await?;
    let object = Some(("instance", app.parts().instance.to_string()));
    audit::record(&mut tx, ctx, Event::InstallationRestored, object, data).await?;
    Ok(tx.commit().await?)
}
