//! Sending: the draft is closed, and checked once its last byte is there.

use serde_json::json;
use sofie_domain::{Event, Life, LifeEvent, Package, PackageId, PackageType, Settings};
use sofie_identity::{PlainToken, TokenKind};
use sofie_store::{Tx, files, packages};

use super::{
    View, drafts, fields,
    fields::{Author, Problems},
    object, only_sender, tell, views,
};
use crate::{App, Context, Error, Result, audit, jobs, jobs::CheckPackage, requests};

/// Sends a draft. Uploads may still run: the checks start when the last one is complete.
///
/// `expected` says how many files there will be, for a sender who has not begun all uploads; without it the
/// package takes no more files. Sending again changes that number while uploads run.
pub async fn send(app: &App, ctx: &Context, id: PackageId, expected: Option<u32>) -> Result<View> {
    let settings = app.settings().await?;
    let mut tx = app.db().begin().await?;
    let mut package = packages::lock(&mut tx, id).await?.ok_or(Error::NotFound)?;
    only_sender(ctx, &package)?;
    if package.life != Life::Uploading {
        return Err(Error::Conflict("conflict"));
    }
    check(&mut tx, ctx, &settings, &package, expected).await?;
    packages::set_expected_files(&mut tx, id, expected).await?;
    if package.send_requested_at.is_none() {
        requests::still_wanted(&mut tx, &package).await?;
        package.send_requested_at = Some(ctx.now);
        packages::save(&mut tx, &mut package, ctx.now).await?;
        if package.kind != PackageType::Private {
            let secret = PlainToken::generate(TokenKind::Link);
            packages::set_link(&mut tx, id, secret.hash().as_bytes(), secret.expose()).await?;
        }
        let data = json!({
            "type": package.kind.as_str(),
            "recipients": package.recipients.len(),
            "password": package.has_password,
        });
        audit::record(&mut tx, ctx, Event::PackageSent, Some(object(id)), data).await?;
    }
    let submitted = submit_if_complete(&mut tx, ctx, &mut package).await?;
    let view = views::own(app, &mut tx, ctx, package).await?;
    tx.commit().await?;
    sofie_killpoint::reach("K10");
    if submitted {
        app.parts().waker.wake(jobs::queues::CHECKS);
    }
    tell(app, id);
    Ok(view)
}

/// Checks the whole package against what is required and the limits in force (PKG-2, Limits).
async fn check(
    tx: &mut Tx,
    ctx: &Context,
    settings: &Settings,
    package: &Package,
    expected: Option<u32>,
) -> Result<()> {
    let mut problems = Problems::default();
    let author = drafts::author_of(package);
    if !fields::may_send(ctx, settings, author, package.kind) {
        problems.add("type", "not_allowed");
    }
    if author == Author::Guest && !settings.bool("guest_form.enabled") {
        return Err(Error::Forbidden);
    }
    // An account may have been disabled since the draft was made.
    drafts::known(tx, author, &package.recipients, &mut problems).await?;
    if package.kind == PackageType::Private && package.recipients.is_empty() {
        problems.add("recipients", "required");
    }
    if package.recipients.len() as u64 > settings.count("packages.max_recipients") {
        problems.add("recipients", "too_many");
    }
    fields::check_days(package.expires_in_days, settings, &mut problems);
    let (mut count, mut size) = (0_u64, 0_u64);
    for group in files::groups(tx, &[package.id])
        .await?
        .into_values()
        .flatten()
    {
        count += group.count;
        size = size.saturating_add(group.size);
    }
    let announced = count.max(expected.unwrap_or(0).into());
    if announced == 0 || expected == Some(0) {
        problems.add("files", "required");
    }
    if announced > settings.count("packages.max_files") {
        problems.add("files", "too_many");
    }
    if size > settings.count("packages.max_size") {
        problems.add("files", "too_large");
    }
    problems.into_result()
}

/// Submits a package that was sent, if all bytes of all its files are there; tells whether it did. The caller
/// has locked the package, and wakes the queue of the checks after the commit.
pub async fn submit_if_complete(tx: &mut Tx, ctx: &Context, package: &mut Package) -> Result<bool> {
    if package.life != Life::Uploading || package.send_requested_at.is_none() {
        return Ok(false);
    }
    let (mut count, mut unfinished) = (0, 0);
    for group in files::groups(tx, &[package.id])
        .await?
        .into_values()
        .flatten()
    {
        count += group.count;
        unfinished += if group.complete { 0 } else { group.count };
    }
    let expected = packages::expected_files(tx, package.id).await?;
    if unfinished > 0 || count == 0 || count < expected.unwrap_or(0) {
        return Ok(false);
    }
    package.life = package.life.apply(LifeEvent::Submit)?;
    package.submitted_at = Some(ctx.now);
    packages::save(tx, package, ctx.now).await?;
    audit::record(
        tx,
        ctx,
        Event::PackageSubmitted,
        Some(object(package.id)),
        json!({ "files": count }),
    )
    .await?;
    requests::fulfilled(tx, ctx, package).await?;
    let job = CheckPackage {
        package_id: package.id,
    };
    jobs::enqueue_for_package(tx, ctx, &job, package.id, ctx.now).await?;
    Ok(true)
}
