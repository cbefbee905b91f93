//! A file in one body.

use bytes::{Bytes, BytesMut};
use chrono::TimeDelta;
use sofie_domain::{File, FileCheck, FileId, FilePath, PackageId};
use sofie_store::files;
use sofie_vault::{BlobId, BlobSpec};

use super::{
    body::{Body, Paced},
    checksum::{Checking, Checksum},
    drafts::{self, Reservation},
    parse_path, rows,
    space::{self, Announced, Claim},
    vault_error,
};
use crate::{App, Context, Error, Result, keys, packages};

/// Files up to this size are collected and stored by one write; larger ones are stored as they come.
pub(super) const SMALL: u64 = 256 << 10;

/// A file that comes in one body.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// The draft that it is for.
    pub package: PackageId,
    /// Its name with folders.
    pub path: String,
    /// Its length, if the caller knows.
    pub length: Option<u64>,
    /// What its bytes should come to, if the caller knows.
    pub checksum: Option<Checksum>,
}

/// Stores a body as a new, complete file of a draft.
pub async fn put(app: &App, ctx: &Context, new: NewFile, body: Body) -> Result<File> {
    let path = parse_path(&new.path, "path")?;
    let announced = new.length.unwrap_or(0);
    let mut room = drafts::reserve(app, ctx, new.package, announced).await?;
    let id = FileId::fresh();
    let announced = Announced {
        id,
        package: new.package,
        path: &path,
        size: announced,
    };
    let claim = space::claim(app, &announced).await?;
    let (spec, secrets) = keys::new_blob(app, &room.key, new.package, id).await?;
    let guard = Guard::new(app, spec.blob);
    let mut intake = Intake {
        body: Paced::new(body, app.parts().uploads.pace),
        announced: new.length,
        taken: 0,
        asked: 0,
        checking: new.checksum.clone().map(Checking::new),
        room: &mut room,
        claim,
    };
    let size = store(app, &spec, &mut intake).await?;
    drop(intake);
    sofie_killpoint::reach("K9-put");
    let ctx = &Context {
        now: app.now(),
        ..ctx.clone()
    };
    let row = files::NewFile {
        id,
        package_id: new.package,
        path: path.clone(),
        size,
        secrets,
        at: ctx.now,
        complete: true,
        upload_expires_at: ctx.now,
    };
    record(app, ctx, row, (guard, room), "path").await?;
    Ok(fresh(id, new.package, path, size, ctx))
}

/// Gives a stored blob its row, and runs to its end even if the caller goes away: nobody else would know
/// whether the row was written.
pub(super) async fn record(
    app: &App,
    ctx: &Context,
    row: files::NewFile,
    (mut guard, room): (Guard, Reservation),
    field: &'static str,
) -> Result<()> {
    let (app, ctx) = (app.clone(), ctx.clone());
    let recorded = tokio::spawn(async move {
        rows::insert(&app, &ctx, &row, field).await?;
        guard.keep();
        room.keep();
        packages::tell(&app, row.package_id);
        Ok(())
    });
    recorded.await.map_err(Error::internal)?
}

fn fresh(id: FileId, package: PackageId, path: FilePath, size: u64, ctx: &Context) -> File {
    File {
        id,
        package_id: package,
        path,
        size,
        completed_at: Some(ctx.now),
        media_type: None,
        sha256: None,
        crc32: None,
        check: FileCheck::Pending,
        release: None,
    }
}

/// Takes the whole body in, encrypted and durable; returns its length.
async fn store(app: &App, spec: &BlobSpec, intake: &mut Intake<'_>) -> Result<u64> {
    let capacity = intake.announced.unwrap_or(0).min(SMALL);
    let mut head = BytesMut::with_capacity(usize::try_from(capacity).unwrap_or(0));
    let mut rest = None;
    while let Some(bytes) = intake.next().await? {
        if (head.len() + bytes.len()) as u64 > SMALL {
            rest = Some(bytes);
            break;
        }
        head.extend_from_slice(&bytes);
    }
    let vault = &app.parts().vault;
    let Some(bytes) = rest else {
        let size = intake.end()?;
        vault.put(spec, head.freeze()).await.map_err(vault_error)?;
        return Ok(size);
    };
    vault.create(spec).await.map_err(vault_error)?;
    let mut appender = vault.appender(spec, 0).await.map_err(vault_error)?;
    for first in [head.freeze(), bytes] {
        appender.write(first).await.map_err(vault_error)?;
    }
    while let Some(bytes) = intake.next().await? {
        appender.write(bytes).await.map_err(vault_error)?;
    }
    let size = intake.end()?;
    appender.commit(size).await.map_err(vault_error)?;
    Ok(size)
}

/// Counts and checks what comes.
struct Intake<'r> {
    body: Paced,
    announced: Option<u64>,
    taken: u64,
    /// How much had come when room was asked for, of a body without a length.
    asked: u64,
    checking: Option<Checking>,
    room: &'r mut Reservation,
    claim: Claim,
}

impl Intake<'_> {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        let Some(bytes) = self.body.next().await? else {
            return Ok(None);
        };
        let came = bytes.len() as u64;
        self.taken += came;
        self.claim.came(came);
        match self.announced {
            Some(length) if self.taken > length => return Err(Error::TooLarge),
            Some(_) => {}
            None => {
                self.room.grow(came)?;
                self.claim.grew(self.taken, &mut self.asked).await?;
            }
        }
        if let Some(checking) = &mut self.checking {
            checking.update(&bytes);
        }
        Ok(Some(bytes))
    }

    fn end(&mut self) -> Result<u64> {
        metrics::counter!("sofie_received_bytes_total").increment(self.taken);
        if self.announced.is_some_and(|length| length != self.taken) {
            return Err(Error::Conflict("body_interrupted"));
        }
        if self
            .checking
            .take()
            .is_some_and(|checking| !checking.agrees())
        {
            return Err(Error::Refused("checksum_mismatch"));
        }
        Ok(self.taken)
    }
}

/// Removes a blob that never got its row, however the request ends.
pub(super) struct Guard {
    app: App,
    blob: Option<BlobId>,
}

impl Guard {
    pub(super) fn new(app: &App, blob: BlobId) -> Self {
        Self {
            app: app.clone(),
            blob: Some(blob),
        }
    }

    /// Says that the blob has its row.
    pub(super) fn keep(&mut self) {
        self.blob = None;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let (Some(blob), Ok(runtime)) = (self.blob, tokio::runtime::Handle::try_current()) else {
            return;
        };
        let app = self.app.clone();
        // The row is dooming's: the blob may still be busy settling, and the worker tries again.
        runtime.spawn(async move {
            let doomed = async {
                let mut tx = app.db().read().await?;
                sofie_store::doomed_blobs::insert_orphan(&mut tx, blob.0, app.now()).await
            };
            if let Err(error) = doomed.await {
                tracing::warn!(%error, blob.id = %blob, "could not doom the blob of a file that did not come");
            }
        });
    }
}

/// Tells until when an upload that begins or goes on now is kept.
pub(super) async fn deadline(app: &App, ctx: &Context) -> Result<chrono::DateTime<chrono::Utc>> {
    let hours = app.settings().await?.integer("packages.unfinished_hours");
    Ok(ctx.now + TimeDelta::hours(hours))
}
