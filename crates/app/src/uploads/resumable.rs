//! Uploads in parts, as tus has them.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sofie_domain::{Event, FileId, PackageId};
use sofie_store::{
    files::{self, UploadRow},
    packages,
};
use sofie_vault::{Appender, BlobSpec};
use tokio::time::sleep;

use super::{
    body::{Body, Paced},
    checksum::{Checking, Checksum},
    complete::complete,
    desk::Seat,
    drafts, parse_path,
    space::{self, Announced},
    vault_error,
    whole::{self, Guard},
};
use crate::{App, Context, Error, Result, audit, keys, packages as rooms};

/// How often, and how long between, a request waits for the one before it to let go of a file.
const TRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(50);

/// An upload to begin.
#[derive(Clone, Debug)]
pub struct NewUpload {
    /// The draft that the file is for.
    pub package: PackageId,
    /// Its name with folders.
    pub path: String,
    /// Its length.
    pub size: u64,
}

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The file.
    pub id: FileId,
    /// Bytes that are stored for good.
    pub offset: u64,
    /// The announced length.
    pub size: u64,
    /// When the upload is given up unless it goes on.
    pub expires_at: DateTime<Utc>,
}

/// Bytes to append.
#[derive(Clone, Debug)]
pub struct Append {
    /// Where the caller thinks that the upload stands.
    pub offset: u64,
    /// How many bytes come, if the caller knows.
    pub length: Option<u64>,
    /// What they should come to; they count only if they do.
    pub checksum: Option<Checksum>,
}

/// Begins an upload. An unfinished one of the same path gives way: its client lost the answer.
pub async fn create(app: &App, ctx: &Context, new: &NewUpload) -> Result<Progress> {
    let path = parse_path(&new.path, "filename")?;
    let room = drafts::reserve(app, ctx, new.package, new.size).await?;
    if new.size == 0
        && let Some(id) = files::empty(&mut app.db().read().await?, new.package, &path).await?
    {
        // The client lost the answer; one empty file is as good as the other.
        let expires_at = ctx.now;
        return Ok(Progress {
            id,
            offset: 0,
            size: 0,
            expires_at,
        });
    }
    let id = FileId::fresh();
    let announced = Announced {
        id,
        package: new.package,
        path: &path,
        size: new.size,
    };
    let _claim = space::claim(app, &announced).await?;
    let (spec, secrets) = keys::new_blob(app, &room.key, new.package, id).await?;
    let guard = Guard::new(app, spec.blob);
    let vault = &app.parts().vault;
    let complete = new.size == 0;
    if complete {
        let stored = vault.put(&spec, bytes::Bytes::new()).await;
        stored.map_err(vault_error)?;
    } else {
        vault.create(&spec).await.map_err(vault_error)?;
    }
    let expires_at = whole::deadline(app, ctx).await?;
    let row = files::NewFile {
        id,
        package_id: new.package,
        path,
        size: new.size,
        secrets,
        at: ctx.now,
        complete,
        upload_expires_at: expires_at,
    };
    whole::record(app, ctx, row, (guard, room), "filename").await?;
    sofie_killpoint::reach("K1");
    Ok(Progress {
        id,
        offset: 0,
        size: new.size,
        expires_at,
    })
}

/// Returns how far an upload is, as its blob knows it. Whoever still sends to it is stopped first: the
/// caller is going to go on from here.
pub async fn status(app: &App, ctx: &Context, id: FileId) -> Result<Progress> {
    let (row, spec) = find(app, ctx, id).await?;
    let offset = if row.complete {
        row.size
    } else {
        app.parts().uploads.interrupt(id);
        let spec = spec.ok_or(Error::NotFound)?;
        let offset = settled_len(app, &spec).await?;
        if offset == row.size {
            finish(app, ctx, (id, &row), &spec).await?;
        }
        offset
    };
    Ok(Progress {
        id,
        offset,
        size: row.size,
        expires_at: row.expires_at,
    })
}

