//! Held files as samples: each in an archive with a password, for administrators who look into what was found
//! (DET-25).

use futures_util::Stream;
use serde_json::json;
use sofie_domain::{
    Actor, AdministratorPermission, Event, File, FileId, Package, PackageId, Reason, Sample,
    Withheld, safe_name, sample as decide,
};
use sofie_vault::{BlobSpec, Reader};

use super::{Chunk, open, refuse};
use crate::{App, Context, Error, Result, audit, keys, sessions::demand, zips::locked::Locked};

/// What every sample is locked with, by a convention of the trade: it keeps mail servers and antivirus programs
/// from touching it, not people.
pub const PASSWORD: &str = "infected";

/// What a sample will be.
#[derive(Clone, Debug)]
pub struct AboutSample {
    /// What the archive is called.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// What opens it.
    pub password: &'static str,
}

/// A sample that may be sent.
#[derive(Debug)]
pub struct SampleDownload {
    /// What it is.
    pub about: AboutSample,
    archive: Locked,
    reader: Reader,
}

/// Says what the sample of a held file would be, to whoever may fetch it now.
pub async fn about_sample(
    app: &App,
    ctx: &Context,
    package: PackageId,
    file: FileId,
) -> Result<AboutSample> {
    let (file, _) = allowed(app, ctx, package, file).await?;
    let (about, _) = lock(ctx, &file)?;
    Ok(about)
}

/// Opens a held file as a sample, once it is written down who fetches it and why.
pub async fn sample(
    app: &App,
    ctx: &Context,
    package: PackageId,
    file: FileId,
    reason: &Reason,
) -> Result<SampleDownload> {
    let (file, spec) = allowed(app, ctx, package, file).await?;
    let (about, archive) = lock(ctx, &file)?;
    let data = json!({ "package": package, "size": file.size, "reason": reason.as_str() });
    let object = Some(("file", file.id.to_string()));
    let mut tx = app.db().read().await?;
    audit::record(&mut tx, ctx, Event::FileSampled, object, data).await?;
    drop(tx);
    let reader = open(app, ctx, &spec, &file).await?;
    Ok(SampleDownload {
        about,
        archive,
        reader,
    })
}

/// Asks whether the file may leave as a sample; returns it and how to decrypt it.
async fn allowed(
    app: &App,
    ctx: &Context,
    package: PackageId,
    file: FileId,
) -> Result<(File, BlobSpec)> {
    ctx.administrator_who_may(AdministratorPermission::Samples)?;
    demand(app, ctx).await?;
    let mut tx = app.db().read().await?;
    let package = sofie_store::packages::find(&mut tx, package)
        .await?
        .ok_or(Error::NotFound)?;
    let found = sofie_store::files::with_secrets(&mut tx, package.id, file).await?;
    let (file, secrets) = found.ok_or(Error::NotFound)?;
    if !file.check.held() {
        // There is no sample of it; what was delivered has a door of its own.
        return Err(Error::NotFound);
    }
    let proof = match judge(ctx, &package, &file) {
        Ok(proof) => proof,
        Err(reason) => return Err(refuse(&mut tx, ctx, &package, &file, reason).await),
    };
    let (secrets, key) = secrets.ok_or(Error::NotFound)?;
    let spec = keys::open_blob(app, &key, proof.package_id(), proof.file_id(), &secrets).await?;
    Ok((file, spec))
}

fn judge(ctx: &Context, package: &Package, file: &File) -> std::result::Result<Sample, Withheld> {
    match &ctx.actor {
        Actor::Administrator { .. } => {
            decide(package, file, &ctx.administrator_permissions, ctx.now)
        }
        _ => Err(Withheld::NotRecipient),
    }
}

fn lock(ctx: &Context, file: &File) -> Result<(AboutSample, Locked)> {
    let inner = safe_name(file.path.name());
    let salt = sofie_identity::random::bytes();
    let archive =
        Locked::new(&inner, file.size, ctx.now, PASSWORD, salt).map_err(Error::internal)?;
    let about = AboutSample {
        name: format!("{inner}.zip"),
        size: archive.size(),
        password: PASSWORD,
    };
    Ok((about, archive))
}

impl SampleDownload {
    /// Sends the archive.
    pub fn stream(self) -> impl Stream<Item = Chunk> + Send + 'static {
        let whole = 0..self.reader.len();
        self.archive.seal(self.reader.stream(whole))
    }
}
