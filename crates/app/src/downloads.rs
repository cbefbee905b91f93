//! Fetching: the only way from a caller to stored content.
//!
//! Every byte is asked of [`sofie_domain::deliverable`], or of [`sofie_domain::sample`] if it is held, and then
//! goes through the record: no record, no bytes. The content of a file is opened by a [`Deliverable`] or a
//! [`sofie_domain::Sample`], which nothing else can make.

mod archive;
mod guard;
mod permits;
mod sample;
mod tally;

pub use archive::{ZipDownload, zip};
pub use permits::Permits;
pub use sample::{AboutSample, SampleDownload, about_sample, sample};

use std::{ops::Range, sync::Arc, time::Instant};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use serde_json::json;
use sofie_domain::{
    AdministratorPermission, Deliverable, Event, File, FileId, Package, PackageId, Reason,
    Relation, Withheld, deliverable,
};
use sofie_store::{
    Tx,
    downloads::{Fetcher, NewDownload},
    files::Secrets,
    package_keys::WrappedPackageKey,
};
use sofie_vault::{BlobSpec, Reader};
use uuid::Uuid;

use crate::{
    App, Context, Error, Result, audit, checks,
    error::chain,
    keys, notices,
    sessions::{self, Credentials, Source},
    viewers,
};
use permits::{Name, Permit};
use tally::Tally;

/// What a stream of content yields.
pub type Chunk = std::result::Result<Bytes, sofie_vault::Error>;

/// A file that may be sent.
#[derive(Debug)]
pub struct FileDownload {
    /// The file.
    pub file: Arc<File>,
    reader: Reader,
    tally: Option<Arc<Tally>>,
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

/// A request for a file's content, before anybody knows who asks: that is part of what a permit spares.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// What was brought to say who asks.
    pub credentials: &'a Credentials,
    /// Where the request comes from.
    pub source: &'a Source,
    /// The package.
    pub package: PackageId,
    /// The file.
    pub file: FileId,
    /// What for.
    pub purpose: Purpose,
    /// Why, if an administrator asks; nobody else need say.
    pub reason: Option<&'a Reason>,
}

/// Opens a file for whoever asks.
pub async fn file(app: &App, asked: &Asked<'_>) -> Result<FileDownload> {
    let name = Name::of(asked.credentials, asked.package, asked.file);
    if asked.purpose == Purpose::Resume
        && let Some(permit) = app.parts().permits.find(&name, app.now())
    {
        return Ok(permit.download());
    }
    let since = Instant::now();
    let ctx = sessions::identify(app, asked.credentials, asked.source.clone()).await?;
    let (proof, file, reader, record) = decide(app, &ctx, asked).await?;
    let file = Arc::new(file);
    let Some(record) = record else {
        return Ok(FileDownload {
            file,
            reader,
            tally: None,
        });
    };
    let permit = Permit {
        proof,
        file,
        reader,
        tally: Tally::new(app, record),
    };
    permits::keep(app, name, since, permit.clone());
    let mut download = permit.download();
    if asked.purpose == Purpose::Fetch {
        // It may be all there is to come, and its end is not to wait for others.
        download.tally = Some(Tally::new(app, record));
    }
    Ok(download)
}

impl Permit {
    fn download(self) -> FileDownload {
        FileDownload {
            file: self.file,
            reader: self.reader,
            tally: Some(self.tally),
        }
    }
}