/// Appends the bytes of one body. What arrived before a body broke off counts, unless it came with a checksum.
pub async fn append(
    app: &App,
    ctx: &Context,
    id: FileId,
    append: Append,
    body: Body,
) -> Result<Progress> {
    let (row, spec) = find(app, ctx, id).await?;
    let progress = |offset, expires_at| Progress {
        id,
        offset,
        size: row.size,
        expires_at,
    };
    if row.complete {
        if append.offset != row.size || append.length.unwrap_or(0) > 0 {
            return Err(Error::Conflict("upload_offset_mismatch"));
        }
        return Ok(progress(row.size, row.expires_at));
    }
    let spec = spec.ok_or(Error::NotFound)?;
    let end = append.offset.saturating_add(append.length.unwrap_or(0));
    if end > row.size {
        return Err(Error::TooLarge);
    }
    let seat = Seat::take(app, id);
    let Some(mut appender) = open(app, &spec, append.offset).await? else {
        finish(app, ctx, (id, &row), &spec).await?;
        return Ok(progress(row.size, row.expires_at));
    };
    let expires_at = prolong(app, ctx, id, row.expires_at).await?;
    if let Some(length) = append.length {
        appender = appender.expecting(length, end == row.size);
    }
    let checking = append.checksum.map(Checking::new);
    if checking.is_some() {
        appender = appender.tentative();
    }
    let body = Paced::new(body, app.parts().uploads.pace);
    let taken = take(&mut appender, (&row, checking), body, &seat).await;
    let received = appender.offset().saturating_sub(append.offset);
    metrics::counter!("sofie_received_bytes_total").increment(received);
    if taken.is_ok() && appender.offset() == row.size {
        // Runs to its end even if the caller goes away now.
        let (app, ctx, row) = (app.clone(), ctx.clone(), row.clone());
        let last = tokio::spawn(async move {
            appender.commit(row.size).await.map_err(vault_error)?;
            sofie_killpoint::reach("K9");
            complete(&app, &ctx, row.package_id, id, row.size).await
        });
        last.await.map_err(Error::internal)??;
        return Ok(progress(row.size, expires_at));
    }
    // Dropped, the appender keeps what came in order, and nothing if it was tentative.
    taken?;
    let offset = appender.finish().await.map_err(vault_error)?;
    sofie_killpoint::reach("K5");
    Ok(progress(offset, expires_at))
}

/// Moves the body into the appender.
async fn take(
    appender: &mut Appender,
    (row, mut checking): (&UploadRow, Option<Checking>),
    mut body: Paced,
    seat: &Seat,
) -> Result<()> {
    let mut noted = row.received;
    loop {
        let next = tokio::select! {
            biased;
            () = seat.token.cancelled() => return Err(Error::Conflict("upload_locked")),
            next = body.next() => next?,
        };
        let Some(bytes) = next else { break };
        if appender.offset().saturating_add(bytes.len() as u64) > row.size {
            return Err(Error::TooLarge);
        }
        if let Some(checking) = &mut checking {
            checking.update(&bytes);
        }
        appender.write(bytes).await.map_err(vault_error)?;
        let offset = appender.offset();
        if space::is_worth_noting(row.size, noted, offset) {
            noted = offset;
            seat.note(offset).await;
        }
    }
    if checking.is_some_and(|checking| !checking.agrees()) {
        return Err(Error::Refused("checksum_mismatch"));
    }
    Ok(())
}

/// Opens the blob for appending, as soon as the request before has let go of it; nothing if it is committed.
async fn open(app: &App, spec: &BlobSpec, offset: u64) -> Result<Option<Appender>> {
    for _ in 0..TRIES {
        match app.parts().vault.appender(spec, offset).await {
            Ok(appender) => return Ok(Some(appender)),
            Err(sofie_vault::Error::Busy) => sleep(PAUSE).await,
            Err(sofie_vault::Error::Committed) => return Ok(None),
            Err(error) => return Err(vault_error(error)),
        }
    }
    Err(Error::Conflict("upload_locked"))
}

