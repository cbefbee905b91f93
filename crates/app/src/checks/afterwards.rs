//! What becomes known of a file after its delivery without looking at it again: its hash is listed, or an engine that
//! takes minutes, and was not waited for, has an opinion at last (PKG-22).

use std::collections::HashMap;

use sofie_detection::Outcome as Said;
use sofie_domain::{FileCheck, FileId, Life, Outcome, Package, PackageId, dangerous};
use sofie_queue::{Done, JobError, Run};
use sofie_store::{
    Tx, listed_hashes, rounds, tickets,
    verdicts::{self, Verdict},
};

use super::{
    examine::Examined,
    file::{self, Open, Rules},
    later, rescan, slice,
};
use crate::{App, Context, Result, hashes, packages::load};

/// Takes back the files of a package whose own hashes are listed. Nobody has to be asked for that, and nothing is read.
pub(crate) async fn recall_listed(
    app: &App,
    run: &Run,
    id: PackageId,
) -> std::result::Result<Done, JobError> {
    let compared = compare(app, &context(app, run), id).await;
    compared.map(|()| Done::Complete).map_err(JobError::retry)
}

async fn compare(app: &App, ctx: &Context, id: PackageId) -> Result<()> {
    let mut tx = app.db().read().await?;
    let listed = listed_hashes::passed(&mut tx, id, hashes::ENGINE).await?;
    let Some((package, open)) = delivered(&mut tx, ctx, id, &listed).await? else {
        return Ok(());
    };
    drop(tx);
    let rules = rescan::rules(app, ctx, &package).await?;
    for open in open {
        let rows = later::said(app, &open).await?;
        conclude(app, ctx, &rules, (&open, rows, &[hashes::ENGINE])).await?;
    }
    Ok(())
}

/// Asks the engines that had not answered when a package was delivered, and takes back what they find dangerous.
pub(crate) async fn hear_late(
    app: &App,
    run: &Run,
    id: PackageId,
) -> std::result::Result<Done, JobError> {
    let ctx = context(app, run);
    match hear(app, &ctx, run, id).await {
        Ok(true) => Ok(Done::Complete),
        Ok(false) => Err(JobError::retry("an engine still works on a file")),
        Err(error) => Err(JobError::retry(error)),
    }
}

fn context(app: &App, run: &Run) -> Context {
    let mut ctx = Context::system(app.now());
    ctx.request_id.clone_from(&run.request_id);
    ctx
}

/// Tells whether all have answered.
async fn hear(app: &App, ctx: &Context, run: &Run, id: PackageId) -> Result<bool> {
    let mut tx = app.db().read().await?;
    let unanswered = tickets::unanswered(&mut tx, id).await?;
    let Some((package, open)) = delivered(&mut tx, ctx, id, &unanswered).await? else {
        return Ok(true);
    };
    drop(tx);
    let rules = rescan::rules(app, ctx, &package).await?;
    let mut antivirus = slice::antivirus(app).await?;
    antivirus.trusted.retain(|engine| engine.answers_later());
    let mut complete = true;
    for open in open {
        let given = later::tickets(app, &open).await?;
        let mut rows = later::said(app, &open).await?;
        let has_ticket = |name: &str| given.contains_key(name);
        let waited_for = |name: &str| {
            let own = |row: &Verdict| row.verdict.engine == name;
            let mut errors = rows
                .iter()
                .filter(|row| row.verdict.outcome == Outcome::Error);
            has_ticket(name) && errors.any(own)
        };
        // One whose word does not count at present may be asked later.
        complete &= !antivirus.faulty.iter().any(|(name, _)| waited_for(name));
        let mut asked = later::silent(&antivirus.trusted, &rows);
        asked.retain(|engine| has_ticket(&engine.descriptor().id));
        let mut reports = later::ask(app, &open, (&asked, &given), &run.cancel).await?;
        if run.cancel.is_cancelled() {
            return Ok(false);
        }
        let asked = reports.len();
        reports.retain(|report| !matches!(report.outcome, Said::Error { .. }));
        complete &= reports.len() == asked;
        later::replace(&mut rows, &reports);
        let heard: Vec<&str> = reports.iter().map(|report| &*report.engine).collect();
        conclude(app, ctx, &rules, (&open, rows, &heard)).await?;
    }
    Ok(complete)
}

/// Takes a file back if it is dangerous by its rows; else writes down those of the engines that are `new`.
async fn conclude(
    app: &App,
    ctx: &Context,
    rules: &Rules,
    (open, rows, new): (&Open, Vec<Verdict>, &[&str]),
) -> Result<()> {
    let mut examined = file::compared(app, rules, unread(open, rows)).await?;
    if dangerous(&rules.policy, &file::said(&examined.rows)) {
        return rescan::recall(app, ctx, open, examined).await;
    }
    let is_new = |row: &Verdict| new.contains(&&*row.verdict.engine);
    examined.rows.retain(is_new);
    let mut tx = app.db().begin().await?;
    verdicts::amend(&mut tx, (open.file.id, open.round), &examined.rows).await?;
    Ok(tx.commit().await?)
}

/// What is known of a file that is not read again.
fn unread(open: &Open, rows: Vec<Verdict>) -> Examined {
    Examined {
        rows,
        media_type: open.file.media_type.clone(),
        objects: None,
        digests: open.file.sha256.zip(open.file.crc32),
        corrupted: false,
        crashed: false,
        doubtful: Vec::new(),
        tickets: Vec::new(),
    }
}

/// Returns some files of a package that can be fetched; nothing if there are none.
async fn delivered(
    tx: &mut Tx,
    ctx: &Context,
    id: PackageId,
    files: &[FileId],
) -> Result<Option<(Package, Vec<Open>)>> {
    if files.is_empty() {
        return Ok(None);
    }
    let loaded = match load(tx, id).await {
        Err(crate::Error::NotFound) => return Ok(None),
        other => other?,
    };
    if loaded.package.life != Life::Active || loaded.package.expired(ctx.now) {
        return Ok(None);
    }
    let rounds: HashMap<_, _> = rounds::present(tx, id).await?.into_iter().collect();
    let passed = |check| matches!(check, FileCheck::Clean | FileCheck::Flagged);
    let open = loaded
        .files
        .into_iter()
        .filter(|file| files.contains(&file.id) && passed(file.check))
        .filter_map(|file| {
            let round = rounds.get(&file.id)?.number;
            Some(Open {
                round,
                tried: true,
                anew: None,
                spec: None,
                file,
            })
        });
    Ok(Some((loaded.package, open.collect())))
}
