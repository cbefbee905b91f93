//! Fetching: the only way from a caller to stored content.
//!
//! Every byte is asked of [`sofie_domain::deliverable`], and then goes through the record: no record, no bytes. The content of a file is opened by a [`Deliverable`], which nothing else can make.

use std::{
    collections::HashMap,
    ops::Range,
    pin::Pin,
    task::{Context as Task, Poll},
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use serde_json::json;
use sofie_domain::{
    Deliverable, Event, File, FileId, Package, PackageId, Relation, Viewer, Withheld, deliverable,
};
use sofie_store::{
    Tx,
    downloads::{Fetcher, NewDownload},
};
use sofie_vault::Reader;
use uuid::Uuid;

use crate::{
    App, Context, Error, Result, audit, keys, viewers,
    zips::{Layout, Member, Piece, etag},
};

/// How to open each file of an archive, and its length.
type Sources = HashMap<FileId, (sofie_vault::BlobSpec, u64)>;

/// What a stream of content yields.
pub type Chunk = std::result::Result<Bytes, sofie_vault::Error>;

/// A file that may be sent.
#[derive(Debug)]
pub struct FileDownload {
    /// The file.
    pub file: File,
    reader: Reader,
    meter: Meter,
}

/// The archive of a package that may be sent.
#[derive(Debug)]
pub struct ZipDownload {
    /// What the archive is called.
    pub name: String,
    /// Identifies its exact bytes.
    pub etag: String,
    layout: Layout,
    sources: Sources,
    app: App,
    meter: Meter,
}

/// Whether the call is recorded: a HEAD sends nothing and leaves no trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Only headers are wanted.
    Look,
    /// The beginning, or all of it.
    Fetch,
    /// A later part of what was begun.
    Resume,
}

/// Opens a file for the caller.
pub async fn file(
    app: &App,
    ctx: &Context,
    package: PackageId,
    file: FileId,
    purpose: Purpose,
) -> Result<FileDownload> {
    let mut tx = app.db().begin().await?;
    let package = sofie_store::packages::find(&mut tx, package)
        .await?
        .ok_or(Error::NotFound)?;
    let viewer = viewers::viewer(&mut tx, ctx, &package).await?;
    let file = sofie_store::files::find(&mut tx, file)
        .await?
        .filter(|f| f.package_id == package.id);
    let file = file.ok_or(Error::NotFound)?;
    let permit = match deliverable(&package, &file, &viewer, ctx.now) {
        Ok(permit) => permit,
        Err(reason) => return Err(refuse(tx, ctx, &package, &file, reason).await),
    };
    let spec = spec(app, &mut tx, &permit).await?;
    let what = What {
        package: package.id,
        file: Some(file.id),
        size: file.size,
    };
    let meter = record(app, tx, ctx, viewer.relation, what, purpose).await?;
    let reader = open(app, ctx, &spec, &file).await?;
    Ok(FileDownload {
        file,
        reader,
        meter,
    })
}

/// Opens the archive of all files of a package that may leave to the caller.
pub async fn zip(
    app: &App,
    ctx: &Context,
    package: PackageId,
    purpose: Purpose,
) -> Result<ZipDownload> {
    let mut tx = app.db().begin().await?;
    let package = sofie_store::packages::find(&mut tx, package)
        .await?
        .ok_or(Error::NotFound)?;
    let viewer = viewers::viewer(&mut tx, ctx, &package).await?;
    let files = sofie_store::files::of_package(&mut tx, package.id).await?;
    let permits = permits(&package, &files, &viewer, ctx)?;
    // One query, however many files there are; only those with a permit are taken out of it.
    let mut specs = keys::blob_specs(app, &mut tx, package.id).await?;
    let (mut members, mut sources) = (Vec::new(), Sources::new());
    for (permit, file) in permits {
        let spec = specs.remove(&permit.file_id()).ok_or(Error::NotFound)?;
        sources.insert(file.id, (spec, file.size));
        members.push(Member {
            id: file.id,
            name: file.path.as_str().to_owned(),
            size: file.size,
            crc32: file.crc32.ok_or(Error::Conflict("conflict"))?,
        });
    }
    let etag = etag(&members);
    let layout = Layout::new(members, package.activated_at.unwrap_or(ctx.now));
    let what = What {
        package: package.id,
        file: None,
        size: layout.len(),
    };
    let meter = record(app, tx, ctx, viewer.relation, what, purpose).await?;
    let name = if package.title.as_str().is_empty() {
        "files"
    } else {
        package.title.as_str()
    };
    let name = format!("{}.zip", sofie_domain::safe_name(name));
    Ok(ZipDownload {
        name,
        etag,
        layout,
        sources,
        app: app.clone(),
        meter,
    })
}

