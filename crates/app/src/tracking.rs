//! Who fetched what (PKG-12): for the sender and for administrators.

use std::collections::HashMap;

use sofie_domain::{FileId, PackageId, Relation};
use sofie_store::{downloads::Download, tracking::Tracked};

use crate::{App, Context, Error, Result, viewers};

/// What became of a package.
#[derive(Debug)]
pub struct Tracking {
    /// Each recipient with what it fetched.
    pub recipients: Vec<(Tracked, Vec<Download>)>,
    /// What was fetched by others: the sender, users and browsers with a link, administrators.
    pub others: Vec<Download>,
    /// The names of the files.
    pub names: HashMap<FileId, String>,
}

/// Returns what became of a package.
pub async fn get(app: &App, ctx: &Context, id: PackageId) -> Result<Tracking> {
    let mut tx = app.db().read().await?;
    let package = sofie_store::packages::find(&mut tx, id)
        .await?
        .ok_or(Error::NotFound)?;
    match viewers::viewer(&mut tx, ctx, &package).await?.relation {
        Relation::Sender | Relation::Administrator { .. } => {}
        _ => return Err(Error::NotFound),
    }
    let tracked = sofie_store::tracking::recipients(&mut tx, id).await?;
    let mut downloads = sofie_store::downloads::list(&mut tx, id).await?;
    let files = sofie_store::files::of_package(&mut tx, id).await?;
    let names = files
        .into_iter()
        .map(|f| (f.id, f.path.as_str().to_owned()))
        .collect();
    let recipients = tracked
        .into_iter()
        .map(|recipient| {
            let mine = downloads
                .extract_if(.., |d| d.recipient_id == Some(recipient.id))
                .collect();
            (recipient, mine)
        })
        .collect();
    Ok(Tracking {
        recipients,
        others: downloads,
        names,
    })
}