/// Returns the durable length once nobody appends any more.
async fn settled_len(app: &App, spec: &BlobSpec) -> Result<u64> {
    let vault = &app.parts().vault;
    for _ in 0..TRIES {
        // No upload is that long: the appender says where the blob really ends.
        match vault.appender(spec, u64::MAX).await {
            Err(sofie_vault::Error::Busy) => sleep(PAUSE).await,
            Err(sofie_vault::Error::OffsetMismatch { actual }) => return Ok(actual),
            _ => return vault.durable_len(spec).await.map_err(vault_error),
        }
    }
    Err(Error::Conflict("upload_locked"))
}

/// Heals an upload whose bytes are all there but whose row does not say so.
async fn finish(
    app: &App,
    ctx: &Context,
    (id, row): (FileId, &UploadRow),
    spec: &BlobSpec,
) -> Result<()> {
    let vault = &app.parts().vault;
    vault.commit(spec, row.size).await.map_err(vault_error)?;
    complete(app, ctx, row.package_id, id, row.size).await
}

/// Removes a file of a draft, finished or not; of the named package, if one is named.
pub async fn remove(app: &App, ctx: &Context, named: Option<PackageId>, id: FileId) -> Result<()> {
    let (row, _) = find(app, ctx, id).await?;
    if named.is_some_and(|package| package != row.package_id) {
        return Err(Error::NotFound);
    }
    let mut tx = app.db().begin().await?;
    let mut package = packages::lock(&mut tx, row.package_id)
        .await?
        .ok_or(Error::NotFound)?;
    let removable = !row.sent || !row.complete;
    if package.life != sofie_domain::Life::Uploading || !removable {
        return Err(Error::Conflict("conflict"));
    }
    if !files::remove(&mut tx, id, ctx.now).await? {
        return Err(Error::NotFound);
    }
    let data = json!({ "package": row.package_id, "complete": row.complete });
    let object = Some(("file", id.to_string()));
    audit::record(&mut tx, ctx, Event::FileRemoved, object, data).await?;
    // The others may all be there.
    let submitted = rooms::submit_if_complete(&mut tx, ctx, &mut package).await?;
    tx.commit().await?;
    if submitted {
        app.parts().waker.wake(crate::jobs::queues::CHECKS);
    }
    app.parts().uploads.interrupt(id);
    drafts::forget(app, row.package_id);
    rooms::tell(app, row.package_id);
    Ok(())
}

/// Returns the row of an upload of the caller's, and how to reach its bytes while it may still grow.
async fn find(app: &App, ctx: &Context, id: FileId) -> Result<(UploadRow, Option<BlobSpec>)> {
    let mut tx = app.db().read().await?;
    let row = files::upload(&mut tx, id).await?;
    let row = row.ok_or(Error::NotFound)?;
    drafts::only_sender(ctx, (row.sender_user, row.sender_visitor))?;
    if row.complete {
        return Ok((row, None));
    }
    if !row.uploading || row.expires_at <= ctx.now {
        return Err(Error::NotFound);
    }
    let spec = keys::open_blob(app, &row.package_key, row.package_id, id, &row.secrets).await?;
    Ok((row, Some(spec)))
}

/// Puts the day off on which the upload is given up, once half of the time is over: no write per request.
async fn prolong(
    app: &App,
    ctx: &Context,
    id: FileId,
    expires_at: DateTime<Utc>,
) -> Result<DateTime<Utc>> {
    let until = whole::deadline(app, ctx).await?;
    if until - expires_at < TimeDelta::hours(1).max((until - ctx.now) / 2) {
        return Ok(expires_at);
    }
    let mut tx = app.db().read().await?;
    files::prolong_upload(&mut tx, id, until).await?;
    Ok(until)
}