/// Returns the files that may leave, each with the proof; why not, if none may.
fn permits<'f>(
    package: &Package,
    files: &'f [File],
    viewer: &Viewer,
    ctx: &Context,
) -> Result<Vec<(Deliverable, &'f File)>> {
    // Nobody learns of an empty draft.
    let mut refusal = Withheld::NotRecipient;
    let mut permits = Vec::new();
    for file in files {
        match deliverable(package, file, viewer, ctx.now) {
            Ok(permit) => permits.push((permit, file)),
            Err(reason) => refusal = reason,
        }
    }
    if permits.is_empty() {
        return Err(refused(refusal));
    }
    Ok(permits)
}

/// Says why a file may not leave, in the words of an [`Error`]. A stranger learns nothing.
#[must_use]
pub fn refused(reason: Withheld) -> Error {
    match reason {
        Withheld::NotRecipient => Error::NotFound,
        Withheld::IdentityRequired => Error::Unauthenticated,
        Withheld::Expired | Withheld::Deleted => Error::Refused("link_invalid"),
        other => Error::Refused(other.as_str()),
    }
}

async fn refuse(
    mut tx: Tx,
    ctx: &Context,
    package: &Package,
    file: &File,
    reason: Withheld,
) -> Error {
    let data = json!({ "package": package.id, "reason": reason.as_str() });
    let object = Some(("file", file.id.to_string()));
    let written = audit::record(&mut tx, ctx, Event::FileRefused, object, data).await;
    if let Err(error) = written {
        return error;
    }
    match tx.commit().await {
        Ok(()) => refused(reason),
        Err(error) => error.into(),
    }
}

/// Returns how to decrypt a file; asks for the proof that it may leave.
async fn spec(app: &App, tx: &mut Tx, permit: &Deliverable) -> Result<sofie_vault::BlobSpec> {
    keys::blob_spec(app, tx, permit.package_id(), permit.file_id()).await
}

async fn open(
    app: &App,
    ctx: &Context,
    spec: &sofie_vault::BlobSpec,
    file: &File,
) -> Result<Reader> {
    match app.parts().vault.open(spec, Some(file.size)).await {
        Ok(reader) => Ok(reader),
        Err(error) => {
            let mut tx = app.db().begin().await?;
            let object = Some(("file", file.id.to_string()));
            audit::record(&mut tx, ctx, Event::FileCorrupted, object, json!({})).await?;
            tx.commit().await?;
            Err(Error::internal(error))
        }
    }
}

struct What {
    package: PackageId,
    file: Option<FileId>,
    size: u64,
}

async fn record(
    app: &App,
    mut tx: Tx,
    ctx: &Context,
    relation: Relation,
    what: What,
    purpose: Purpose,
) -> Result<Meter> {
    if purpose == Purpose::Look {
        return Ok(Meter {
            app: app.clone(),
            record: None,
            sent: 0,
        });
    }
    let new = NewDownload {
        package_id: what.package,
        file_id: what.file,
        fetcher: fetcher(ctx, relation),
        size: what.size,
        now: ctx.now,
        ip: ctx.ip,
        user_agent: ctx.user_agent.clone(),
    };
    let resumes = purpose == Purpose::Resume;
    let (id, fresh) = sofie_store::downloads::record(&mut tx, &new, resumes).await?;
    if fresh {
        let object = match what.file {
            Some(file) => ("file", file.to_string()),
            None => ("package", what.package.to_string()),
        };
        let data = json!({ "package": what.package, "size": what.size });
        audit::record(&mut tx, ctx, Event::FileDownloaded, Some(object), data).await?;
    }
    tx.commit().await?;
    Ok(Meter {
        app: app.clone(),
        record: Some(id),
        sent: 0,
    })
}