/// Asks whether the file may leave to the caller, writes that it does, and opens it.
async fn decide(
    app: &App,
    ctx: &Context,
    asked: &Asked<'_>,
) -> Result<(Deliverable, File, Reader, Option<Uuid>)> {
    if asked.reason.is_some() {
        ctx.administrator_who_may(AdministratorPermission::Contents)?;
    }
    let mut tx = app.db().read().await?;
    let package = sofie_store::packages::find(&mut tx, asked.package)
        .await?
        .ok_or(Error::NotFound)?;
    let viewer = viewers::viewer(&mut tx, ctx, &package).await?;
    let found = sofie_store::files::with_secrets(&mut tx, package.id, asked.file).await?;
    let (file, secrets) = found.ok_or(Error::NotFound)?;
    let proof = match deliverable(&package, &file, &viewer, ctx.now) {
        Ok(proof) => proof,
        Err(reason) => return Err(refuse(&mut tx, ctx, &package, &file, reason).await),
    };
    let spec = spec(app, &proof, secrets).await?;
    let what = What {
        package: package.id,
        file: Some(file.id),
        size: file.size,
        reason: asked.reason,
    };
    let record = record(&mut tx, ctx, viewer.relation, what, asked.purpose).await?;
    drop(tx);
    if asked.purpose == Purpose::Fetch {
        fetched(app, ctx, &package, viewer.relation).await;
    }
    let reader = open(app, ctx, &spec, &file).await?;
    Ok((proof, file, reader, record))
}

/// What follows when somebody fetches; what goes wrong with it is no reason to refuse.
async fn fetched(app: &App, ctx: &Context, package: &Package, relation: Relation) {
    notices::downloaded(app, ctx, package, relation).await;
    if let Err(error) = checks::look_when_fetched(app, ctx, package).await {
        tracing::warn!(error = chain(&error), package.id = %package.id, "what was fetched is not looked at again");
    }
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

/// Writes down that a file was refused, and returns why.
async fn refuse(
    tx: &mut Tx,
    ctx: &Context,
    package: &Package,
    file: &File,
    reason: Withheld,
) -> Error {
    let data = json!({ "package": package.id, "reason": reason.as_str() });
    let (object, about) = (("file", file.id.to_string()), (package.id, data));
    match audit::record_often(tx, ctx, Event::FileRefused, object, about).await {
        Ok(()) => refused(reason),
        Err(error) => error,
    }
}

/// Returns how to decrypt a file; asks for the proof that it may leave.
async fn spec(
    app: &App,
    proof: &Deliverable,
    secrets: Option<(Secrets, WrappedPackageKey)>,
) -> Result<BlobSpec> {
    let (secrets, key) = secrets.ok_or(Error::NotFound)?;
    keys::open_blob(app, &key, proof.package_id(), proof.file_id(), &secrets).await
}

async fn open(app: &App, ctx: &Context, spec: &BlobSpec, file: &File) -> Result<Reader> {
    match app.parts().vault.open(spec, Some(file.size)).await {
        Ok(reader) => Ok(reader),
        Err(error) => {
            let mut tx = app.db().read().await?;
            let object = Some(("file", file.id.to_string()));
            audit::record(&mut tx, ctx, Event::FileCorrupted, object, json!({})).await?;
            Err(Error::internal(error))
        }
    }
}

struct What<'a> {
    package: PackageId,
    file: Option<FileId>,
    size: u64,
    reason: Option<&'a Reason>,
}

/// Writes down that the caller fetches, durably; returns the record's id, none for a mere look.
async fn record(
    tx: &mut Tx,
    ctx: &Context,
    relation: Relation,
    what: What<'_>,
    purpose: Purpose,
) -> Result<Option<Uuid>> {
    if purpose == Purpose::Look {
        return Ok(None);
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
    let object = match what.file {
        Some(file) => ("file", file.to_string()),
        None => ("package", what.package.to_string()),
    };
    let mut data = json!({ "package": what.package, "size": what.size });
    let mut event = Event::FileDownloaded;
    if let Some(reason) = what.reason {
        data["reason"] = reason.as_str().into();
        event = Event::FileRead;
    }
    let entry = audit::entry(ctx, event, Some(object), data);
    let resumes = purpose == Purpose::Resume;
    let id = sofie_store::downloads::record(tx, &new, resumes, &entry).await?;
    Ok(Some(id))
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
        let len = range.end.saturating_sub(range.start);
        let mut content = self.reader.stream(range).boxed();
        if let Some(tally) = &self.tally {
            let (package, files) = (self.file.package_id, vec![self.file.id]);
            content = guard::guard(&tally.app, package, files, content, len);
        }
        Tally::count(self.tally, content)
    }
}
