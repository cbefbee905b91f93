//! Engines that take minutes: they are given a file once, and asked after it by a ticket (DET-14).
//!
//! While they work, the package waits as it waits for any engine, and no worker with it: whoever takes the job up
//! again asks only them, and reads nothing.

use std::{collections::BTreeMap, sync::Arc};

use sofie_detection::{Body, Engine, EngineReport, Ticket};
use sofie_domain::{FileId, Outcome};
use sofie_store::{
    tickets,
    verdicts::{self, Verdict},
};
use tokio_util::sync::CancellationToken;

use super::{
    examine::{self, Examined},
    file::{Antivirus, Open},
    translate,
};
use crate::{App, Result};

/// What engines call a file.
pub(super) type Tickets = Arc<BTreeMap<String, String>>;

/// Returns what engines call a file in its present round.
pub(super) async fn tickets(app: &App, open: &Open) -> Result<Tickets> {
    let mut tx = app.db().read().await?;
    Ok(Arc::new(
        tickets::of_file(&mut tx, open.file.id, open.round).await?,
    ))
}

/// Notes what engines call a file from now on.
pub(super) async fn note(app: &App, open: &Open, changes: &[(String, Ticket)]) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let mut tx = app.db().begin().await?;
    for (engine, ticket) in changes {
        let of = (open.file.id, open.round, engine.as_str());
        match ticket {
            Ticket::Given(ticket) => tickets::save(&mut tx, of, ticket, app.now()).await?,
            Ticket::Void => tickets::remove(&mut tx, of).await?,
        }
    }
    Ok(tx.commit().await?)
}

/// What came of asking after a file.
pub(super) enum After {
    /// Somebody else must be asked, so the file is read again.
    Others,
    /// They still work on it.
    Working,
    /// What everybody said; boxed, since it is much larger than the others.
    Said(Box<Examined>),
}

/// Asks after a file, if the only engines that have not answered in this round have a ticket for it.
pub(super) async fn ask_after(
    app: &App,
    open: &Open,
    (antivirus, given): (&Antivirus, &Tickets),
    cancel: &CancellationToken,
) -> Result<After> {
    let Some(spec) = open
        .spec
        .as_ref()
        .filter(|_| open.tried && !given.is_empty())
    else {
        return Ok(After::Others);
    };
    let mut rows = said(app, open).await?;
    let silent = |name: &str| {
        let own = rows.iter().filter(|row| row.verdict.engine == name);
        own.clone().count() == 0 || own.clone().any(|row| row.verdict.outcome == Outcome::Error)
    };
    let waiting = |engine: &&Arc<dyn Engine>| silent(&engine.descriptor().id);
    let asked: Vec<_> = antivirus.trusted.iter().filter(waiting).cloned().collect();
    let has_ticket = |name: &str| given.contains_key(name);
    let errors = rows
        .iter()
        .filter(|row| row.verdict.outcome == Outcome::Error);
    let others = errors.clone().any(|row| !has_ticket(&row.verdict.engine));
    if others || asked.is_empty() || !asked.iter().all(|one| has_ticket(&one.descriptor().id)) {
        return Ok(After::Others);
    }
    let scan = examine::scan(app, &open.file, &asked, cancel).with_tickets(Arc::clone(given));
    let mut reports: Vec<EngineReport> = Vec::with_capacity(asked.len());
    for engine in &asked {
        let _turn = engine.turn().await;
        reports.push(engine.scan(&scan, Body::of(&[])).await);
    }
    note(app, open, &changes(&reports)).await?;
    let is_error = |report: &EngineReport| {
        translate::rows(report)
            .iter()
            .any(|row| row.verdict.outcome == Outcome::Error)
    };
    if reports.iter().all(is_error) && !cancel.is_cancelled() {
        return Ok(After::Working);
    }
    rows.retain(|row| {
        !asked
            .iter()
            .any(|one| one.descriptor().id == row.verdict.engine)
    });
    rows.extend(reports.iter().flat_map(translate::rows));
    let digests = examine::digests(app, &open.file, spec).await.ok();
    Ok(After::Said(Box::new(Examined {
        rows,
        media_type: open.file.media_type.clone(),
        objects: None,
        digests,
        corrupted: false,
        crashed: false,
        doubtful: Vec::new(),
        tickets: Vec::new(),
    })))
}

/// The rows of a file in its present round, but those of lists, which are looked at anew.
async fn said(app: &App, open: &Open) -> Result<Vec<Verdict>> {
    let mut tx = app.db().read().await?;
    let of_file = |(file, _): &(FileId, Verdict)| *file == open.file.id;
    let rows = verdicts::of_package(&mut tx, open.file.package_id).await?;
    let rows = rows.into_iter().filter(of_file).map(|(_, row)| row);
    Ok(rows
        .filter(|row| row.verdict.engine != crate::hashes::ENGINE)
        .collect())
}

/// What changed about what engines call a file.
pub(super) fn changes(reports: &[EngineReport]) -> Vec<(String, Ticket)> {
    let change = |report: &EngineReport| Some((report.engine.clone(), report.ticket.clone()?));
    reports.iter().filter_map(change).collect()
}