fn fetcher(ctx: &Context, relation: Relation) -> Fetcher {
    use sofie_domain::Actor;
    let recipient = match relation {
        Relation::Recipient(id) => Some(id),
        _ => None,
    };
    let mut fetcher = Fetcher {
        recipient,
        ..Fetcher::default()
    };
    match &ctx.actor {
        Actor::User { id, .. } => fetcher.user = Some(*id),
        Actor::Visitor { id, .. } => fetcher.visitor = Some(*id),
        Actor::Administrator { id, .. } => fetcher.administrator = Some(*id),
        Actor::Anonymous | Actor::System => {}
    }
    fetcher
}

impl FileDownload {
    /// Sends a range of the file.
    pub fn stream(self, range: Range<u64>) -> impl Stream<Item = Chunk> + Send + 'static {
        Metered {
            inner: self.reader.stream(range).boxed(),
            meter: self.meter,
        }
    }
}

impl ZipDownload {
    /// Returns the length of the archive in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.layout.len()
    }

    /// Sends a range of the archive.
    pub fn stream(self, range: Range<u64>) -> impl Stream<Item = Chunk> + Send + 'static {
        let pieces = self.layout.pieces(&range);
        let (app, sources) = (self.app, self.sources);
        let inner = stream::iter(pieces).flat_map(move |piece| piece_stream(&app, &sources, piece));
        Metered {
            inner: inner.boxed(),
            meter: self.meter,
        }
    }
}

fn piece_stream(
    app: &App,
    sources: &Sources,
    piece: Piece,
) -> Pin<Box<dyn Stream<Item = Chunk> + Send>> {
    match piece {
        Piece::Bytes(bytes) => stream::once(async move { Ok(bytes) }).boxed(),
        Piece::File(id, range) => {
            let found = sources.get(&id).cloned();
            let app = app.clone();
            stream::once(async move {
                let (spec, size) = found.ok_or(sofie_vault::Error::NotFound)?;
                let reader = app.parts().vault.open(&spec, Some(size)).await?;
                Ok::<_, sofie_vault::Error>(reader.stream(range))
            })
            .flat_map(|opened| match opened {
                Ok(stream) => stream.boxed(),
                Err(error) => stream::once(async move { Err(error) }).boxed(),
            })
            .boxed()
        }
    }
}

/// Counts what really went out and writes it down when the stream ends, however it ends.
#[derive(Debug)]
struct Meter {
    app: App,
    record: Option<Uuid>,
    sent: u64,
}

impl Drop for Meter {
    fn drop(&mut self) {
        let (Some(id), Ok(runtime)) = (self.record, tokio::runtime::Handle::try_current()) else {
            return;
        };
        let (app, sent) = (self.app.clone(), self.sent);
        runtime.spawn(async move {
            let now = app.now();
            let written = async {
                let mut tx = app.db().begin().await?;
                sofie_store::downloads::add_sent(&mut tx, id, sent, now).await?;
                tx.commit().await
            };
            if let Err(error) = written.await {
                tracing::warn!(download.id = %id, %error, "could not write down how much of a download went out");
            }
        });
    }
}

struct Metered<S> {
    inner: S,
    meter: Meter,
}

impl<S: Stream<Item = Chunk> + Unpin> Stream for Metered<S> {
    type Item = Chunk;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Chunk>> {
        let polled = self.inner.poll_next_unpin(task);
        if let Poll::Ready(Some(Ok(bytes))) = &polled {
            self.meter.sent += bytes.len() as u64;
        }
        polled
    }
}
