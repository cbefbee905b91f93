//! The archive of a package's files.

use std::{collections::HashMap, ops::Range, pin::Pin, sync::Arc};

use futures_util::{Stream, StreamExt, stream};
use sofie_domain::{Deliverable, File, FileId, Package, PackageId, Viewer, Withheld, deliverable};

use super::{Chunk, Purpose, Tally, What, guard::guard, record, refused};
use crate::{
    App, Context, Error, Result, keys, viewers,
    zips::{Layout, Member, Piece, etag},
};

/// How to open each file of an archive, and its length.
type Sources = HashMap<FileId, (sofie_vault::BlobSpec, u64)>;

/// The archive of a package that may be sent.
#[derive(Debug)]
pub struct ZipDownload {
    /// What the archive is called.
    pub name: String,
    /// Identifies its exact bytes.
    pub etag: String,
    package: PackageId,
    layout: Layout,
    sources: Sources,
    app: App,
    tally: Option<Arc<Tally>>,
}

/// Opens the archive of all files of a package that may leave to the caller.
pub async fn zip(
    app: &App,
    ctx: &Context,
    package: PackageId,
    purpose: Purpose,
) -> Result<ZipDownload> {
    let mut tx = app.db().read().await?;
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
        reason: None,
    };
    let record = record(&mut tx, ctx, viewer.relation, what, purpose).await?;
    drop(tx);
    if purpose == Purpose::Fetch {
        super::fetched(app, ctx, &package, viewer.relation).await;
    }
    let name = if package.title.as_str().is_empty() {
        "files"
    } else {
        package.title.as_str()
    };
    let name = format!("{}.zip", sofie_domain::safe_name(name));
    Ok(ZipDownload {
        name,
        etag,
        package: package.id,
        layout,
        sources,
        app: app.clone(),
        tally: record.map(|id| Tally::new(app, id)),
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

impl ZipDownload {
    /// Returns the length of the archive in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.layout.len()
    }

    /// Sends a range of the archive.
    pub fn stream(self, range: Range<u64>) -> impl Stream<Item = Chunk> + Send + 'static {
        let pieces = self.layout.pieces(&range);
        let len = range.end.saturating_sub(range.start);
        let files = self.sources.keys().copied().collect();
        let (app, sources) = (self.app.clone(), self.sources);
        let inner = stream::iter(pieces).flat_map(move |piece| piece_stream(&app, &sources, piece));
        let inner = guard(&self.app, self.package, files, inner.boxed(), len);
        Tally::count(self.tally, inner)
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
